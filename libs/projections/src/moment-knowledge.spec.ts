/** What is at hand of one moment is used for another only where it is the same: whatever is asked for, in whatever order. */
import fc from 'fast-check';
import type { Lens } from '#domain';
import { derivedId } from '#kernel';
import type { ViewsReader } from './ports.js';
import { openViewsReader } from './reader.js';
import type { SubjectCategory } from './shapes.js';
import { caughtUp, type Said, TestRecord } from './test-support/record.js';
import { stories } from './test-support/stories.js';

type Asked = readonly [kind: SubjectCategory, id: string, seq: number, lens?: Lens];

function answer(reader: ViewsReader, [kind, id, seq, lens]: Asked): string {
  const found = reader.document(kind, id, { knownAt: String(seq), ...(lens !== undefined && { lens }) });
  return found.ok ? found.value.json.toString() : found.error.code;
}

test('documents of all subjects at all moments, through lenses, do not depend on what was asked for before', async () => {
  await fc.assert(
    fc.asyncProperty(
      stories(25),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      async (story, draw) => {
        const record = await TestRecord.create();
        try {
          const { views, reader } = record.views();
          await record.say(...story);
          await caughtUp(views, story.length + 1);
          const subjects = new Map(story.map(({ kind, subject }) => [subject, kind]));
          const all = [...subjects].flatMap(([id, kind]) =>
            Array.from({ length: story.length + 1 }, (_, seq): Asked => [
              kind,
              id,
              seq + 1,
              seq % 4 === 0 ? 'verified' : 'all',
            ]),
          );
          const order = all
            .map((asked) => ({ asked, place: draw.next().value ?? 0 }))
            .sort((a, b) => a.place - b.place)
            .slice(0, 80);
          for (const { asked } of order) {
            const alone = openViewsReader({ folder: record.folder, clock: record.clock });
            expect(answer(reader, asked)).toBe(answer(alone, asked));
            alone.close();
          }
        } finally {
          await record.close();
        }
      },
    ),
    { numRuns: 12 },
  );
}, 60_000);

test('who was not on record then may be at another moment', async () => {
  const record = await TestRecord.create();
  const id = (name: string): string => derivedId('moment', name, 0);
  const [least = '', other = ''] = ['one case', 'another case'].map(id).sort();
  const enter = (kind: 'person' | 'case', subject: string): Said => ({
    ...{ kind, subject, id: derivedId('moment', subject, 1) },
    type: kind === 'case' ? 'CaseEntered' : 'PersonEntered',
    data: { citations: [], ...(kind === 'person' && { names: [{ text: 'A', kind: 'legal' }] }) },
  });
  const person = id('person');
  const data = { occurred: '2020', case: other, basis: 'reported', confidence: 'low', citations: [] };
  const { views, reader } = record.views();
  await record.say(
    enter('person', person),
    { kind: 'person', subject: person, id: id('warrant'), type: 'WarrantIssued', data },
    enter('case', other),
    enter('case', least),
    { kind: 'case', subject: other, id: id('joined'), type: 'CasesJoined', data: { other: least } },
  );
  await caughtUp(views, 6);
  for (const seq of [3, 6, 3]) {
    const alone = openViewsReader({ folder: record.folder, clock: record.clock });
    expect(answer(reader, ['person', person, seq])).toBe(answer(alone, ['person', person, seq]));
    expect(answer(alone, ['person', person, seq]).includes(least)).toBe(seq === 6);
    alone.close();
  }
  await record.close();
});
