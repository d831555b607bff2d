/** A log that an older program wrote, under a server of today: what it holds is read as the newest, and stays as it was written. */
import { openSqliteKeyStore } from '#access';
import { unzip, verifyBundle, verifyLog, type Seal } from '#audit';
import { openSqliteLog } from '#event-store-sqlite';
import { derivedId, streamName } from '#kernel';
import { createEventCodec, createRecordCodec, readMetadata } from '#log-format';
import type { GroupView } from '#projections';
import type { EventsPage } from '../../apps/api/src/http/event-routes.js';
import { positionsOf } from './test-support/positions-of.js';
import { RequestFailed } from '../../apps/cli/src/client.js';
import { allEvents, realClock, realRandomness } from '../support/real.js';
import { ADMIN_KEY, startServer, type TestServer } from './test-support/server.js';

const TEXT = 'The registration of Party A lapsed by article 12: it took part in no election, and had no seat.';
const [LAPSE, CORRECTION] = [derivedId('upcasting', 'lapse', 0), derivedId('upcasting', 'correction', 0)];
const FIRST = { text: 'it took part in no election' };
const SECOND = { article: '12', text: 'it had no seat' };

/** The forms of version 1. */
const then = createEventCodec(
  [
    { type: 'RegistrationLapsed', schemaVersion: 1, personal: ['/grounds/*/text', '/note'] },
    { type: 'FactCorrected', schemaVersion: 1, personal: ['/reason', '/data/grounds/*/text'], embedded: '/data' },
  ],
  realRandomness,
);

let server: TestServer;
let group: string;
let source: string;
let cited: object;

beforeAll(async () => {
  server = await startServer();
  source = (await server.record('sources', { type: 'report', title: 'A report', lang: 'en', text: TEXT })).id;
  cited = { citations: [{ sourceId: source, quote: { exact: 'lapsed' } }], basis: 'reported', confidence: 'medium' };
  const names = [{ text: 'Party A', kind: 'legal' }];
  group = (await server.record('groups', { names, kind: 'party', citations: [{ sourceId: source }] })).id;
  await server.stop();
  await recordAsThen();
  server = await startServer(server.folder);
  const positions = await positionsOf(server.folder);
  await read(positions.token({ stream: streamName('group', group), revision: 2 }));
}, 60_000);
afterAll(() => server.end());

/** What the older program recorded: a fact, and a correction of it. */
async function recordAsThen(): Promise<void> {
  const { folder } = server;
  const store = await openSqliteLog({ folder, mode: 'own' });
  const keys = await openSqliteKeyStore({ folder, mode: 'write', randomness: realRandomness });
  const stream = streamName('group', group);
  const [start] = await allEvents(store);
  const last = (await allEvents(store, stream)).at(-1)!;
  const citations = [{ sourceId: source, at: { start: 28, end: 34, version: 1 } }];
  const fact = { citations, basis: 'reported', confidence: 'medium', occurred: '2021-05' };
  const { events } = then.encode(
    [
      { id: LAPSE, type: 'RegistrationLapsed', data: { ...fact, grounds: [FIRST] } },
      {
        id: CORRECTION,
        type: 'FactCorrected',
        data: {
          fact: LAPSE,
          factType: { type: 'RegistrationLapsed', schemaVersion: 1 },
          data: { ...fact, grounds: [FIRST, SECOND] },
          reason: 'one was left out',
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

async function read(position?: string): Promise<GroupView> {
  const query = position === undefined ? '' : `?minPosition=${position}`;
  return (await server.client.request<GroupView>(`/v1/groups/${group}${query}`)).body;
}

const factOf = (view: GroupView, event: string) => view.timeline.find((fact) => fact.event === event);

test('the fact and what a correction holds of it are shown as of today', async () => {
  const fact = factOf(await read(), LAPSE);
  expect(fact).toMatchObject({ standing: 'corrected', occurred: '2021-05' });
  expect(fact?.data).toEqual({ reason: 'it took part in no election\n12: it had no seat' });
  const before = await server.client.request<GroupView>(`/v1/groups/${group}?knownAt=${fact!.seq}`);
  expect(factOf(before.body, LAPSE)?.data).toEqual({ reason: 'it took part in no election' });
});

test('what is stored stays as it was written', async () => {
  const page = await server.client.request<EventsPage>(`/v1/events?stream=${streamName('group', group)}`);
  const stored = page.body.items.filter(({ type }) => type === 'RegistrationLapsed' || type === 'FactCorrected');
  expect(stored.map(({ id, metadata }) => [id, (metadata as { schemaVersion: number }).schemaVersion])).toEqual([
    [LAPSE, 1],
    [CORRECTION, 1],
  ]);
  const store = await openSqliteLog({ folder: server.folder, mode: 'read' });
  const codec = createRecordCodec(realRandomness);
  expect((await verifyLog({ store })).faults).toEqual([]);
  await store.close();
  // And is proved so to others.
  await server.client.request<Seal>('/v1/seals', { method: 'POST' });
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const answer = await fetch(`${server.url}/v1/groups/${group}/bundle`, { headers });
  const files = unzip(Buffer.from(await answer.arrayBuffer()), 2 ** 24);
  expect(verifyBundle({ files, codec }).faults).toEqual([]);
  expect(Buffer.from(files.get('opened.jsonl')!).toString()).toContain('"/grounds/0/text"');
});

test('it is corrected and recorded by the payload of today alone', async () => {
  const reason = 'it took part in two elections only';
  const path = `groups/${group}`;
  const { position } = await server.record(`${path}/corrections`, {
    fact: LAPSE,
    data: { ...cited, occurred: '2021-05', reason },
    reason: 'it was misread',
    citations: [{ sourceId: source }],
  });
  expect(factOf(await read(position), LAPSE)?.data).toEqual({ reason });
  const later = await server.record(`${path}/lapses`, { ...cited, occurred: '2022', reason });
  expect(factOf(await read(later.position), later.id)?.data).toEqual({ reason });
  const refused = await server
    .record(`${path}/lapses`, { ...cited, grounds: [FIRST] })
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RequestFailed);
  expect((refused as RequestFailed).problem.errors).toMatchObject([{ code: 'unknown-field', pointer: '/grounds' }]);
});
