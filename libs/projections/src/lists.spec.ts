/** Lists say what documents say: the same answers, today, whatever came in which order; and pages neither skip nor repeat. */
import fc from 'fast-check';
import { AXES } from '#domain';
import { derivedId } from '#kernel';
import type { ListQuery, ViewsReader } from './ports.js';
import type { AnswerView, ListPage, PersonView, SubjectCategory } from './shapes.js';
import { eventOf, firstCase, idOf } from './test-support/first-case.js';
import { caughtUp, documentOf, type Said, TestRecord } from './test-support/record.js';
import { stories } from './test-support/stories.js';

let record: TestRecord;
beforeEach(async () => {
  record = await TestRecord.create();
});
afterEach(() => record.close());

function list(reader: ViewsReader, kind: SubjectCategory, query: ListQuery = {}): ListPage {
  const page = reader.list(kind, query);
  if (!page.ok) throw new Error(`${page.error.code} ${page.error.pointer ?? ''}`);
  return page.value;
}

const ids = (page: ListPage): readonly string[] => page.items.map(({ id }) => id);

function refusal(reader: ViewsReader, kind: SubjectCategory, query: ListQuery): unknown {
  const page = reader.list(kind, query);
  return page.ok ? 'answered' : [page.error.code, page.error.pointer];
}

/** Every answer of a person, wherever in the document it stands. */
function answersOf({ axes, cases }: PersonView): readonly AnswerView[] {
  const inCases = cases.flatMap(({ hold, stage, verdict, finality, sentence }) => [
    hold,
    stage,
    verdict,
    finality,
    sentence,
  ]);
  return [...Object.values(axes).flat(), ...inCases] as readonly AnswerView[];
}

const SOURCE: Said = {
  kind: 'source',
  subject: idOf('a source'),
  id: idOf('a source entered'),
  type: 'SourceEntered',
  data: { type: 'report', title: 'A report', lang: 'en', publisher: 'The Monitor', published: '2026-01' },
};
const cited = { citations: [{ sourceId: SOURCE.subject, locator: 'p. 1' }] };
function person(name: string): Said {
  const subject = derivedId('lists', name, 'subject');
  return {
    kind: 'person',
    subject,
    id: derivedId('lists', name, 0),
    type: 'PersonEntered',
    data: { names: [{ text: name, kind: 'legal' }], ...cited },
  };
}

/** Of whom nothing is known: without them, every event would concern most persons. */
const BYSTANDERS = Array.from({ length: 20 }, (_, n) => person(`Bystander ${n}`));

/** Persons who were judged to be one are listed once, as the one who was entered first. */
function eachOnce(persons: readonly PersonView[]): readonly PersonView[] {
  return persons.filter(
    ({ judgedSame }, at) => !persons.slice(0, at).some((earlier) => judgedSame.some(({ id }) => id === earlier.id)),
  );
}

test('whoever a filter finds answers so in the document, and nobody else does', async () => {
  await fc.assert(
    fc.asyncProperty(stories(25), fc.nat({ max: 25 }), async (story, cut) => {
      await record.close();
      record = await TestRecord.create();
      const { reader } = record.views();
      // Some of it is there when the views begin, some comes while lists are read.
      const first = story.slice(0, story.length - cut);
      await record.say(...first, SOURCE, ...BYSTANDERS);
      const seq = first.length + BYSTANDERS.length + 2;
      await caughtUp(reader, seq);
      const axes = AXES.filter(({ subject, axis }) => subject === 'person' && axis !== 'role');
      const facets = axes.map(({ axis }) => axis);
      list(reader, 'person', { facets });
      for (const [index, said] of story.slice(first.length).entries()) {
        await record.say(said);
        await caughtUp(reader, seq + index + 1);
        // Looked at in between, so that it is mended and not read anew.
        list(reader, 'person', { facets });
      }

      const persons = story
        .filter(({ type }) => type === 'PersonEntered')
        .map(({ subject }) => documentOf(reader, 'person', subject));
      const counted = list(reader, 'person', { facets }).facets ?? {};
      for (const { axis, values, groups } of axes) {
        for (const value of [...values, ...Object.keys(groups)]) {
          const mine = (person: PersonView): readonly AnswerView[] =>
            answersOf(person).filter((answer) => answer.axis === axis);
          const possible = eachOnce(
            persons.filter((person) =>
              mine(person).some((answer) => answer.possible.includes(value) || answer.groups[value]?.possible === true),
            ),
          );
          const certain = possible.filter((person) =>
            mine(person).some(
              (answer) => (answer.certain && answer.value === value) || answer.groups[value]?.certain === true,
            ),
          );
          const page = list(reader, 'person', { filters: { [axis]: [value] }, limit: 200 });
          const found = page.items.map(({ id, certainty }) => [id, certainty]);
          expect([axis, value, found.sort()]).toEqual([
            axis,
            value,
            possible.map((person) => [person.id, certain.includes(person) ? 'certain' : 'possible']).sort(),
          ]);
          expect(page.counts).toEqual({ certain: certain.length, possible: possible.length - certain.length });
          const narrowed = list(reader, 'person', { filters: { [axis]: [value] }, certainty: 'certain' });
          expect([...ids(narrowed)].sort()).toEqual(certain.map(({ id }) => id).sort());
          const facet = [...(counted[axis]?.values ?? []), ...(counted[axis]?.groups ?? [])];
          expect(facet.find((one) => one.value === value)).toEqual(
            possible.length === 0 ? undefined : { value, ...page.counts },
          );
        }
        const unknown = list(reader, 'person', { filters: { [axis]: ['unknown'] } });
        expect([axis, unknown.total]).toEqual([axis, counted[axis]?.unknown]);
        expect(unknown.total).toBeGreaterThanOrEqual(BYSTANDERS.length);
      }
    }),
    { numRuns: 8 },
  );
});

const evidence = { ...cited, basis: 'reported', confidence: 'high' };

let facts = 0;
function fact(of: Said, type: string, data: Said['data']): Said {
  return { ...of, id: derivedId('lists', 'fact', facts++), type, data: { ...evidence, ...data } };
}

test('at the turn of a day the list says the new day, without anybody writing anything', async () => {
  const a = person('Person A');
  const ends = fact(a, 'SentenceHanded', {
    occurred: '2026-11-01',
    presence: 'present',
    counts: [{ offence: 'incitement' }],
    penalty: 'custodial',
    term: 'P1M',
  });
  const jailed = fact(a, 'ImprisonmentStarted', { occurred: '2026-11-01' });
  const { reader, views } = record.views();
  await record.say(SOURCE, a, ends, jailed);
  await caughtUp(reader, 5);
  const certainly = { filters: { hold: ['imprisoned'] }, certainty: 'certain', facets: ['hold'] };
  expect(list(reader, 'person', certainly)).toMatchObject({ total: 1, asOf: { day: '2026-11-24' } });
  const until = documentOf(reader, 'person', a.subject);
  expect(until.cases[0]?.hold).toMatchObject({ value: 'imprisoned', certain: true });
  // The writer is gone: what is served now follows from the rows alone.
  await views.close();
  record.clock.forward(30 * 86_400_000);
  expect(documentOf(reader, 'person', a.subject).cases[0]?.hold).toMatchObject({ certain: false, reason: 'stale' });
  const page = list(reader, 'person', certainly);
  expect(page).toMatchObject({ total: 0, asOf: { day: '2026-12-24' } });
  expect(list(reader, 'person', { filters: { hold: ['imprisoned'] }, facets: ['hold'] })).toMatchObject({
    total: 1,
    items: [{ certainty: 'possible' }],
    facets: { hold: { values: [{ value: 'imprisoned', certain: 0, possible: 1 }] } },
  });
});

test('pages of every order neither skip nor repeat, up and down, while others are entered', async () => {
  const { reader } = record.views();
  const some = ['Émile', 'eva', 'Bopha', 'សុខ', 'bopha', 'Dạt', 'Zoé', '𝕏'].map(person);
  await record.say(SOURCE, ...some);
  await caughtUp(reader, 10);
  let entered = 0;
  for (const sort of ['entered', '-entered', 'name', '-name', 'updated', '-updated']) {
    const whole = ids(list(reader, 'person', { sort }));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = list(reader, 'person', { sort, limit: 2, ...(cursor !== undefined && { cursor }) });
      seen.push(...ids(page));
      cursor = page.next;
      if (seen.length === 4) {
        await record.say(person(`N${entered++}`));
        await caughtUp(reader, 10 + entered);
      }
    } while (cursor !== undefined);
    expect([sort, seen.filter((id) => whole.includes(id))]).toEqual([sort, whole]);
    expect(new Set(seen).size).toBe(seen.length);
  }
  const names = list(reader, 'person', { sort: 'name', limit: 5 }).items.map(({ name }) => name);
  expect(names).toEqual(['Bopha', 'bopha', 'Dạt', 'Émile', 'eva']);
});

test('what a list cannot answer is refused by the parameter, with what is allowed', async () => {
  const { reader } = record.views();
  await record.say(SOURCE, person('A'), person('B'));
  await caughtUp(reader, 4);
  expect(refusal(reader, 'person', { filters: { hold: ['jailed'] } })).toEqual(['invalid-filter', '/hold']);
  expect(refusal(reader, 'person', { filters: { stance: ['opposes'] } })).toEqual(['invalid-filter', '/stance']);
  expect(refusal(reader, 'person', { filters: { asylum: ['grnted'] } })).toEqual(['invalid-filter', '/asylum']);
  expect(refusal(reader, 'person', { filters: { case: ['one'] } })).toEqual(['invalid-filter', '/case']);
  expect(refusal(reader, 'statement', { filters: { period: ['someday'] } })).toEqual(['invalid-date', '/period']);
  expect(refusal(reader, 'statement', { sort: 'name' })).toEqual(['invalid-sort', '/sort']);
  expect(refusal(reader, 'person', { facets: ['case'] })).toEqual(['invalid-facet', '/facets']);
  expect(refusal(reader, 'person', { certainty: 'likely' })).toEqual(['invalid-filter', '/certainty']);
  expect(refusal(reader, 'person', { limit: 201 })).toEqual(['invalid-limit', '/limit']);
  const { next = '' } = list(reader, 'person', { limit: 1 });
  expect(ids(list(reader, 'person', { cursor: next, limit: 100, facets: ['hold'] }))).toEqual([person('B').subject]);
  for (const other of [{ q: 'b' }, { sort: 'name' }, { filters: { hold: ['unknown'] } }, { certainty: 'certain' }])
    expect(refusal(reader, 'person', { cursor: next, ...other })).toEqual(['other-list', '/cursor']);
  expect(refusal(reader, 'group', { cursor: next })).toEqual(['other-list', '/cursor']);
  expect(refusal(reader, 'person', { cursor: 'x' })).toEqual(['invalid-cursor', '/cursor']);
});

test('the first case: by asylum, role, organisation, speaker, about, period, publisher', async () => {
  const { reader } = record.views();
  await record.say(...firstCase.map(eventOf));
  await caughtUp(reader, firstCase.length + 1);
  const found = (kind: SubjectCategory, filters: ListQuery['filters']): number =>
    list(reader, kind, { filters: filters ?? {} }).total;
  expect(found('person', { asylum: ['DK'] })).toBe(found('person', { asylum: ['granted'] }));
  expect(found('person', { asylum: ['dk:granted'] })).toBeGreaterThan(0);
  expect(found('person', { asylum: ['FR', 'DK:refused'] })).toBe(0);
  const roles = list(reader, 'person', { facets: ['role'] }).facets?.role?.values ?? [];
  expect(roles.length).toBeGreaterThan(0);
  for (const { value, certain, possible } of roles)
    expect([value, list(reader, 'person', { filters: { role: [value.toUpperCase()] } }).counts]).toEqual([
      value,
      { certain, possible },
    ]);
});
