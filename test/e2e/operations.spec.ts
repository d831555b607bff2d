/** What the server does when the machine fails it: a killed process, a full disk, an event that the views cannot take in. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openSqliteLog } from '#event-store-sqlite';
import { Client, RequestFailed } from '../../apps/cli/src/client.js';
import { run } from '../support/server-process.js';
import { ADMIN_KEY, startServer, temporaryFolder } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));
const API = fileURLToPath(new URL('../../apps/api/src/main.js', import.meta.url));

/** A server as a process; `limit`: a line of shell before it. */
async function launch(data: string, limit = ''): Promise<{ readonly child: ChildProcess; readonly client: Client }> {
  const child = spawn('bash', ['-c', `${limit}exec "$@"`, 'bash', process.execPath, API], {
    env: { PATH: process.env.PATH ?? '', HABEAS_DATA: data, HABEAS_PORT: '0', HABEAS_ADMIN_KEY: ADMIN_KEY },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  for await (const text of child.stdout) {
    output += String(text);
    if (output.includes('data folder')) break;
  }
  return { child, client: new Client(/http:\/\/[\d.]+:\d+/.exec(output)?.[0] ?? '', ADMIN_KEY) };
}

const person = { names: [{ text: 'Somebody', kind: 'legal' }] };

async function enterSource(client: Client): Promise<string> {
  const body = { type: 'report', title: 'A report', lang: 'en' };
  return (await client.request<{ id: string }>('/v1/sources', { method: 'POST', body })).body.id;
}

/** Everything of one kind that the record lists. */
async function all(client: Client, position: string): Promise<ReadonlySet<string>> {
  interface Page {
    readonly items: readonly { readonly id: string }[];
    readonly next?: string;
  }
  const found = new Set<string>();
  let query = `minPosition=${position}&limit=200`;
  for (;;) {
    const { body } = await client.request<Page>(`/v1/persons?${query}`);
    for (const item of body.items) found.add(item.id);
    if (body.next === undefined) return found;
    query = `limit=200&cursor=${encodeURIComponent(body.next)}`;
  }
}

/** So many acknowledged, with more under way: a load has a middle on a slow machine too. */
const MIDDLE = 60;

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'ended by %s in the middle of load, it has everything that it acknowledged',
  async (signal) => {
    const data = temporaryFolder();
    try {
      const first = await launch(data);
      const source = await enterSource(first.client);
      const acknowledged = new Set<string>();
      let position = '';
      const load = Array.from({ length: 8 }, async () => {
        for (;;) {
          const answer = await first.client.request<{ id: string }>('/v1/persons', {
            method: 'POST',
            body: { ...person, citations: [{ sourceId: source, locator: 'p. 1' }] },
          });
          acknowledged.add(answer.body.id);
          if (acknowledged.size === MIDDLE) first.child.kill(signal);
          position = answer.headers.get('habeas-position') ?? '';
        }
      });
      await Promise.allSettled(load);
      if (first.child.signalCode === null && first.child.exitCode === null) await once(first.child, 'exit');
      if (signal === 'SIGTERM') expect(first.child.exitCode).toBe(0);
      expect(acknowledged.size).toBeGreaterThanOrEqual(MIDDLE);

      const second = await launch(data);
      const found = await all(second.client, position);
      expect([...acknowledged].filter((id) => !found.has(id))).toEqual([]);
      second.child.kill('SIGTERM');
      await once(second.child, 'exit');
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  },
  60_000,
);

const limits = spawnSync('bash', ['-c', 'ulimit -S -f 1000']).status === 0;
if (!limits) console.warn('Skipped below, because this machine does not allow it: a limit on the size of files.');

(limits ? test : test.skip)(
  'a full disk is told as such; what was acknowledged stays, and reads go on',
  async () => {
    const data = temporaryFolder();
    try {
      const full = await launch(data, 'ulimit -S -f 2000; ');
      const body = { type: 'report', title: 'A report', lang: 'en', text: 'Words. '.repeat(10_000) };
      const acknowledged: string[] = [];
      let failure: unknown;
      while (failure === undefined && acknowledged.length < 200) {
        await full.client.request<{ id: string }>('/v1/sources', { method: 'POST', body }).then(
          (answer) => acknowledged.push(answer.body.id),
          (error: unknown) => (failure = error),
        );
      }
      expect(failure).toBeInstanceOf(RequestFailed);
      expect(failure).toMatchObject({ status: 507, code: 'disk-full' });
      expect(acknowledged.length).toBeGreaterThan(2);
      expect((await full.client.request('/v1/sources')).status).toBe(200);
      full.child.kill('SIGTERM');
      await once(full.child, 'exit');

      const server = await startServer(data);
      const { body: again } = await server.client.request<{ id: string }>('/v1/sources', { method: 'POST', body });
      for (const id of [...acknowledged, again.id]) {
        const found = async (): Promise<number> =>
          server.client.request(`/v1/sources/${id}`).then(
            ({ status }) => status,
            () => 0,
          );
        const deadline = Date.now() + 5_000;
        while ((await found()) !== 200 && Date.now() < deadline)
          await new Promise((resolve) => setTimeout(resolve, 20));
        expect(await found()).toBe(200);
      }
      await server.end();
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  },
  60_000,
);

test('an event that the views cannot take in is named by readiness, and what came before it is served', async () => {
  const before = await startServer();
  const { folder } = before;
  const source = await enterSource(before.client);
  const read = async (client: Client): Promise<number> => (await client.request(`/v1/sources/${source}`)).status;
  const ready = async (url: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`${url}/health/ready`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  await before.client.request(`/v1/sources?limit=1`);
  expect(await ready(before.url)).toMatchObject({ status: 200, body: { status: 'ready', ceilings: {} } });
  await before.client.request('/v1/keys', { method: 'POST', body: { name: 'a newsroom', scopes: ['read'] } });
  await before.stop();

  const id = randomUUID();
  const log = await openSqliteLog({ folder, mode: 'own' });
  await log.append(
    `habeasPerson-${randomUUID()}`,
    [{ id, type: 'NeverHeardOf', data: '{}', metadata: '{}' }],
    'no-stream',
  );
  await log.close();

  const after = await startServer(folder);
  const ofAll = (body: Record<string, unknown>): unknown => body.views;
  const until = async (state: string, of = ofAll): Promise<void> => {
    const deadline = Date.now() + 5_000;
    const isIt = async (): Promise<boolean> => (of((await ready(after.url)).body) as { state: string }).state === state;
    while (!(await isIt()) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await until('stopped');
  expect(await ready(after.url)).toMatchObject({
    status: 503,
    body: { status: 'not-ready', views: { state: 'stopped', poison: { event: id, type: 'NeverHeardOf' } } },
  });
  await until('stopped', (body) => (body.ceilings as { internal: { state: string } }).internal);
  expect((await ready(after.url)).body).toMatchObject({
    ceilings: { internal: { state: 'stopped', poison: { event: id } } },
  });
  expect(await read(after.client)).toBe(200);
  // What is recorded behind it is safe in the log; a read that asks for it is told why it has to wait.
  const answer = await after.client.request<{ id: string }>('/v1/sources', {
    method: 'POST',
    body: { type: 'report', title: 'Another', lang: 'en' },
  });
  const position = answer.headers.get('habeas-position') ?? '';
  await expect(after.client.request(`/v1/sources?minPosition=${position}`)).rejects.toMatchObject({
    status: 503,
    code: 'views-stopped',
  });

  // Somebody looks at it, and has the views go on without it.
  const skip = (event: unknown): Promise<{ status: number }> =>
    after.client.request('/v1/views/skips', { method: 'POST', body: { event } });
  await expect(skip(7)).rejects.toMatchObject({ status: 422, code: 'invalid-event' });
  await expect(skip(randomUUID())).rejects.toMatchObject({ status: 409, code: 'not-stopped-there' });
  const skipping = run(CLI, ['skip', id], { environment: { HABEAS_URL: after.url, HABEAS_KEY: ADMIN_KEY } });
  expect([await skipping.ended, skipping.errors()]).toEqual([0, '']);
  expect(skipping.output()).toMatch(new RegExp(`^Event ${id} is passed over by server `));
  expect((await after.client.request(`/v1/sources?minPosition=${position}`)).status).toBe(200);
  await until('live');
  await until('live', (body) => (body.ceilings as { internal: { state: string } }).internal);
  expect(await ready(after.url)).toMatchObject({
    status: 200,
    body: { views: { state: 'live' }, ceilings: { internal: { state: 'live' } } },
  });
  await expect(skip(id)).rejects.toMatchObject({ status: 409, code: 'not-stopped-there' });
  await after.end(/^The views stopped at event [0-9a-f-]+ \(NeverHeardOf, revision 0 of /);
}, 120_000);
