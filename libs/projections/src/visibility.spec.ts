/**
 * Whoever may see things up to a ceiling is given what a record of nothing else would give: over random stories in which every
 * event has a level of its own and levels change, and whichever way the views came to be.
 */
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { derivedId, mayBeSeen, type Visibility } from '#kernel';
import type { ViewsReader } from './ports.js';
import type { SubjectCategory } from './shapes.js';
import { filtersOf } from './filters.js';
import { LEVELS, levelsIn, withLevels } from './test-support/levels.js';
import { caughtUp, documentOf, type Said, TestRecord } from './test-support/record.js';
import { rowsOf, servedFile } from './test-support/rows.js';
import { stories } from './test-support/stories.js';

/** Each takes about a second; hundreds are run by setting it higher. */
const RUNS = 12;
const CEILINGS = ['public', 'internal'] as const;
const KINDS: readonly SubjectCategory[] = ['person', 'group', 'case', 'statement', 'source'];

let record: TestRecord;
let other: TestRecord;
beforeEach(async () => {
  [record, other] = [await TestRecord.create(), await TestRecord.create()];
});
afterEach(async () => {
  await record.close();
  await other.close();
});

/** Everything that readers are given. What was hidden or shown later is told besides, and is not part of it. */
function given(reader: ViewsReader, story: readonly Said[]): unknown {
  const subjects = new Map(story.map(({ kind, subject }) => [subject, kind]));
  const unwrapped = (answer: unknown): unknown =>
    JSON.parse(
      JSON.stringify(answer, (name, value: unknown) => {
        // A change that is seen may be followed by one that is not.
        if (name === 'next' || name === 'visibility') return undefined;
        return name === 'changes' ? (value as { kind: string }[]).filter(({ kind }) => kind !== 'visibility') : value;
      }),
    );
  const documents = [...subjects].flatMap(([id, kind]) =>
    [{}, { validAt: '2018' }, { knownAt: '20' }, { knownAt: '25', validAt: '2017-05' }].map((moment) => {
      const found = reader.document(kind, id, moment);
      return [id, moment, found.ok ? unwrapped(JSON.parse(found.value.json.toString())) : found];
    }),
  );
  const histories = [...subjects].map(([id, kind]) => {
    const page = reader.history(kind, id, { limit: 200 });
    if (!page.ok) return [id, page];
    // What changed the level of a source is part of the history of whoever is answered otherwise by that.
    const own = page.value.items.filter(({ type, subject }) => type !== 'VisibilityChanged' || subject.id === id);
    return [id, unwrapped({ ...page.value, items: own })];
  });
  const lists = KINDS.flatMap((kind) => {
    const facets = filtersOf(kind).flatMap(({ name, facet }) => (facet ? [name] : []));
    return [reader.list(kind, { facets }), reader.list(kind, { sort: '-updated' })].map(unwrapped);
  });
  const citations = [...subjects].map(([id]) => unwrapped(reader.citations(id, { limit: 200 })));
  const differences = [...reader.differences({ from: '12' })].map(unwrapped);
  const searches = ['so', 'somewhere', 'Person', 'because', 'name', 'e'].map((q) => unwrapped(reader.search({ q })));
  const changes = reader.changes({}, { seq: 0, n: 0 }, 5_000);
  const told = changes.ok && changes.value.items.filter(({ change }) => change.kind !== 'visibility');
  return { documents, histories, lists, citations, differences, searches, told: unwrapped(told) };
}

/** The present answers as somebody has them who has followed the changes from the start. */
function followed(reader: ViewsReader): ReadonlyMap<string, unknown> {
  const changes = reader.changes({}, { seq: 0, n: 0 }, 5_000);
  if (!changes.ok) throw new Error(changes.error.code);
  const present = changes.value.items.filter(({ change }) => change.kind !== 'history');
  return new Map(
    present.map(({ change }) => [
      [change.subject.id, change.axis, change.case, change.key].join(' '),
      [change.to.value, change.to.since],
    ]),
  );
}

/** Who may see each event, as the file has it. */
function levelsOfFile(file: string): unknown {
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = ['events', 'hidden_events'].flatMap((table) =>
    db.prepare(`SELECT id, visibility FROM ${table} WHERE data IS NOT NULL`).all(),
  );
  db.close();
  return Object.fromEntries(rows.map(({ id, visibility }) => [id, visibility]));
}

test.each(CEILINGS)(
  'up to %s: what a record of nothing else would give, followed live, caught up with, and built anew',
  async (ceiling) => {
    await fc.assert(
      fc.asyncProperty(stories(25), LEVELS, async (random, picks) => {
        await record.close();
        await other.close();
        [record, other] = [await TestRecord.create(), await TestRecord.create()];
        const story = withLevels(random, picks);
        const { reader } = record.views(record.subfolder('live'), record.keys, ceiling);
        await caughtUp(reader, 1);
        const half = Math.ceil(story.length / 2);
        await record.say(...story.slice(0, half));
        await caughtUp(reader, half + 1);
        // What a reader has at hand by now is not to be told any more where it was hidden since.
        given(reader, story);
        await record.say(...story.slice(half));
        const levels = levelsIn(story);
        const seen = story.filter(({ id }) => mayBeSeen(levels.get(id) ?? 'confidential', ceiling));
        // What is not seen leaves gaps, and the levels are those of today.
        await other.sayWithGaps(story, (said) => (seen.includes(said) ? levels.get(said.id) : undefined));
        const { reader: ofOthers } = other.views(other.subfolder('all'));
        await caughtUp(reader, story.length + 1);
        await caughtUp(ofOthers, story.length + 1);
        expect(levelsOfFile(servedFile(record.subfolder('live')))).toEqual(Object.fromEntries(levels));
        expect(given(reader, story)).toEqual(given(ofOthers, story));
        expect(Object.fromEntries(followed(reader))).toMatchObject(Object.fromEntries(followed(ofOthers)));
        const { reader: late } = record.views(record.subfolder('late'), record.keys, ceiling);
        await caughtUp(late, story.length + 1);
        expect(rowsOf(servedFile(record.subfolder('late')))).toEqual(rowsOf(servedFile(record.subfolder('live'))));
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  },
  120_000,
);

test('those who may see everything are given everything, each event as visible as it is today', async () => {
  await fc.assert(
    fc.asyncProperty(stories(25), LEVELS, async (random, picks) => {
      await record.close();
      record = await TestRecord.create();
      const story = withLevels(random, picks);
      const { reader } = record.views();
      await record.say(...story);
      await caughtUp(reader, story.length + 1);
      const levels = levelsIn(story);
      const histories = [...new Map(story.map(({ kind, subject }) => [subject, kind]))].flatMap(([id, kind]) => {
        const page = reader.history(kind, id, { limit: 200 });
        return page.ok ? page.value.items : [];
      });
      const shown = new Map(histories.map(({ event, visibility }) => [event, visibility]));
      expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(levels));
    }),
    { numRuns: 20 },
  );
}, 60_000);

/** Told beside what a document is about: how others are called that it points at, and the roles that a speaker held. */
const BESIDE = new Set(['name', 'summary', 'onBehalfOf', 'by', 'organisation', 'authority', 'rolesHeld', 'roleAgrees']);

function besides(json: Buffer): unknown {
  return JSON.parse(json.toString(), (name, value: unknown) => (BESIDE.has(name) ? undefined : value));
}

test('a subject of which those who may see everything are shown more than others are has something confidential', async () => {
  let marked = 0;
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(stories(25), LEVELS, async (random, picks) => {
      await record.close();
      record = await TestRecord.create();
      const story = withLevels(random, picks);
      const { reader } = record.views();
      const { reader: ofOthers } = record.views(record.subfolder('internal'), record.keys, 'internal');
      await record.say(...story);
      for (const one of [reader, ofOthers]) await caughtUp(one, story.length + 1);
      for (const [id, kind] of new Map(story.map((said) => [said.subject, said.kind]))) {
        const everything = reader.document(kind, id);
        if (!everything.ok) continue;
        const { json, confidential } = everything.value;
        expect(reader.confidential([{ kind, id }])).toEqual({ ok: true, value: confidential ? [{ kind, id }] : [] });
        const others = ofOthers.document(kind, id);
        if (!confidential) expect(others.ok && besides(others.value.json)).toEqual(besides(json));
        if (confidential) marked++;
        else plain++;
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  // Both come up often.
  expect(Math.min(marked, plain)).toBeGreaterThan(RUNS);
}, 120_000);

test('of a text whose parts are not for everybody, those who may not see one see none behind it', async () => {
  const source = { kind: 'source', subject: derivedId('levels', 'text', 0) } as const;
  const id = (n: number): string => derivedId('levels', 'part', n);
  const part = (n: number, text: string, visibility: Visibility): Said => ({
    ...source,
    id: id(n),
    type: n === 0 ? 'SourceEntered' : 'SourceTextContinued',
    data: n === 0 ? { type: 'report', title: 'A report', lang: 'en', text } : { text },
    visibility,
  });
  const { reader } = record.views(record.folder, record.keys, 'internal');
  const text = async (seq: number): Promise<string | undefined> => {
    await caughtUp(reader, seq);
    return documentOf(reader, 'source', source.subject).text;
  };
  await record.say(part(0, 'One. ', 'public'), part(1, 'Two. ', 'internal'), part(2, 'Three. ', 'confidential'));
  await record.say(part(3, 'Four. ', 'public'));
  expect(await text(5)).toBe('One. Two. ');
  const opened = { fact: id(2), visibility: 'internal', reason: 'because' };
  await record.say({ ...source, id: id(4), type: 'VisibilityChanged', data: opened, visibility: 'internal' });
  expect(await text(6)).toBe('One. Two. Three. Four. ');
});

test('ids of what is hidden are not told: facts that came before, the subject that a fact was moved from', async () => {
  const id = (name: string): string => derivedId('levels', name, 1);
  const [somebody, another, third] = [id('somebody'), id('another'), id('third')];
  const names = [{ text: 'A', kind: 'legal' }];
  const event = (subject: string, name: string, type: string, data: object, visibility: Visibility): Said => ({
    ...{ kind: 'person', subject, id: id(name), type, visibility },
    data: { citations: [], ...data },
  });
  const evidence = { basis: 'reported', confidence: 'high' };
  const moved = { movedFrom: { person: another, fact: id('there') } };
  await record.say(
    event(somebody, 'entered', 'PersonEntered', { names }, 'public'),
    event(another, 'entered too', 'PersonEntered', { names }, 'confidential'),
    event(somebody, 'seen', 'PersonSummoned', { ...evidence, as: 'suspect' }, 'public'),
    event(somebody, 'hidden', 'PersonArrested', evidence, 'confidential'),
    event(
      somebody,
      'last',
      'PersonReleased',
      { ...evidence, ...moved, reason: 'served', after: [id('seen'), id('hidden')] },
      'public',
    ),
  );
  const data = { ...evidence, ...moved, reason: 'unknown', after: [id('hidden')], citations: [] };
  const correction = {
    fact: id('last'),
    factType: { type: 'PersonReleased', schemaVersion: 1 },
    data,
    reason: 'because',
  };
  await record.say(event(somebody, 'corrected', 'FactCorrected', correction, 'public'));
  // Moved to somebody whom everybody may see, where few may see it.
  const away = { fact: id('seen'), to: { person: third }, movedTo: id('arrived'), reason: 'because' };
  await record.say(
    event(third, 'entered last', 'PersonEntered', { names }, 'public'),
    event(third, 'arrived', 'PersonSummoned', { ...evidence, as: 'suspect' }, 'confidential'),
    event(somebody, 'moved', 'FactMoved', away, 'public'),
  );
  const shown = async (ceiling: Visibility): Promise<unknown> => {
    const { reader } = record.views(record.subfolder(ceiling), record.keys, ceiling);
    await caughtUp(reader, 10);
    const whole = [documentOf(reader, 'person', somebody), reader.history('person', somebody)] as const;
    const hidden = [another, id('hidden'), id('there'), id('arrived')];
    const told = hidden.filter((one) => JSON.stringify(whole).includes(one));
    const [last] = whole[0].timeline.filter(({ event: of }) => of === id('last'));
    return [told, last?.corrections.length];
  };
  expect(await shown('confidential')).toEqual([[another, id('hidden'), id('there'), id('arrived')], 1]);
  expect(await shown('public')).toEqual([[], 1]);
});

test('two persons are not shown as one to those who may not see that this was revoked', async () => {
  const id = (name: string): string => derivedId('levels', name, 2);
  const [one, two] = [id('one'), id('two')];
  const event = (
    subject: string,
    name: string,
    type: string,
    data: object,
    visibility: Visibility = 'public',
  ): Said => ({
    ...{ kind: 'person', subject, id: id(name), type, visibility },
    data: { citations: [], ...data },
  });
  const names = [{ text: 'A', kind: 'legal' }];
  await record.say(
    event(one, 'entered', 'PersonEntered', { names }),
    event(two, 'entered too', 'PersonEntered', { names }),
    event(one, 'judged', 'IdentityJudged', { person: two, verdict: 'same', reason: 'one name' }),
  );
  const { reader } = record.views(record.subfolder('internal'), record.keys, 'internal');
  const { reader: everything } = record.views();
  const same = (): unknown => documentOf(reader, 'person', two).judgedSame.map((other) => other.id);
  await caughtUp(reader, 4);
  expect(same()).toEqual([one]);
  await record.say(
    event(one, 'revoked', 'IdentityJudgementRevoked', { judgement: id('judged'), reason: 'two' }, 'confidential'),
  );
  await caughtUp(reader, 5);
  await caughtUp(everything, 5);
  expect(same()).toEqual([]);
  // Of both there is something confidential by now.
  for (const person of [one, two]) {
    const found = everything.document('person', person);
    expect(found.ok && found.value.confidential).toBe(true);
  }
});

test('whoever has a part in cases that were joined in confidence has something confidential', async () => {
  const id = (name: string): string => derivedId('levels', name, 3);
  const event = (kind: SubjectCategory, of: string, name: string, type: string, data: object): Said => ({
    ...{ kind, subject: id(of), id: id(name), type, visibility: 'public' },
    data: { citations: [], ...data },
  });
  const names = [{ text: 'A', kind: 'legal' }];
  const charge = { basis: 'reported', confidence: 'high', counts: [{ offence: 'x' }] };
  await record.say(
    event('case', 'first', 'c', 'CaseEntered', { title: 'First' }),
    event('case', 'second', 'd', 'CaseEntered', { title: 'Second' }),
    event('person', 'one', 'e', 'PersonEntered', { names }),
    event('person', 'two', 'f', 'PersonEntered', { names }),
    event('person', 'one', 'g', 'PersonCharged', { ...charge, case: id('first') }),
    event('person', 'two', 'h', 'PersonCharged', charge),
    { ...event('case', 'second', 'i', 'CasesJoined', { other: id('first') }), visibility: 'confidential' },
  );
  const { reader } = record.views();
  await caughtUp(reader, 8);
  const subjects = ['one', 'two'].map((name) => ({ kind: 'person' as const, id: id(name) }));
  expect(reader.confidential(subjects)).toEqual({ ok: true, value: [subjects[0]] });
});

test('a group has something confidential where its holder of a role has, and an act on what is told of the role', async () => {
  const id = (name: string): string => derivedId('levels', name, 4);
  const event = (of: string, name: string, type: string, data: object, visibility: Visibility = 'public'): Said => ({
    ...{ kind: of === 'group' ? 'group' : 'person', subject: id(of), id: id(name), type, visibility },
    data: { citations: [], ...data },
  });
  const names = [{ text: 'A', kind: 'legal' }];
  const role = { basis: 'reported', confidence: 'high', role: 'head', organisation: { group: id('group') } };
  await record.say(
    event('group', 'a', 'GroupEntered', { names, kind: 'party' }),
    event('one', 'b', 'PersonEntered', { names }),
    event('one', 'c', 'RoleHeld', { ...role, occurred: '2017~' }),
  );
  const { reader } = record.views();
  const marked = (): unknown => reader.confidential([{ kind: 'group', id: id('group') }]);
  await caughtUp(reader, 4);
  expect(marked()).toEqual({ ok: true, value: [] });
  await record.say(event('one', 'd', 'AccountAdded', { fact: id('c'), occurred: '2017-05' }, 'confidential'));
  await caughtUp(reader, 5);
  expect(marked()).toEqual({ ok: true, value: [{ kind: 'group', id: id('group') }] });
});
