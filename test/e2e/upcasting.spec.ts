/** A log that an older program wrote, under a server of today: what it holds is read as the newest, and stays as it was written. */
import { openSqliteKeyStore } from '#access';
import { unzip, verifyBundle, verifyLog, type Seal } from '#audit';
import { openSqliteLog } from '#event-store-sqlite';
import { derivedId, streamName } from '#kernel';
import { createEventCodec, createRecordCodec, readMetadata } from '#log-format';
import type { PersonView } from '#projections';
import type { EventsPage } from '../../apps/api/src/http/event-routes.js';
import { positionToken } from '../../apps/api/src/http/tokens.js';
import { RequestFailed } from '../../apps/cli/src/client.js';
import { allEvents, realClock, realRandomness } from '../support/real.js';
import { ADMIN_KEY, startServer, type TestServer } from './test-support/server.js';

const TEXT = 'The court set Person A free on bail: report to the police once a week, and stay in Town A.';
const [BAIL, CORRECTION] = [derivedId('upcasting', 'bail', 0), derivedId('upcasting', 'correction', 0)];
const FIRST = 'report to the police';
const THEN = 'report to the police once a week';

/** The forms of version 1. */
const then = createEventCodec(
  [
    { type: 'BailGranted', schemaVersion: 1, personal: ['/conditions', '/note'] },
    { type: 'FactCorrected', schemaVersion: 1, personal: ['/reason', '/data/conditions'], embedded: '/data' },
  ],
  realRandomness,
);

let server: TestServer;
let person: string;
let source: string;
let cited: object;

beforeAll(async () => {
  server = await startServer();
  source = (await server.record('sources', { type: 'report', title: 'A report', lang: 'en', text: TEXT })).id;
  cited = { citations: [{ sourceId: source, quote: { exact: 'on bail' } }], basis: 'reported', confidence: 'medium' };
  const names = [{ text: 'Person A', kind: 'legal' }];
  person = (await server.record('persons', { names, citations: [{ sourceId: source }] })).id;
  await server.stop();
  await recordAsThen();
  server = await startServer(server.folder);
  await read(positionToken({ stream: streamName('person', person), revision: 2 }));
}, 60_000);
afterAll(() => server.end());

/** What the older program recorded: a fact, and a correction of it. */
async function recordAsThen(): Promise<void> {
  const { folder } = server;
  const store = await openSqliteLog({ folder, mode: 'own' });
  const keys = await openSqliteKeyStore({ folder, mode: 'write', randomness: realRandomness });
  const stream = streamName('person', person);
  const [start] = await allEvents(store);
  const last = (await allEvents(store, stream)).at(-1)!;
  const citations = [{ sourceId: source, at: { start: 30, end: 37, version: 1 } }];
  const fact = { citations, basis: 'reported', confidence: 'medium', occurred: '2021-05' };
  const { events } = then.encode(
    [
      { id: BAIL, type: 'BailGranted', data: { ...fact, conditions: [FIRST] } },
      {
        id: CORRECTION,
        type: 'FactCorrected',
        data: {
          fact: BAIL,
          factType: { type: 'BailGranted', schemaVersion: 1 },
          data: { ...fact, conditions: [THEN, 'stay in Town A'] },
          reason: 'how often was left out',
          citations,
        },
      },
    ],
    {
      logId: (JSON.parse(start!.data) as { logId: string }).logId,
      stream,
      head: { revision: last.revision, hash: readMetadata(last.metadata)!.hash },
      key: await keys.obtain(stream),
      recordedAt: realClock.now(),
      recordedBy: 'key:then',
      correlationId: 'then',
      visibility: 'internal',
    },
  );
  await store.append(stream, events, last.revision);
  await store.close();
  await keys.close();
}

async function read(position?: string): Promise<PersonView> {
  const query = position === undefined ? '' : `?minPosition=${position}`;
  return (await server.client.request<PersonView>(`/v1/persons/${person}${query}`)).body;
}

const factOf = (view: PersonView, event: string) => view.timeline.find((fact) => fact.event === event);
const other = (text: string) => ({ kind: 'other', text });

test('the fact and what a correction holds of it are shown as of today', async () => {
  const fact = factOf(await read(), BAIL);
  expect(fact).toMatchObject({ standing: 'corrected', occurred: '2021-05' });
  expect(fact?.data).toEqual({ obligations: [other(THEN), other('stay in Town A')] });
  const before = await server.client.request<PersonView>(`/v1/persons/${person}?knownAt=${fact!.seq}`);
  expect(factOf(before.body, BAIL)?.data).toEqual({ obligations: [other(FIRST)] });
});

test('what is stored stays as it was written', async () => {
  const page = await server.client.request<EventsPage>(`/v1/events?stream=${streamName('person', person)}`);
  const stored = page.body.items.filter(({ type }) => type === 'BailGranted' || type === 'FactCorrected');
  expect(stored.map(({ id, metadata }) => [id, (metadata as { schemaVersion: number }).schemaVersion])).toEqual([
    [BAIL, 1],
    [CORRECTION, 1],
  ]);
  const store = await openSqliteLog({ folder: server.folder, mode: 'read' });
  const codec = createRecordCodec(realRandomness);
  expect((await verifyLog({ store })).faults).toEqual([]);
  await store.close();
  // And is proved so to others.
  await server.client.request<Seal>('/v1/seals', { method: 'POST' });
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const answer = await fetch(`${server.url}/v1/persons/${person}/bundle`, { headers });
  const files = unzip(Buffer.from(await answer.arrayBuffer()), 2 ** 24);
  expect(verifyBundle({ files, codec }).faults).toEqual([]);
  expect(Buffer.from(files.get('opened.jsonl')!).toString()).toContain('"/conditions"');
});

test('it is corrected and recorded by the payload of today alone', async () => {
  const obligations = [{ kind: 'reporting', text: THEN }, { kind: 'residence' }];
  const path = `persons/${person}`;
  const { position } = await server.record(`${path}/corrections`, {
    fact: BAIL,
    data: { ...cited, occurred: '2021-05', obligations },
    reason: 'by their kinds',
    citations: [{ sourceId: source }],
  });
  expect(factOf(await read(position), BAIL)?.data).toEqual({ obligations });
  const later = await server.record(`${path}/bail`, { ...cited, occurred: '2022', obligations });
  expect(factOf(await read(later.position), later.id)?.data).toEqual({ obligations });
  const refused = await server
    .record(`${path}/bail`, { ...cited, conditions: [THEN] })
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RequestFailed);
  expect((refused as RequestFailed).problem.errors).toMatchObject([{ code: 'unknown-field', pointer: '/conditions' }]);
});
