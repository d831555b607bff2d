/** The server as its user meets it: a process, its first words, its refusals to start, and its end. */
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killAll, run, runServer, stop as stopProcess, urlOf, type Run } from '../support/server-process.js';
import { positionsOf } from './test-support/positions-of.js';
import { ADMIN_KEY, temporaryFolder } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

const folders = new Set<string>();

function folder(): string {
  const made = temporaryFolder();
  folders.add(made);
  return made;
}

const api = (data: string, environment: Readonly<Record<string, string>> = {}): Run => runServer(data, { environment });

async function stop(server: Run, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  expect(await stopProcess(server, signal)).toBe(0);
}

afterEach(async () => {
  await killAll();
  for (const made of folders) rmSync(made, { recursive: true, force: true });
  folders.clear();
});

test('it says where it listens, gives its key once, and ends cleanly on either signal', async () => {
  const data = folder();
  const first = api(data);
  await first.says('data folder');
  await first.says('admin key');
  const key = /admin key\s+(\S+)/.exec(first.output())?.[1] ?? '';
  const answer = await fetch(`${urlOf(first)}/v1/persons`, { headers: { authorization: `Bearer ${key}` } });
  expect([answer.status, await answer.json()]).toMatchObject([200, { items: [] }]);
  await stop(first, 'SIGTERM');
  expect(first.errors()).toBe('');

  const second = api(data);
  await second.says('data folder');
  const again = await fetch(`${urlOf(second)}/v1/persons`, { headers: { authorization: `Bearer ${key}` } });
  expect(again.status).toBe(200);
  await stop(second, 'SIGINT');
  expect(second.output()).not.toContain('admin key');
  expect(second.errors()).toBe('');
}, 120_000);

/** One clear sentence (or two) on standard error, no stack, exit code 1. */
async function refusesToStart(server: Run, why: RegExp): Promise<void> {
  expect(await server.ended).toBe(1);
  expect(server.errors()).toMatch(why);
  expect(server.errors().trim().split('\n')).toHaveLength(1);
  expect(server.output()).toBe('');
}

test('a busy port', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const port = String((busy.address() as AddressInfo).port);
  const data = folder();
  try {
    await refusesToStart(api(data, { HABEAS_PORT: port }), new RegExp(`^Port ${port} of 127.0.0.1 is in use`));
  } finally {
    busy.close();
  }
  // The key of the first run is not used up by a run that could not show it.
  const server = api(data);
  await server.says('admin key');
  await stop(server);
}, 120_000);

test('a data folder in use', async () => {
  const data = folder();
  const owner = api(data);
  await owner.says('data folder');
  await refusesToStart(api(data), /^The data folder .* is in use by another Habeas/);
  await stop(owner);
}, 120_000);

test('a file in the place of the folder, a foreign file in the place of the log: left as they are', async () => {
  const data = folder();
  const file = join(data, 'file');
  writeFileSync(file, 'mine');
  await refusesToStart(api(file), /^HABEAS_DATA is .*, which is not a folder/);
  expect(readFileSync(file, 'utf8')).toBe('mine');

  const foreign = join(data, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'log.db'), 'This is no log of Habeas. '.repeat(200));
  await refusesToStart(api(foreign), /is not a log of Habeas/);
  expect(readFileSync(join(foreign, 'log.db'), 'utf8')).toBe('This is no log of Habeas. '.repeat(200));
}, 120_000);

test('settings that cannot be', async () => {
  await refusesToStart(api(folder(), { HABEAS_PORT: 'http' }), /^HABEAS_PORT is "http"/);
  await refusesToStart(api(folder(), { HABEAS_LOG: 'http://localhost:2113' }), /^HABEAS_LOG is not understood/);
  await refusesToStart(
    api(folder(), { HABEAS_LOG: 'esdb://127.0.0.1:1?tls=false' }),
    /^The EventStoreDB of HABEAS_LOG does not answer/,
  );
  await refusesToStart(api(folder(), { HABEAS_ADMIN_KEY: 'short' }), /^HABEAS_ADMIN_KEY cannot be used/);
  await refusesToStart(api(folder(), { HABEAS_MASTER_KEY: 'short' }), /^HABEAS_MASTER_KEY/);
  await refusesToStart(api(folder(), { HABEAS_HOST: '203.0.113.7' }), /^HABEAS_HOST is 203.0.113.7/);
}, 120_000);

function readOnlyFolder(): string {
  const made = folder();
  chmodSync(made, 0o500);
  return made;
}

test('a folder that may not be written', async () => {
  // Root may write everywhere; there the file system itself has to refuse.
  const data = process.getuid?.() === 0 ? '/sys/habeas' : readOnlyFolder();
  const server = api(join(data, 'data'));
  expect(await server.ended).toBe(1);
  expect(server.errors()).toMatch(/^The data folder .* cannot be (written|made)/);
  expect(server.errors().trim().split('\n')).toHaveLength(1);
}, 120_000);

test('the demo shows the case, and shows the same when it is run again', async () => {
  const data = join(folder(), 'demo');
  const shown: string[] = [];
  for (const _ of [1, 2]) {
    const demo = run(CLI, ['demo', '--exit', '--data', data], { environment: { HABEAS_PORT: '0' } });
    expect([await demo.ended, demo.errors()]).toEqual([0, '']);
    // What it hears of at its end happens anew each time.
    const [before = '', after = ''] = demo.output().split(/^Listening: [^]*^ {2}heard .*$/m);
    shown.push((before + after).replaceAll(/127\.0\.0\.1:\d+/g, 'HOST'));
  }
  expect(shown[0]).toBe(shown[1]);
  expect(shown[0]).toMatch(/The people in it are real/);
  expect(shown[0]).toMatch(/not verified/);
  expect(shown[0]).toContain('Vy was let out on 20 November last year.');
  expect(shown[0]).toContain('HOST/docs');
  // No colours where nobody looks at a terminal.
  expect(shown[0]).not.toContain('\u001b');
  expect(existsSync(join(data, 'log.db'))).toBe(true);
  expect(readdirSync(data)).toContain('demo-key');
}, 120_000);

test('keys are made, listed and revoked from the command line', async () => {
  const server = api(folder());
  await server.says('data folder');
  await server.says('admin key');
  const environment = { HABEAS_URL: urlOf(server), HABEAS_KEY: /admin key\s+(\S+)/.exec(server.output())?.[1] ?? '' };
  const keys = async (...args: readonly string[]): Promise<Run> => {
    const done = run(CLI, ['keys', ...args], { environment });
    await done.ended;
    return done;
  };
  const made = await keys('create', '--name', 'newsroom', '--scopes', 'read,record');
  const key = made.output().trim();
  const ask = async (method: string): Promise<number> =>
    (
      await fetch(`${environment.HABEAS_URL}/v1/persons`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: '{}' } : {}),
      })
    ).status;
  expect([await ask('GET'), await ask('POST')]).toEqual([200, 422]);
  const listed = await keys('list');
  expect(listed.output()).toContain('newsroom');
  expect(listed.output()).not.toContain(key);
  const id = /│ (\S+) +│ newsroom/.exec(listed.output())?.[1] ?? '';
  await keys('revoke', id);
  expect(await ask('GET')).toBe(401);

  const bad = await keys('create', '--name', 'x', '--scopes', 'everything');
  expect([await bad.ended, bad.errors().trim()]).toEqual([1, expect.stringMatching(/^Scopes are among/)]);
  const unreached = run(CLI, ['keys', 'list'], { environment: { ...environment, HABEAS_URL: 'http://127.0.0.1:1' } });
  expect([await unreached.ended, unreached.errors().trim()]).toEqual([1, 'No server answers at http://127.0.0.1:1.']);
  await stop(server);
}, 120_000);

test('told to end, it takes nothing more, answers what is under way, and ends with 0', async () => {
  const data = folder();
  const server = api(data, { HABEAS_ADMIN_KEY: ADMIN_KEY, HABEAS_LOG_LEVEL: 'error' });
  await server.says('data folder');
  const url = urlOf(server);
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
  const source = JSON.stringify({ type: 'report', title: 'A report', lang: 'en' });
  const post = (): Promise<Response> => fetch(`${url}/v1/sources`, { method: 'POST', headers, body: source });
  const entered = await post();
  const positions = await positionsOf(data);
  const { stream, revision } = positions.read(entered.headers.get('habeas-position') ?? '');
  await entered.text();
  // Waits some seconds for an event that never comes.
  const never = positions.token({ stream, revision: revision + 1 });
  const waiting = fetch(`${url}/v1/sources?minPosition=${never}`, { headers });
  const recording = Promise.all(Array.from({ length: 20 }, async () => (await post()).status));
  expect(await recording).toEqual(Array.from({ length: 20 }, () => 201));
  server.process.kill('SIGTERM');
  const answer = await waiting;
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'not-yet-visible']);
  // Nothing is told to stay on a server that goes.
  expect(answer.headers.get('connection')).toBe('close');
  await expect(post()).rejects.toThrow();
  expect([await server.ended, server.errors()]).toEqual([0, '']);
}, 60_000);
