/** A document through a lens: answered from the facts that it lets through, whichever count in the record. */
import fc from 'fast-check';
import { countsThrough, isVerified, LENSES } from '#domain';
import type { ViewsReader } from './ports.js';
import { counted, leftOut } from './test-support/counted.js';
import { idOf } from './test-support/first-case.js';
import { caughtUp, documentOf, type Said, TestRecord } from './test-support/record.js';
import { stories } from './test-support/stories.js';

const records: TestRecord[] = [];
afterEach(async () => {
  for (const record of records.splice(0)) await record.close();
});

const NOTHING: ReadonlySet<string> = new Set();

/** What answers from a story, or from what is left of it. */
async function told(
  story: readonly Said[],
  { fourEyes = false, without = NOTHING }: { readonly fourEyes?: boolean; readonly without?: ReadonlySet<string> } = {},
): Promise<ViewsReader> {
  const record = await TestRecord.create();
  records.push(record);
  await record.sayWithGaps(story, ({ id, visibility = 'internal' }) => (without.has(id) ? undefined : visibility));
  const { reader } = record.views(record.folder, record.keys, 'confidential', fourEyes);
  await caughtUp(reader, story.length + 1);
  return reader;
}

/** Some facts are of official records. */
function withBases(story: readonly Said[]): readonly Said[] {
  return story.map((said, n) =>
    said.data.basis === undefined || n % 3 > 0 ? said : { ...said, data: { ...said.data, basis: 'official-record' } },
  );
}

test('each lens answers what a record of the facts that it lets through would; under four eyes too', async () => {
  await fc.assert(
    fc.asyncProperty(stories(30), fc.boolean(), async (random, fourEyes) => {
      const story = withBases(random);
      const reader = await told(story, { fourEyes });
      for (const lens of LENSES) {
        const alone = await told(story, { without: leftOut(story, countsThrough(lens)) });
        expect(counted(reader, story, { lens })).toEqual(counted(alone, story));
      }
      const own = leftOut(story, fourEyes ? isVerified : () => true);
      expect(counted(reader, story)).toEqual(counted(await told(story, { without: own }), story));
      for (const record of records.splice(0)) await record.close();
    }),
    { numRuns: 8, endOnFailure: true },
  );
}, 120_000);

const PERSON = { kind: 'person', subject: idOf('somebody') } as const;
const CITED = { citations: [], confidence: 'high' };
const STORY: readonly Said[] = [
  {
    ...PERSON,
    id: idOf('entered'),
    type: 'PersonEntered',
    data: { names: [{ text: 'A', kind: 'legal' }], citations: [] },
  },
  { ...PERSON, id: idOf('reported'), type: 'PersonArrested', data: { ...CITED, occurred: '2017', basis: 'reported' } },
  {
    ...PERSON,
    id: idOf('left'),
    type: 'PersonReleased',
    data: { ...CITED, occurred: '2018', basis: 'official-record', reason: 'unknown' },
  },
  {
    ...PERSON,
    id: idOf('seen'),
    type: 'FactVerified',
    data: { fact: idOf('reported'), method: 'compared' },
    by: 'reviewer',
  },
];

test.each([false, true])(
  'the document says which lens it was, and which facts did not count; four eyes: %p',
  async (fourEyes) => {
    const reader = await told(STORY, { fourEyes });
    const shown = (query: object): unknown => {
      const { axes, asOf, timeline } = documentOf<'person'>(reader, 'person', PERSON.subject, query);
      return [axes.liberty.value, asOf.lens, ...timeline.map(({ standing, counts = true }) => [standing, counts])];
    };
    const left = fourEyes ? 'proposed' : 'standing';
    expect(shown({ lens: 'all' })).toEqual(['free', 'all', ['standing', true], [left, true]]);
    expect(shown({ lens: 'verified' })).toEqual(['police-custody', 'verified', ['standing', true], [left, false]]);
    expect(shown({ lens: 'official' })).toEqual(['free', 'official', ['standing', false], [left, true]]);
    expect(shown({ lens: 'verified', validAt: '2016' })).toEqual([
      'unknown',
      'verified',
      ...[
        ['standing', true],
        [left, false],
      ],
    ]);
    // Before anybody had verified it.
    const before = fourEyes ? 'proposed' : 'standing';
    expect(shown({ lens: 'verified', knownAt: '4' })).toEqual(['unknown', 'verified', [before, false], [left, false]]);
    expect(shown({})).toEqual(shown({ lens: fourEyes ? 'verified' : 'all' }));
  },
);

test('what is no lens is refused', async () => {
  const reader = await told(STORY);
  for (const lens of ['', 'Verified', 'everything', 'constructor']) {
    expect(reader.document('person', PERSON.subject, { lens })).toMatchObject({
      ok: false,
      error: { code: 'invalid-lens', pointer: '/lens' },
    });
  }
});
