/** Reports come late, in any order, and are taken back: what that may change of the answers, and what not, over random stories. */
import fc from 'fast-check';
import { derivedId } from '#kernel';
import { comparable } from '../../../test/support/comparable.js';
import { filtersOf } from './filters.js';
import type { ViewsReader } from './ports.js';
import type { SubjectCategory } from './shapes.js';
import { caughtUp, documentOf, type Said, TestRecord, until } from './test-support/record.js';
import { acts, stories } from './test-support/stories.js';

let record: TestRecord;
let reader: ViewsReader;
beforeEach(begin);
afterEach(() => record.close());

async function begin(): Promise<void> {
  record = await TestRecord.create();
  ({ reader } = record.views());
}

async function recorded(story: readonly Said[]): Promise<void> {
  await record.close();
  await begin();
  await record.say(...story);
  await caughtUp(reader, story.length + 1);
}

const MOMENTS = [undefined, '2017', '2018-11-20', '2019-02/2020'];

/** What is said of everybody, at present and of other days; and who is counted as what. */
function answers(story: readonly Said[]): readonly unknown[] {
  const moments = MOMENTS.map((validAt) => (validAt === undefined ? {} : { validAt }));
  const documents = story
    .filter(({ type }) => type.endsWith('Entered'))
    .flatMap(({ kind, subject }) =>
      moments.map((moment) => [kind, subject, moment, comparable(documentOf(reader, kind, subject, moment))]),
    );
  const lists = (['person', 'group'] as const).flatMap((kind) =>
    moments.map((moment) => [kind, moment, comparable(reader.list(kind, { facets: facetsOf(kind), ...moment }))]),
  );
  return [...documents, ...lists];
}

function facetsOf(kind: SubjectCategory): readonly string[] {
  return filtersOf(kind).flatMap(({ name, facet }) => (facet ? [name] : []));
}

/**
 * Which events may change places: all but those of which one names the other, or that say something of the same fact, of which
 * the last one counts. So also judgements of who is who.
 */
function themes(story: readonly Said[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byId = new Map(story.map((said) => [said.id, said]));
  const rootOf = (id: string): string => {
    const { fact, judgement } = byId.get(id)?.data ?? {};
    const named = fact ?? judgement;
    return typeof named === 'string' && byId.has(named) ? rootOf(named) : id;
  };
  return new Map(
    story.map(({ id, type }) => [id, new Set([rootOf(id), ...(type.startsWith('Identity') ? ['identity'] : [])])]),
  );
}

/** The same story as it might have been told, by the ranks of its events: what has to come before something still does. */
function retold(story: readonly Said[], ranks: readonly number[]): readonly Said[] {
  const of = themes(story);
  const before = new Map(
    story.map((said, at) => {
      const own = [...(of.get(said.id) ?? [])];
      return [said, story.slice(0, at).filter(({ id }) => own.some((theme) => of.get(id)?.has(theme)))] as const;
    }),
  );
  const waiting = story.map((said, at) => ({ said, rank: said.type.endsWith('Entered') ? -1 : (ranks[at] ?? at) }));
  const told: Said[] = [];
  waiting.sort((a, b) => a.rank - b.rank);
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ said }) => before.get(said)?.every((one) => told.includes(one)));
    told.push(...waiting.splice(next, 1).map(({ said }) => said));
  }
  return told;
}

test('in whatever order it is recorded, the same is known in the end', async () => {
  await fc.assert(
    fc.asyncProperty(stories(30), fc.array(fc.nat(1_000), { minLength: 45, maxLength: 45 }), async (story, ranks) => {
      const other = retold(story, ranks);
      expect(other).toHaveLength(story.length);
      await recorded(story);
      const given = answers(story);
      await recorded(other);
      expect(answers(story)).toEqual(given);
    }),
    { numRuns: 15 },
  );
}, 120_000);

test('what is corrected, disputed or withdrawn, and that taken back, leaves the answers as they were', async () => {
  await fc.assert(
    fc.asyncProperty(stories(25), acts, async (story, actOn) => {
      const act = actOn(story);
      fc.pre(act !== undefined);
      const back: Said = {
        ...act,
        id: derivedId('recording', 'taken back', 0),
        type: 'FactRetracted',
        data: { fact: act.id, reason: 'it was right' },
      };
      await recorded(story);
      const given = answers(story);
      await record.say(act, back);
      await until(() => reader.health().seq === story.length + 3);
      expect(answers(story)).toEqual(given);
    }),
    { numRuns: 15 },
  );
}, 120_000);
