/** What is kept at hand stays within its bound, however subjects grow after they were put there. */
import { derivedId } from '#kernel';
import { Knowledge } from './knowledge.js';
import { type EventRow, Records } from './records.js';
import { createFile } from './schema.js';
import type { Subject } from './subject.js';

function grow(knowledge: Knowledge, subject: Subject, events: number, length = 2): void {
  const { sid } = subject.ref;
  for (let n = 0; n < events; n++) {
    const row: EventRow = {
      seq: sid * 1_000 + subject.size,
      id: derivedId('knowledge', String(sid), subject.size),
      type: 'NameAsserted',
      sid,
      recordedAt: '2026-01-01T00:00:00.000Z',
      recordedBy: 'key:1',
      visibility: 'internal',
      opened: true,
      data: {},
      length,
    };
    subject.learn(row);
    knowledge.keep(subject);
  }
}

test('a subject counts for as much as it has grown to; who was not asked for the longest goes first', () => {
  const db = createFile(':memory:');
  const knowledge = new Knowledge(new Records(db), 20);
  const [one, two, three] = [1, 2, 3].map((sid) =>
    knowledge.enter({ sid, kind: 'person', id: derivedId('knowledge', 'person', sid) }),
  ) as [Subject, Subject, Subject];
  grow(knowledge, two, 5);
  expect(knowledge.atHand(1)).toBe(one);
  grow(knowledge, three, 14);
  expect([2, 1, 3].map((sid) => knowledge.atHand(sid) !== undefined)).toEqual([false, true, true]);
  grow(knowledge, one, 18);
  expect([1, 2, 3].map((sid) => knowledge.atHand(sid) !== undefined)).toEqual([true, false, false]);
  db.close();
});

test('a long event counts for what it holds', () => {
  const db = createFile(':memory:');
  const knowledge = new Knowledge(new Records(db), 20);
  const [one, two] = [1, 2].map((sid) =>
    knowledge.enter({ sid, kind: 'source', id: derivedId('knowledge', 'source', sid) }),
  ) as [Subject, Subject];
  grow(knowledge, one, 1, 18 * 1_024);
  expect(knowledge.atHand(2)).toBeUndefined();
  expect(knowledge.atHand(1)).toBe(one);
  grow(knowledge, two, 1, 2);
  expect([1, 2].map((sid) => knowledge.atHand(sid) !== undefined)).toEqual([false, true]);
  db.close();
});

test('what concerns a group is read when somebody asks for it, and counts from then on', () => {
  const db = createFile(':memory:');
  const [group, person] = [derivedId('knowledge', 'group', 1), derivedId('knowledge', 'person', 2)];
  db.exec(
    `INSERT INTO subjects (sid, kind, id, entered, search, sort) VALUES (1, 'group', '${group}', 1, '', ''), (2, 'person', '${person}', 2, '', '')`,
  );
  const addEvent = db.prepare(
    `INSERT INTO events VALUES (?, ?, ?, ?, 'RoleHeld', 0, '', 'key:1', 'internal', 'internal', 1, '{}')`,
  );
  for (let seq = 2; seq < 12; seq++) {
    addEvent.run(seq, 2, seq - 2, derivedId('knowledge', 'event', seq));
    db.exec(`INSERT INTO subject_events VALUES (1, 0, ${seq})`);
  }
  const knowledge = new Knowledge(new Records(db), 20);
  const found = knowledge.bySid(1)!;
  knowledge.bySid(2);
  expect([found.size, [1, 2].map((sid) => knowledge.atHand(sid) !== undefined)]).toEqual([1, [true, true]]);
  expect(found.concerning().map(({ row }) => row.seq)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect([found.size, [1, 2].map((sid) => knowledge.atHand(sid) !== undefined)]).toEqual([11, [true, false]]);
  const later = { ...found.concerning()[0]!, row: { ...found.concerning()[0]!.row, seq: 12 } };
  found.hear(later);
  expect(found.concerning().at(-1)).toBe(later);
  db.close();
});
