/**
 * A bundle up to a ceiling: what it says is what a record of nothing but the visible facts would say, what it proves is proved, and
 * nothing of what is hidden is in any of its files. With the real views, keys, seals and log, over random stories.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { readVerifierKey, unzip, verifyBundle } from '#audit';
import { createCommandHandler } from '#command-handling';
import { definitionOf } from '#domain';
import { Leases } from '#event-store';
import { openNodeState } from '#event-store-sqlite';
import { derivedId, mayBeSeen, ok, type Visibility } from '#kernel';
import { createRecordCodec, openingOf } from '#log-format';
import { type Bundles, bundlesFrom } from '../../../apps/api/src/bundles.js';
import { type Sealing, startSealing } from '../../../apps/api/src/sealing.js';
import { allEvents, realClock, realRandomness } from '../../../test/support/real.js';
import type { ViewsReader } from './ports.js';
import type { SubjectCategory } from './shapes.js';
import { LEVELS, levelsIn, withLevels } from './test-support/levels.js';
import { caughtUp, documentOf, type Said, TestRecord } from './test-support/record.js';
import { stories } from './test-support/stories.js';

/** Each takes up to a second; hundreds are run by setting it higher. */
const RUNS = 10;
const CEILINGS = ['public', 'internal'] as const;
const codec = createRecordCodec(realRandomness);

let record: TestRecord;
let other: TestRecord;
let sealing: Sealing;
let bundles: Bundles;

beforeEach(async () => {
  [record, other] = [await TestRecord.create(), await TestRecord.create()];
});
afterEach(async () => {
  await record.close();
  await other.close();
});

/** Seals what was recorded; with views of everything and of each of the ceilings. */
async function sealed(ceilings: readonly Visibility[] = CEILINGS): Promise<ReadonlyMap<Visibility, ViewsReader>> {
  const opening = openingOf(record.store, record.keys);
  const { reader: everything } = record.views(record.folder, opening);
  const readers = new Map(
    ceilings.map((ceiling) => [ceiling, record.views(record.subfolder(ceiling), opening, ceiling).reader]),
  );
  const { length } = await allEvents(record.store);
  for (const reader of [everything, ...readers.values()]) await caughtUp(reader, length);
  const state = openNodeState(record.folder);
  sealing = await startSealing({
    store: record.store,
    leases: new Leases({ state, randomness: realRandomness, term: 60_000 }),
    keys: record.keys,
    logId: record.logId,
    views: everything,
    clock: record.clock,
    randomness: realRandomness,
    everyMinutes: 0,
    report: () => undefined,
  });
  bundles = bundlesFrom({ store: record.store, keys: record.keys, sealing, randomness: realRandomness });
  const done = await sealing.seal();
  if (!done.ok) throw new Error(done.error.code);
  for (const reader of [everything, ...readers.values()]) await caughtUp(reader, length + 1);
  await sealing.close();
  await state.close();
  return new Map([...readers, ['confidential', everything]]);
}

type Files = ReadonlyMap<string, Uint8Array>;

async function bundle(reader: ViewsReader, kind: SubjectCategory, id: string): Promise<Files | string> {
  const made = await bundles.make(reader, kind, id);
  return made.ok ? unzip(Buffer.concat([...made.value]), 2 ** 26) : made.error.code;
}

async function filesOf(reader: ViewsReader, kind: SubjectCategory, id: string): Promise<Files> {
  const made = await bundle(reader, kind, id);
  if (typeof made === 'string') throw new Error(made);
  return made;
}

const text = (files: Files, name: string): string => Buffer.from(files.get(name) ?? []).toString('utf8');
const linesOf = (files: Files, name: string): readonly Record<string, unknown>[] =>
  text(files, name)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const seqsIn = (files: Files): readonly number[] => linesOf(files, 'events.jsonl').map(({ seq }) => Number(seq));
const byNumber = (a: number, b: number): number => a - b;
const manifestOf = (files: Files): { readonly withheld: readonly number[] } =>
  JSON.parse(text(files, 'manifest.json')) as { withheld: readonly number[] };

const judged = (files: Files): ReturnType<typeof verifyBundle> => {
  const key = readVerifierKey(sealing.verifierKey);
  if (key === undefined) throw new Error('It is no key.');
  return verifyBundle({ files, codec, verifiers: [key] });
};

/** A word that nothing but this event says. */
const wordOf = (id: string): string => `word${createHash('sha256').update(id).digest('hex').slice(0, 16)}`;

/** The same story, in which each event says a word of its own wherever somebody may write what they like. */
function withWords(story: readonly Said[]): readonly Said[] {
  return story.map((said) => {
    const { id, data } = said;
    const word = wordOf(id);
    const inner = data.data as object | undefined;
    return {
      ...said,
      data: {
        ...data,
        ...('names' in data && { names: [{ text: word, kind: 'legal' }] }),
        ...('title' in data && { title: word }),
        ...('words' in data && { words: word }),
        ...('reason' in data && said.type !== 'PersonReleased' && { reason: word }),
        ...('basis' in data && { note: word }),
        ...(inner !== undefined && { data: { ...inner, note: word } }),
      },
    };
  });
}

/** Without the level of each event: what hid or showed it is told besides. */
const document = (json: string): unknown =>
  JSON.parse(json, (name, value: unknown) => (name === 'visibility' ? undefined : value));

test.each(CEILINGS)(
  'up to %s: what a record of nothing else would say, proved, and nothing of what is hidden',
  async (ceiling) => {
    let bundled = 0;
    await fc.assert(
      fc.asyncProperty(stories(25), LEVELS, async (random, picks) => {
        await record.close();
        await other.close();
        [record, other] = [await TestRecord.create(), await TestRecord.create()];
        const story = withWords(withLevels(random, picks));
        const levels = levelsIn(story);
        const seen = (said: Said): boolean => mayBeSeen(levels.get(said.id) ?? 'confidential', ceiling);
        await record.say(...story);
        const reader = (await sealed([ceiling])).get(ceiling)!;
        await other.sayWithGaps(story, (said) => (seen(said) ? levels.get(said.id) : undefined));
        const { reader: ofOthers } = other.views();
        await caughtUp(ofOthers, story.length + 1);

        const visible = story.filter(seen);
        const subjects = new Map(story.map(({ kind, subject }) => [subject, kind]));
        const gone = story.filter((said) => !seen(said));
        const hidden = new Set(gone.flatMap(({ id, subject }) => [id, subject]));
        for (const { id, subject } of visible) for (const one of [id, subject]) hidden.delete(one);
        const words = gone.map(({ id }) => wordOf(id));
        const naming = visible.filter(({ data }) => [...hidden].some((id) => JSON.stringify(data).includes(id)));
        const withheld = new Set(naming.map((said) => story.indexOf(said) + 2));

        for (const [id, kind] of subjects) {
          const expected = ofOthers.evidence(kind, id, story.length + 1);
          const made = await bundle(reader, kind, id);
          if (!expected.ok) {
            expect(made).toBe('not-found');
            continue;
          }
          if (typeof made === 'string') throw new Error(made);
          expect(judged(made)).toMatchObject({ faults: [], closed: 0 });
          expect(document(text(made, 'record.json'))).toEqual(document(String(expected.value.document)));
          const seqs = expected.value.streams.flatMap(({ events }) => events.map(({ seq }) => seq));
          // What changed the level of something is told to whoever is answered otherwise since, with whose level that is.
          const more = linesOf(made, 'events.jsonl').filter(
            ({ seq, type }) =>
              !seqs.includes(Number(seq)) &&
              (type === 'VisibilityChanged' || definitionOf(String(type))?.role === 'entry'),
          );
          const besides = new Set(more.map(({ seq }) => Number(seq)));
          const given = seqsIn(made).filter((seq) => !besides.has(seq));
          expect(given.sort(byNumber)).toEqual(seqs.filter((seq) => !withheld.has(seq)).sort(byNumber));
          const left = seqs.filter((seq) => withheld.has(seq));
          expect(manifestOf(made)).toMatchObject({ format: 2, ceiling, withheld: expect.arrayContaining(left) });
          expect(manifestOf(made).withheld.filter((seq) => !withheld.has(seq))).toEqual([]);
          const all = [...made].map(([name, bytes]) => `${name} ${Buffer.from(bytes).toString('latin1')}`).join();
          const told = [...hidden, ...words].filter((one) => all.includes(one));
          expect(told).toEqual([]);
          bundled++;
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(bundled).toBeGreaterThan(0);
  },
  240_000,
);

const id = (name: string): string => derivedId('bundles', name, 0);
const SOURCE = id('source');
const PERSON = id('person');
const cited = { citations: [{ sourceId: SOURCE, locator: 'throughout' }] };
const fact = { ...cited, basis: 'reported', confidence: 'high' };
const say = (
  kind: SubjectCategory,
  subject: string,
  name: string,
  type: string,
  data: object,
  visibility: Visibility = 'public',
): Said => ({ kind, subject, id: id(name), type, data: data as Said['data'], visibility });
const ENTERED = [
  say('source', SOURCE, 'source entered', 'SourceEntered', {
    type: 'report',
    title: 'A report on Thuy Vy',
    lang: 'en',
    text: 'Thuy Vy was arrested in May.',
  }),
  say('person', PERSON, 'entered', 'PersonEntered', { ...cited, names: [{ text: 'Thuy Vy', kind: 'legal' }] }),
];

test('an event that may be seen, and as it is stored names what may not, is withheld: the page says so', async () => {
  const somebody = id('somebody');
  await record.say(
    ...ENTERED,
    say('person', PERSON, 'arrested', 'PersonArrested', { ...fact, occurred: '2017-05' }),
    say('person', PERSON, 'hidden', 'PersonCharged', { ...fact, counts: [{ offence: 'incitement' }] }, 'confidential'),
    say('person', PERSON, 'released', 'PersonReleased', {
      ...fact,
      reason: 'unknown',
      occurred: '2018',
      after: [id('arrested'), id('hidden')],
    }),
    say('person', somebody, 'hidden too', 'PersonEntered', { ...cited, names: [] }, 'confidential'),
    say('person', PERSON, 'moved', 'PersonSummoned', {
      ...fact,
      as: 'suspect',
      movedFrom: { person: somebody, fact: id('there') },
    }),
  );
  const readers = await sealed();
  const whole = await filesOf(readers.get('confidential')!, 'person', PERSON);
  expect(seqsIn(whole)).toEqual([1, 3, 4, 5, 6, 8, 2]);
  expect(judged(whole)).toMatchObject({ manifest: { format: 1 }, events: 7, faults: [] });
  expect(text(whole, 'manifest.json')).not.toContain('ceiling');
  for (const ceiling of CEILINGS) {
    const files = await filesOf(readers.get(ceiling)!, 'person', PERSON);
    expect(seqsIn(files)).toEqual([1, 3, 4, 2]);
    expect(judged(files)).toMatchObject({ manifest: { ceiling, withheld: [6, 8] }, events: 4, faults: [] });
    const page = text(files, 'index.html');
    expect(page).toContain(`<article id="${id('released')}">`);
    expect(page).toContain(`Made for who may see what is <strong>${ceiling}</strong>`);
    expect(page.match(/is not given as it is stored/g)).toHaveLength(2);
    const all = [...files.values()].map(String).join();
    for (const hidden of [somebody, id('hidden'), id('hidden too'), id('there')]) expect(all).not.toContain(hidden);
    expect(await bundle(readers.get(ceiling)!, 'person', somebody)).toBe('not-found');
    expect(await bundles.make(readers.get(ceiling)!, 'person', somebody)).toEqual(
      await bundles.make(readers.get(ceiling)!, 'person', id('nobody')),
    );
  }
});

test('what was erased is proved and said to be erased; what was redacted is shown as it was told again', async () => {
  await record.say(
    ...ENTERED,
    say('person', PERSON, 'arrested', 'PersonArrested', { ...fact, occurred: '2017-05', note: 'Qwerty saw it.' }),
    say('source', SOURCE, 'hidden', 'SourceTextContinued', { text: ' Secretly.' }, 'confidential'),
  );
  const { eraser } = createCommandHandler({
    store: record.store,
    keys: record.keys,
    logId: record.logId,
    clock: realClock,
    randomness: realRandomness,
  });
  const by = { by: 'key:1', correlationId: 'c', cause: id('cause') };
  const blank = (text: string): string => text.replaceAll('Thuy Vy', '███████');
  const redacted = await eraser.redact({
    ...by,
    category: 'source',
    id: SOURCE,
    reason: 'At their wish.',
    blank: (events) =>
      ok(
        new Map(
          events.map((event) => [event.id, JSON.parse(blank(JSON.stringify(event.fields))) as typeof event.fields]),
        ),
      ),
  });
  const erased = await eraser.erase(PERSON, by);
  if (!redacted.ok || !erased.ok) throw new Error('It was refused.');
  for (const { keys } of [redacted.value, erased.value]) await record.keys.destroy(keys);
  const readers = await sealed();

  const whole = await filesOf(readers.get('confidential')!, 'person', PERSON);
  expect(judged(whole)).toMatchObject({ faults: [], closed: 2, retold: 0 });
  expect(text(whole, `sources/${SOURCE}.txt`)).toBe('███████ was arrested in May. Secretly.');
  for (const ceiling of CEILINGS) {
    const files = await filesOf(readers.get(ceiling)!, 'person', PERSON);
    // What is told again is of the event that may be seen alone, though the events that tell it are of both.
    expect(judged(files)).toMatchObject({ faults: [], closed: 2, retold: 1, texts: 1 });
    expect(linesOf(files, 'events.jsonl').map(({ type }) => type)).not.toContain('PersonalDataRetold');
    expect(text(files, `sources/${SOURCE}.txt`)).toBe('███████ was arrested in May.');
    expect(linesOf(files, 'retold.jsonl')).toEqual([
      { seq: 2, fields: { '/text': '███████ was arrested in May.', '/title': 'A report on ███████' } },
    ]);
    const page = text(files, 'index.html');
    expect(page.match(/Its personal fields were erased/g)).toHaveLength(2);
    expect(page.match(/as they were told again, where words in them were blanked/g)).toHaveLength(1);
    expect([...files.values()].map(String).join()).not.toMatch(/Thuy|Qwerty|Secretly/);
    // Nor does a document tell of how many events something was told again.
    const { acts } = documentOf(readers.get(ceiling)!, 'source', SOURCE);
    expect(acts.map(({ type, data }) => [type, data])).toEqual(
      ceiling === 'public' ? [] : [['PersonalDataRedacted', {}]],
    );
  }
});
