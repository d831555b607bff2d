/** Erasures on a real log and key store: from the wish to the certificate, interrupted anywhere, beside others. */
import { hash } from 'node:crypto';
import { openSqliteKeyStore } from '#access';
import { type Command, createCommandHandler, type Principal } from '#command-handling';
import { evolve, initial, sourceOf } from '#domain';
import { Leases, type OperationalState } from '#event-store';
import { openNodeState, openNodeTrail } from '#event-store-sqlite';
import { streamName } from '#kernel';
import { asDomainEvent, createRecordCodec, ensureLogStarted, type KeyStore, openingOf, verifyChain } from '#log-format';
import { allEvents, realClock, realRandomness, realTicker, temporaryLog } from '../../../../test/support/real.js';
import { openAccessTrail } from '../access-trail.js';
import type { AccessTrail } from '../types.js';
import { type ErasureDirectory, lastCondemned, openErasureDirectory } from './directory.js';
import { openErasures } from './erasures.js';
import { erasureOf } from './events.js';
import type { ErasureInfo, Erasures, MentionInfo } from './types.js';

const BY = { id: 'key:admin', correlationId: 'request-1' };
const recorder: Principal = { id: 'key:recorder', scopes: ['record', 'review'], ceiling: 'confidential' };
const TEXT = 'Judges said that Ada Zimmer was arrested in May 2017.\nADA ZIMMER denied it; Ada Zimmermann did not.';
const LEFT = 'Judges said that ██████████ was arrested in May 2017.\n██████████ denied it; Ada Zimmermann did not.';

let log: Awaited<ReturnType<typeof temporaryLog>>;
let keys: KeyStore;
let logId: string;
let commands: ReturnType<typeof createCommandHandler>;
let state: OperationalState;
let trail: AccessTrail;
let directory: ErasureDirectory;
let erasures: Erasures;
let reports: string[];
/** Nodes that are up, and forget at once unless they are slow. */
let nodes: { id: string; name: string; live: boolean; slow?: boolean }[];

beforeEach(async () => {
  log = await temporaryLog();
  keys = await openSqliteKeyStore({ folder: log.folder, mode: 'write', randomness: realRandomness });
  logId = await ensureLogStarted(log.store, realClock, realRandomness);
  commands = createCommandHandler({ store: log.store, keys, logId, clock: realClock, randomness: realRandomness });
  state = openNodeState(log.folder);
  trail = openAccessTrail(openNodeTrail({ folder: log.folder, clock: realClock, days: 30 }), realClock);
  reports = [];
  nodes = [{ id: 'node-a', name: 'a', live: true }];
  directory = await openErasureDirectory({ ...basics(), report: (line) => reports.push(line) });
  directory.onCondemned(({ erasure, at }) => {
    for (const { id, slow } of nodes) if (slow !== true) void directory.report(id, erasure, at);
  });
  erasures = open();
});
afterEach(async () => {
  await erasures.close();
  await directory.close();
  await trail.close();
  await state.close();
  await keys.close();
  await log.remove();
});

const basics = () => ({
  store: log.store,
  keys,
  logId,
  clock: realClock,
  ticker: realTicker,
  randomness: realRandomness,
});
const open = (more: Partial<Parameters<typeof openErasures>[0]> = {}): Erasures =>
  openErasures({
    ...basics(),
    directory,
    eraser: commands.eraser,
    nodes: () => Promise.resolve(nodes.map(({ id, name, live }) => ({ id, name, live }))),
    trail,
    trailDays: 30,
    webhooks: () => 3,
    report: (line) => reports.push(line),
    ...more,
  });

async function given(command: Command): Promise<string> {
  const done = await commands.execute(command, recorder);
  if (!done.ok) throw new Error(JSON.stringify(done.error));
  return done.value.subject;
}

const source = (text = TEXT, title = 'A report') =>
  given({ type: 'SourceEntered', category: 'source', data: { type: 'article', title, lang: 'en', text } });
const cites = (id: string, exact: string) => [{ sourceId: id, quote: { exact } }];
const person = (cited: string, ...names: string[]) =>
  given({
    type: 'PersonEntered',
    category: 'person',
    data: { names: names.map((text) => ({ text, kind: 'legal' })), citations: cites(cited, 'arrested in May 2017') },
  });
const arrested = (id: string, cited: string, note?: string): Command => ({
  type: 'PersonArrested',
  category: 'person',
  id,
  data: {
    occurred: '2017-05',
    citations: cites(cited, 'arrested in May 2017'),
    basis: 'reported',
    confidence: 'medium',
    ...(note !== undefined && { note }),
  },
});

async function until(is: (info: ErasureInfo) => boolean, id: string): Promise<ErasureInfo> {
  const end = Date.now() + 20_000;
  for (;;) {
    const info = await erasures.get(id);
    if (info !== undefined && is(info)) return info;
    if (Date.now() > end) throw new Error(`It stays ${JSON.stringify(info)}; ${reports.join(' ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function ask(id: string): Promise<ErasureInfo> {
  const asked = await erasures.ask(id, 'By letter of Ada Zimmer', BY);
  if (!asked.ok) throw new Error(JSON.stringify(asked.error));
  return asked.value;
}

async function mentions(id: string): Promise<readonly MentionInfo[]> {
  await until(({ mentions: { complete } }) => complete, id);
  const found = await erasures.mentions(id, 0, 100);
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  return found.value;
}

async function opened(stream: string): Promise<string> {
  const codec = createRecordCodec(realRandomness);
  const decoded = await codec.decodePage(await allEvents(log.store, stream), openingOf(log.store, keys));
  return JSON.stringify(decoded.map((event) => event.ok && event.value.data));
}

async function textOf(id: string): Promise<string | undefined> {
  const codec = createRecordCodec(realRandomness);
  const stored = await allEvents(log.store, streamName('source', id));
  const decoded = await codec.decodePage(stored, openingOf(log.store, keys));
  const folded = decoded.reduce(
    (so, event) => (event.ok ? evolve(so, asDomainEvent(event.value)) : so),
    initial('source', id),
  );
  return sourceOf(folded)?.text;
}

test('from the wish to the certificate: mentions are found, blanked or kept, and nothing of the words is left', async () => {
  const cited = await source();
  const id = await person(cited, 'Ada Zimmer');
  await given(arrested(id, cited, 'at night'));
  const other = await person(cited, 'Sam Serey');
  await given(arrested(other, cited, 'together with Zimmer, Ada'));
  const namesake = await source('In 1911 the painter Ada Zimmer was born.', 'A catalogue');
  expect(await opened(streamName('source', cited))).toContain(hash('sha256', TEXT));
  const unrelated = await source('Nothing of the kind.', 'Else');

  const asked = await ask(id);
  expect(asked).toMatchObject({ id: erasureOf(id), person: id, askedBy: 'key:admin' });
  expect(await commands.execute(arrested(id, cited), recorder)).toMatchObject({ error: [{ code: 'erased' }] });
  expect(await opened(streamName('person', id))).not.toMatch(/Zimmer|night/);

  const found = await mentions(asked.id);
  expect(found.map((one) => [one.kind, one.id, one.because, one.state, one.spans.map(({ words }) => words)])).toEqual([
    ['source', cited, 'words', 'open', ['Ada Zimmer', 'ADA ZIMMER']],
    ['person', other, 'words', 'open', ['Zimmer, Ada']],
    ['source', namesake, 'words', 'open', ['Ada Zimmer']],
  ]);
  expect(found[0]!.spans[1]).toMatchObject({
    pointer: '/text',
    start: 54,
    end: 64,
    after: ' denied it; Ada Zimmermann did not.',
  });
  expect(JSON.stringify(found)).not.toContain(unrelated);

  const redacted = await erasures.redact(asked.id, { kind: 'source', id: cited }, BY);
  expect(redacted).toMatchObject({ ok: true, value: { state: 'redacted', spans: [] } });
  expect(await textOf(cited)).toBe(LEFT);
  // By which a guess at the words could be checked.
  expect(await opened(streamName('source', cited))).not.toContain(hash('sha256', TEXT));
  expect(await erasures.redact(asked.id, { kind: 'person', id: other }, BY)).toMatchObject({
    value: { state: 'redacted' },
  });
  // Sent again, because the answer was lost, it is found done.
  expect(await erasures.redact(asked.id, { kind: 'person', id: other }, BY)).toMatchObject({
    value: { state: 'redacted' },
  });
  expect(await erasures.redact(asked.id, { kind: 'source', id: unrelated }, BY)).toMatchObject({
    error: [{ code: 'nothing-to-redact' }],
  });
  expect((await erasures.get(asked.id))?.certificate).toBeUndefined();
  const kept = { kind: 'source', id: namesake, reason: 'A painter, who died long ago' } as const;
  expect(await erasures.keep(asked.id, kept, BY)).toMatchObject({ ok: true, value: { state: 'kept' } });

  await trail.record({ by: 'key:reader', operation: 'readPerson', request: 'r', subjects: [{ kind: 'person', id }] });
  const {
    certificate,
    mentions: counted,
    state: last,
  } = await until(({ state: now }) => now === 'certified', asked.id);
  expect([last, counted]).toEqual([
    'certified',
    { complete: true, open: 0, redacted: 2, kept: 1, citing: 0, inTheClear: 0 },
  ]);
  expect(certificate).toMatchObject({
    // The person's, the source's, the other person's, and the erasure's own.
    erased: { keys: 4, streams: 4 },
    mentions: { listed: 3, redacted: 2, kept: 1 },
    nodes: ['node-a'],
    outOfReach: { nodes: [], trailDays: 30, webhooks: 3 },
  });
  // Neither the words nor the reasons can be read any more, by anybody.
  const events = await allEvents(log.store);
  for (const stream of new Set(events.map((event) => event.stream))) {
    expect(
      verifyChain(
        events.filter((event) => event.stream === stream),
        logId,
      ).ok,
    ).toBe(true);
    if (stream !== streamName('source', namesake))
      expect(await opened(stream).catch(() => '')).not.toContain('Zimmer ');
  }
  expect((await keys.find(directory.condemned().flatMap((one) => one.keys))).size).toBe(0);
  expect((await mentionsNow(asked.id)).every(({ spans }) => spans.length === 0)).toBe(true);
  expect(await erasures.redact(asked.id, { kind: 'source', id: cited }, BY)).toMatchObject({
    error: [{ code: 'erasure-over' }],
  });
  expect(await erasures.keep(asked.id, kept, BY)).toMatchObject({ error: [{ code: 'erasure-over' }] });
  expect(reports).toEqual([]);
});

async function mentionsNow(id: string): Promise<readonly MentionInfo[]> {
  const found = await erasures.mentions(id, 0, 100);
  return found.ok ? found.value : [];
}

test('a name that is cut in two by the parts of a long text is found, and blanked in both', async () => {
  const cited = await source('It was arrested in May 2017, wrote Ada');
  const more = { type: 'SourceTextContinued', category: 'source', id: cited, data: { text: ' Zimmer, and so on.' } };
  await given(more);
  const { id } = await ask(await person(cited, 'Ada Zimmer'));
  const [first] = await mentions(id);
  expect(first!.spans.map(({ words }) => words)).toEqual(['Ada', ' Zimmer']);
  await erasures.redact(id, { kind: 'source', id: cited }, BY);
  expect(await textOf(cited)).toBe('It was arrested in May 2017, wrote ██████████, and so on.');
  await until(({ state: now }) => now === 'certified', id);
});

test('who is named by id, and who cites a source that tells of them, is listed', async () => {
  const cited = await source();
  const id = await person(cited, 'Ada Zimmer');
  const other = await person(cited, 'Sam Serey');
  const statement = await given({
    type: 'StatementMade',
    category: 'statement',
    data: {
      ...(arrested(id, cited).data as object),
      speaker: { role: 'a judge' },
      form: 'paraphrase',
      lang: 'en',
      words: 'She will be heard.',
      about: [{ person: id }],
      stance: 'none',
    },
  });
  const { id: erasure } = await ask(id);
  const found = await mentions(erasure);
  expect(found.map((one) => [one.id, one.because, one.state])).toEqual([
    [cited, 'words', 'open'],
    [statement, 'names', 'open'],
    [other, 'cites', 'cites'],
  ]);
  await erasures.redact(erasure, { kind: 'source', id: cited }, BY);
  expect(await erasures.redact(erasure, { kind: 'statement', id: statement }, BY)).toMatchObject({
    error: [{ code: 'nothing-to-redact' }],
  });
  expect((await mentionsNow(erasure))[1]).toMatchObject({ state: 'open' });
  const all = { kind: 'statement', id: statement, everything: true } as const;
  expect(await erasures.redact(erasure, all, BY)).toMatchObject({ ok: true, value: { state: 'redacted' } });
  expect(await opened(streamName('statement', statement))).toContain('"words":"██████████████████"');
  await until(({ state: now }) => now === 'certified', erasure);
});

test('only what is named is blanked, where spans are; while words are left it is open; further words go too', async () => {
  const cited = await source('Ada Zimmer was arrested in May 2017. Little A. said so. Ada Zimmer (1911) did not.');
  const { id } = await ask(await person(cited, 'Ada Zimmer'));
  const [first] = await mentions(id);
  const { event, pointer, start, end } = first!.spans[0]!;
  const span = { event, pointer, start, end };
  const some = { kind: 'source', id: cited, spans: [span], words: ['little A.'] } as const;
  expect(await erasures.redact(id, some, BY)).toMatchObject({ ok: true, value: { state: 'open' } });
  expect(await textOf(cited)).toBe(
    '██████████ was arrested in May 2017. █████████ said so. Ada Zimmer (1911) did not.',
  );
  for (const wrong of [
    { ...span, end: 9_999 },
    { ...span, pointer: '/lang' },
    { ...span, start: 3, end: 3 },
  ])
    expect(await erasures.redact(id, { ...some, words: [], spans: [wrong] }, BY)).toMatchObject({
      error: [{ code: 'invalid-span', pointer: '/spans/0' }],
    });
  expect((await erasures.get(id))?.mentions).toMatchObject({ open: 1, redacted: 0 });
  await erasures.keep(id, { kind: 'source', id: cited, reason: 'The painter' }, BY);
  await until(({ state: now }) => now === 'certified', id);
});

test('what was recorded meanwhile is found before the certificate', async () => {
  const cited = await source();
  const { id } = await ask(await person(cited, 'Ada Zimmer'));
  await mentions(id);
  const late = await source('Ada Zimmer was seen again.', 'Late');
  await erasures.redact(id, { kind: 'source', id: cited }, BY);
  await until(({ mentions: { open: left } }) => left === 1, id);
  expect((await mentionsNow(id)).at(-1)).toMatchObject({ id: late, state: 'open' });
  await erasures.redact(id, { kind: 'source', id: late }, BY);
  await until(({ state: now }) => now === 'certified', id);
});

test('nodes that are up are waited for; one that is not is out of reach', async () => {
  nodes.push({ id: 'node-b', name: 'b', live: true, slow: true }, { id: 'node-c', name: 'c', live: false, slow: true });
  const cited = await source('It was arrested in May 2017.');
  const id = await person(cited, 'Ada Zimmer');
  expect(await erasures.isForgotten(id)).toBeUndefined();
  const asked = await ask(id);
  expect(asked.state).toBe('forgetting');
  expect(await erasures.isForgotten(id)).toBe(false);
  const waiting = await until(({ nodes: [a] }) => a!.forgot, asked.id);
  expect(waiting).toMatchObject({
    state: 'forgetting',
    nodes: [{ id: 'node-a' }, { id: 'node-b', forgot: false }, {}],
  });
  // Nothing is left to be done but that, and it is looked for again and again.
  while (directory.condemned().length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect((await erasures.get(asked.id))?.certificate).toBeUndefined();
  nodes = nodes.map((node) => ({ ...node, slow: node.id === 'node-c' }));
  await directory.report('node-b', asked.id, lastCondemned(directory.get(asked.id)!));
  const done = await until(({ state: now }) => now === 'certified', asked.id);
  expect(await erasures.isForgotten(id)).toBe(true);
  expect(done.certificate).toMatchObject({ nodes: ['node-a', 'node-b'], outOfReach: { nodes: ['node-c'] } });
});

test('asked again it is found done; who is not there cannot be erased', async () => {
  const id = await person(await source(), 'Ada Zimmer');
  const [first, second] = [await ask(id), await ask(id)];
  expect(second.askedAt).toBe(first.askedAt);
  expect(await allEvents(log.store, streamName('erasure', first.id))).toHaveLength(
    1 + directory.get(first.id)!.revision,
  );
  expect(directory.condemned()).toHaveLength(1);
  for (const nobody of [first.id, 'nobody'])
    expect(await erasures.ask(nobody, 'R', BY)).toMatchObject({ error: [{ code: 'not-found' }] });
  expect(await erasures.mentions(id, 0, 1)).toMatchObject({ error: [{ code: 'not-found' }] });
  expect(await erasures.redact(first.id, { kind: 'source', id: first.id }, BY)).toMatchObject({
    error: [{ code: 'not-found' }],
  });
  expect(await erasures.keep(first.id, { kind: 'source', id: first.id, reason: 'R' }, BY)).toMatchObject({
    error: [{ code: 'not-found' }],
  });
});

test('interrupted behind any step, it is gone on with by the next who drives it', async () => {
  const cited = await source();
  const id = await person(cited, 'Ada Zimmer');
  const erasure = erasureOf(id);
  // Killed when the person's stream had ended, and nothing else was done.
  await erasures.close();
  await directory.record(erasure, 'key:admin', () => ({
    ok: true,
    value: { type: 'ErasureAsked', data: { person: id, reason: 'R', words: [] } },
  }));
  await commands.eraser.erase(id, { by: 'key:admin', correlationId: 'r', cause: erasure });
  erasures = open();
  const [first] = await mentions(erasure);
  expect(first).toMatchObject({ id: cited, state: 'open' });
  expect(await opened(streamName('person', id))).not.toContain('Zimmer');
  // Killed when a redaction was recorded in the source's stream, and its old keys not yet condemned.
  await erasures.close();
  const dying = open({
    directory: {
      get: (of) => directory.get(of),
      all: () => [],
      condemned: () => directory.condemned(),
      onCondemned: () => undefined,
      onChanged: () => undefined,
      report: () => Promise.resolve(),
      record: () => Promise.reject(new Error('killed')),
      following: true,
      close: () => Promise.resolve(),
    },
  });
  await expect(dying.redact(erasure, { kind: 'source', id: cited }, BY)).rejects.toThrow('killed');
  await dying.close();
  expect((await allEvents(log.store, streamName('source', cited))).map(({ type }) => type)).toContain(
    'PersonalDataRedacted',
  );
  erasures = open();
  // Whoever asked asks again, and finds it done.
  expect(await erasures.redact(erasure, { kind: 'source', id: cited }, BY)).toMatchObject({
    value: { state: 'redacted' },
  });
  await until(({ state: now }) => now === 'certified', erasure);
  expect((await keys.find(directory.condemned().flatMap((one) => one.keys))).size).toBe(0);
  expect(await textOf(cited)).toBe(LEFT);
});

test('what stands in the clear cannot be taken away: it is shown, and counted in the certificate', async () => {
  const data = { type: 'report', title: 'On Ada Zimmer', lang: 'en', publisher: 'The Ada Zimmer Press' };
  const published = await given({ type: 'SourceEntered', category: 'source', data });
  const cited = await source('It was arrested in May 2017.');
  const id = await person(cited, 'Ada Zimmer');
  await given({
    ...arrested(id, cited),
    data: { ...(arrested(id, cited).data as object), citations: [{ sourceId: cited, locator: 'page on Ada Zimmer' }] },
  });
  const { id: erasure } = await ask(id);
  const found = await mentions(erasure);
  expect(found.map((one) => [one.id, one.because, one.state, one.spans.length])).toEqual([
    [published, 'words', 'open', 1],
    [id, 'clear', 'clear', 0],
  ]);
  expect(
    found.map(({ inTheClear }) => inTheClear?.map(({ pointer, before, words }) => [pointer, before, words])),
  ).toEqual([[['/publisher', 'The ', 'Ada Zimmer']], [['/citations/0/locator', 'page on ', 'Ada Zimmer']]]);
  expect(await erasures.redact(erasure, { kind: 'source', id: published }, BY)).toMatchObject({
    value: { state: 'redacted', spans: [], inTheClear: [{ words: 'Ada Zimmer' }] },
  });
  const done = await until(({ state: now }) => now === 'certified', erasure);
  expect(done).toMatchObject({ mentions: { inTheClear: 2 }, certificate: { outOfReach: { inTheClear: 2 } } });
});

test('two persons in one source: each erasure blanks its own words, at once or one after the other', async () => {
  const cited = await source('Ada Zimmer and Sam Serey were arrested in May 2017.');
  const ada = await person(cited, 'Ada Zimmer');
  const sam = await person(cited, 'Sam Serey');
  const [a, b] = await Promise.all([ask(ada), ask(sam)]);
  for (const { id } of [a, b]) expect((await mentions(id))[0]).toMatchObject({ id: cited, state: 'open' });
  const both = await Promise.all([a, b].map(({ id }) => erasures.redact(id, { kind: 'source', id: cited }, BY)));
  expect(both.map((one) => one.ok && one.value.state)).toEqual(['redacted', 'redacted']);
  for (const { id } of [a, b]) await until(({ state: now }) => now === 'certified', id);
  expect(await textOf(cited)).toBe('██████████ and █████████ were arrested in May 2017.');
  expect((await keys.find(directory.condemned().flatMap((one) => one.keys))).size).toBe(0);
});

test('of several nodes one drives at a time; when it goes, another goes on', async () => {
  await erasures.close();
  const leases = () => new Leases({ state, randomness: realRandomness, term: 300 });
  const there = await openErasureDirectory({ ...basics(), report: (line) => reports.push(line) });
  const [a, b] = [open({ leases: leases() }), open({ leases: leases(), directory: there })];
  erasures = b;
  try {
    const cited = await source();
    const id = await person(cited, 'Ada Zimmer');
    const asked = await a.ask(id, 'R', BY);
    const erasure = erasureOf(id);
    expect(asked.ok && asked.value.id).toBe(erasure);
    await until(({ mentions: { complete } }) => complete, erasure);
    await a.close();
    // Whichever of them drove it: the other one does now.
    expect(await b.redact(erasure, { kind: 'source', id: cited }, BY)).toMatchObject({ value: { state: 'redacted' } });
    await until(({ state: now }) => now === 'certified', erasure);
    const types = (await allEvents(log.store, streamName('erasure', erasure))).map(({ type }) => type);
    expect(types.filter((type) => type === 'ErasureCertified')).toHaveLength(1);
    expect(types.filter((type) => type === 'MentionsListed')).toHaveLength(1);
    expect(reports).toEqual([]);
  } finally {
    await Promise.all([a.close(), b.close()]);
    await there.close();
  }
});
