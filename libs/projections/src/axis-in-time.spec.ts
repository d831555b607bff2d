/** Read bit by bit while answers come and end, it says what the rows say. */
import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { AxisInTime, type DaysAsKnown } from './axis-in-time.js';
import { createFile, OPEN_END, STILL_KNOWN } from './schema.js';

interface Answer {
  readonly sid: number;
  readonly from: number;
  readonly to: number;
  readonly value: string;
  readonly certain: boolean;
}

const PERSONS = [1, 2, 3];
const VALUES = ['known', 'missing'];

function emptyFile(): DatabaseSync {
  const db = createFile(':memory:');
  const subject = db.prepare(
    "INSERT INTO subjects (sid, kind, id, entered, search, sort) VALUES (?, 'person', ?, 1, '', '')",
  );
  for (const sid of PERSONS) subject.run(sid, String(sid));
  return db;
}

/** An event at which a person's answers from some day on become other ones. */
function answer(db: DatabaseSync, seq: number, { sid, from, to, value, certain }: Answer): void {
  const add = db.prepare(
    `INSERT INTO segments (sid, axis, valid_from, valid_to, known_from, known_to, value, since_from, since_to, certain,
       disputed, order_uncertain, rests_on) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, 0, '[]')`,
  );
  const old = db
    .prepare("SELECT * FROM segments WHERE sid = ? AND axis = 'whereabouts' AND known_to = ?")
    .all(sid, STILL_KNOWN);
  for (const row of old as unknown as {
    row: number;
    valid_from: number;
    valid_to: number;
    value: string;
    certain: number;
  }[]) {
    if (row.valid_to < from || row.valid_from > to) continue;
    db.prepare('UPDATE segments SET known_to = ? WHERE row = ?').run(seq, row.row);
    const rest = [
      [row.valid_from, from - 1],
      [to + 1, row.valid_to],
    ] as const;
    for (const [first, last] of rest)
      if (first <= last) add.run(sid, 'whereabouts', first, last, seq, STILL_KNOWN, row.value, row.certain);
  }
  add.run(sid, 'life', from, to, seq, STILL_KNOWN, 'alive', 1);
  add.run(sid, 'whereabouts', from, to, seq, STILL_KNOWN, value, certain ? 1 : 0);
  db.prepare('UPDATE subjects SET updated = ? WHERE sid = ?').run(seq, sid);
}

/** Day by day, from the rows. */
function expected(db: DatabaseSync, { from, to, seq }: DaysAsKnown): unknown {
  const on = db.prepare(
    `SELECT value, certain FROM segments WHERE sid = ? AND axis = 'whereabouts' AND known_from <= ?2 AND known_to > ?2
     AND valid_from <= ?3 AND valid_to >= ?3`,
  );
  return VALUES.map((value) => {
    const days = (sid: number): readonly ({ value: string; certain: number } | undefined)[] =>
      Array.from({ length: to - from + 1 }, (_, n) => on.get(sid, seq, from + n) as never);
    return {
      possible: PERSONS.filter((sid) => days(sid).some((row) => row?.value === value)),
      certain: PERSONS.filter((sid) => days(sid).every((row) => row?.value === value && row.certain === 1)),
    };
  });
}

const answers = fc.array(
  fc.record({
    sid: fc.constantFrom(...PERSONS),
    from: fc.nat({ max: 8 }),
    to: fc.oneof(fc.integer({ min: 8, max: 12 }), fc.constant(OPEN_END)),
    value: fc.constantFrom(...VALUES),
    certain: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);
/** What is done after each answer: some is read, or all, or nothing. */
const steps = fc.array(fc.constantFrom('read', 'follow', 'nothing'), { minLength: 12, maxLength: 12 });

test('what was so on some days, as known at any event, whenever it was read', () => {
  fc.assert(
    fc.property(answers, steps, fc.integer({ min: 1, max: 4 }), (told, done, rows) => {
      const db = emptyFile();
      const axis = new AxisInTime(db, 'whereabouts', rows);
      for (const [index, one] of told.entries()) {
        const seq = index + 2;
        answer(db, seq, one);
        if (done[index] === 'read') axis.read(seq);
        if (done[index] === 'follow') axis.follow(seq);
      }
      const head = told.length + 1;
      axis.follow(head);
      for (let seq = 1; seq <= head; seq++) {
        for (const [from, to] of [
          [0, 0],
          [5, 5],
          [11, 11],
          [3, 10],
          [7, 9],
        ] as const) {
          const { values, any } = axis.column({ from, to, seq });
          const found = VALUES.map((value) => ({
            possible: values.get(value)?.possible.all() ?? [],
            certain: values.get(value)?.certain.all() ?? [],
          }));
          expect(found).toEqual(expected(db, { from, to, seq }));
          expect(any.all()).toEqual(PERSONS.filter((sid) => found.some(({ possible }) => possible.includes(sid))));
        }
      }
      db.close();
    }),
    { numRuns: 60 },
  );
});
