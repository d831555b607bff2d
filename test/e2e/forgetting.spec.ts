/**
 * A person is forgotten by a server that has everything which could remember them: views of all ceilings, search, a rebuild under way,
 * streams, webhooks that wait, bundles and backups that were made. Every byte of its folder is searched, while it runs and after.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import type { HistoryPage, ListPage, PersonView, SearchPage } from '#projections';
import { Client } from '../../apps/cli/src/client.js';
import { HookReceiver } from '../support/hook-receiver.js';
import { killAll, ready, run, runServer, stop, type Run } from '../support/server-process.js';
import { until } from '../support/until.js';
import { wordsInFiles } from '../support/words-in-files.js';
import { ERASED, erasePerson, recordPerson, review, type Told } from './test-support/erasing.js';
import { EventStream } from './test-support/event-stream.js';
import { ADMIN_KEY, temporaryFolder } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

let data: string;
let outside: string;
let server: Run;
let client: Client;
let receiver: HookReceiver;
let told: Told;
/** By ceiling. */
const readers = new Map<string, Client>();

async function start(): Promise<void> {
  server = runServer(data, {
    environment: { HABEAS_ADMIN_KEY: ADMIN_KEY, HABEAS_WEBHOOKS_INSIDE: '127.0.0.1' },
  });
  client = new Client(await ready(server), ADMIN_KEY);
}

async function habeas(...args: readonly string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const done = run(CLI, args, { environment: { HABEAS_DATA: data, HABEAS_URL: client.url, HABEAS_KEY: ADMIN_KEY } });
  const code = await done.ended;
  return { code, output: done.output(), errors: done.errors().trim() };
}

const post = async <Body>(path: string, body?: object): Promise<Body> =>
  (await client.request<Body>(path, { method: 'POST', ...(body && { body }) })).body;

beforeAll(async () => {
  data = temporaryFolder();
  outside = temporaryFolder();
  receiver = await HookReceiver.start();
  await start();
  for (const ceiling of ['public', 'internal', 'confidential']) {
    const { key } = await post<{ key: string }>('/v1/keys', { name: ceiling, scopes: ['read', 'webhooks'], ceiling });
    readers.set(ceiling, new Client(client.url, key));
  }
  receiver.answer = () => 503;
  receiver.secret = (await post<{ secret: string }>('/v1/webhooks', { url: receiver.url, name: 'Waits' })).secret;
  told = await recordPerson(client);
  for (const reader of readers.values())
    await reader.request(`/v1/search?q=${ERASED[0] ?? ''}&minPosition=${told.position}`);
}, 60_000);

afterAll(async () => {
  await killAll();
  await receiver.stop();
  for (const folder of [data, outside]) rmSync(folder, { recursive: true, force: true });
});

/** What somebody is shown of the person, by each ceiling, without the moment of the answer. */
async function shown(): Promise<readonly Omit<PersonView, 'asOf'>[]> {
  return Promise.all(
    [...readers].map(async ([, reader]) => {
      const { asOf: _, ...view } = (await reader.request<PersonView>(`/v1/persons/${told.person}`)).body;
      return view;
    }),
  );
}

test('nothing of them is left in the folder, in what is answered, in what is handed out from then on', async () => {
  const before = await shown();
  const stream = await EventStream.open(`${client.url}/v1/status-changes/stream`);
  await until(() => receiver.received.length > 0);
  const held = wordsInFiles(data, ERASED).join('\n');
  for (const word of ERASED) expect(held).toContain(word);
  for (const file of ['views-public', 'views-internal', 'in search_index_1']) expect(held).toContain(file);
  expect((await habeas('bundle', 'person', told.person, join(outside, 'before.zip'))).errors).toMatch(
    /not-sealed-yet|seal/,
  );
  await post('/v1/seals');
  expect(await habeas('bundle', 'person', told.person, join(outside, 'before.zip'))).toMatchObject({ code: 0 });
  expect(await habeas('backup', join(outside, 'before'))).toMatchObject({ code: 0 });

  await post('/v1/views/rebuild');
  const begun = await erasePerson(client, told.person);
  const done = await review(client, begun.id);
  expect(done).toMatchObject({
    state: 'certified',
    nodes: [{ live: true }],
    certificate: { outOfReach: { nodes: [] } },
  });
  expect(wordsInFiles(data, ERASED)).toEqual([]);

  // While it goes on: what is recorded, sealed, rebuilt and told from then on.
  const note = 'Somebody else.';
  await client.request(`/v1/persons/${told.other}/releases`, {
    method: 'POST',
    body: {
      occurred: '2018',
      reason: 'served',
      note,
      citations: [{ sourceId: told.source, quote: { exact: 'away' } }],
      basis: 'reported',
      confidence: 'medium',
    },
  });
  await post('/v1/seals');
  expect(await habeas('rebuild')).toMatchObject({ code: 0 });
  const then = receiver.received.length;
  receiver.answer = () => 204;
  await until(() => receiver.received.length > then, 20_000);
  expect(JSON.stringify(receiver.received.slice(then).map(({ event }) => event))).not.toMatch(
    new RegExp(ERASED.join('|')),
  );
  expect(await habeas('bundle', 'person', told.person, join(outside, 'after.zip'))).toMatchObject({ code: 0 });
  expect(await habeas('backup', join(outside, 'after'))).toMatchObject({
    code: 0,
    output: expect.stringContaining('erased'),
  });
  mkdirSync(join(outside, 'replayed'));
  expect(await habeas('replay', '--known-at', '12', '--out', join(outside, 'replayed', 'views-then.db'))).toMatchObject(
    { code: 0 },
  );
  expect(wordsInFiles(data, ERASED)).toEqual([]);
  const handedOut = ['before', 'after'].map((name) => {
    const folder = join(outside, `unpacked-${name}`);
    mkdirSync(folder);
    const files = unzipSync(readFileSync(join(outside, `${name}.zip`)));
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file.replaceAll('/', '-')), bytes);
    return wordsInFiles(folder, ERASED).length;
  });
  // What was handed out before holds what it held; nothing reaches that.
  expect(handedOut).toEqual([expect.any(Number), 0]);
  expect(handedOut[0]).toBeGreaterThan(ERASED.length);
  for (const folder of ['after', 'replayed']) expect(wordsInFiles(join(outside, folder), ERASED)).toEqual([]);

  // Whoever asks, for whichever moment.
  for (const [n, view] of (await shown()).entries()) {
    expect(view).toMatchObject({ erased: true, names: [], axes: before[n]?.axes });
    expect(view.timeline.map(({ event, occurred }) => [event, occurred])).toEqual(
      before[n]?.timeline.map(({ event, occurred }) => [event, occurred]),
    );
  }
  const asked = (await Promise.all(
    [client, ...readers.values()].flatMap((each) =>
      [
        `persons/${told.person}`,
        `persons/${told.person}/history`,
        `persons/${told.person}?knownAt=12`,
        `persons/${told.other}`,
        `sources/${told.source}`,
        `sources/${told.source}/citations`,
        `statements/${told.statement}`,
        'persons?limit=200',
        'persons?knownAt=12',
        'sources',
        'status-changes',
        'search?q=away',
      ].map(async (path) => (await each.request<HistoryPage | ListPage | SearchPage>(`/v1/${path}`)).body),
    ),
  )) as readonly object[];
  const answers = JSON.stringify(asked).normalize('NFC').toLowerCase();
  for (const word of ERASED) expect(answers).not.toContain(word.toLowerCase());
  expect(answers).toContain('ada miller');
  for (const word of ERASED)
    expect((await client.request<SearchPage>(`/v1/search?q=${encodeURIComponent(word)}`)).body.items).toEqual([]);

  // Chain, seals, bundles and views.
  for (const args of [
    ['verify'],
    ['check'],
    ['verify', join(outside, 'before.zip')],
    ['verify', join(outside, 'after.zip')],
  ])
    expect([args, await habeas(...args)]).toEqual([args, expect.objectContaining({ code: 0 })]);
  expect(stream.ended).toBe(false);

  expect(await stop(server)).toBe(0);
  expect(wordsInFiles(data, ERASED)).toEqual([]);
  await start();
  expect((await client.request<PersonView>(`/v1/persons/${told.person}`)).body).toMatchObject({ erased: true });
  expect(wordsInFiles(data, ERASED)).toEqual([]);
}, 180_000);
