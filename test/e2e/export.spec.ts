/** `habeas export` and `habeas import --log`, as processes: a record goes into a file and comes out of it as the same record. */
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Seal } from '#audit';
import { enterCase, type Entered } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { readLog } from '../crash/test-support/examine.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { run } from '../support/server-process.js';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

type Environment = Readonly<Record<string, string>>;

const folders: string[] = [];
let server: TestServer;
let entered: Entered;
let seal: Seal;
let simulator: Simulator;
/** Of the record as it is from here on, but for what a spec adds. */
let file: string;
let lines: readonly string[];

function place(name = ''): string {
  const folder = temporaryFolder();
  folders.push(folder);
  return join(folder, name);
}

async function habeas(args: readonly string[], environment: Environment = {}) {
  const done = run(CLI, args, { environment });
  const code = await done.ended;
  return { code, output: done.output(), errors: done.errors().trim() };
}

const importing = (from: string, to: string) => habeas(['import', '--log', from], { HABEAS_DATA: to });

function write(name: string, text: string): string {
  const written = place(name);
  writeFileSync(written, text);
  return written;
}

beforeAll(async () => {
  simulator = await Simulator.start();
  server = await startServer();
  entered = await enterCase(server.client, firstCase);
  await server.client.request(`/v1/sources?minPosition=${entered.last}`);
  seal = (await server.client.request<Seal>('/v1/seals', { method: 'POST' })).body;
  file = place('export.jsonl');
  const exported = await habeas(['export', file], { HABEAS_DATA: server.folder });
  expect(exported).toMatchObject({ code: 0, errors: '' });
  lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  expect(exported.output).toContain(`Exported ${lines.length} events to ${file}\n`);
  expect(lines).toHaveLength(seal.size + 1);
}, 120_000);

afterAll(async () => {
  await server.end();
  await simulator.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test('the file is what GET /v1/events gives, and what is printed or packed', async () => {
  const answer = await fetch(`${server.url}/v1/events`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}`, accept: 'application/jsonl' },
  });
  expect(await answer.text()).toBe(readFileSync(file, 'utf8'));
  const environment = { HABEAS_DATA: server.folder };
  const printed = await habeas(['export', '-'], environment);
  expect(printed).toMatchObject({ code: 0, output: readFileSync(file, 'utf8') });
  expect(printed.errors).toContain(`Exported ${lines.length} events`);
  const packed = place('export.jsonl.gz');
  expect(await habeas(['export', packed], environment)).toMatchObject({ code: 0 });
  expect(gunzipSync(readFileSync(packed)).toString()).toBe(readFileSync(file, 'utf8'));
  expect(await importing(packed, place())).toMatchObject({ code: 0 });
});

test('imported into an empty folder, it is the same record: with its keys a server shows the same, and a kept seal holds', async () => {
  const home = place();
  const imported = await importing(file, home);
  expect(imported).toMatchObject({ code: 0, errors: '' });
  expect(imported.output).toContain(`holds the log of ${file}: ${lines.length} events of`);
  expect(await readLog(home)).toEqual(await readLog(server.folder));
  const kept = write('seal.txt', seal.checkpoint);
  expect(await habeas(['verify', '--against', kept, '--key', seal.verifierKey], { HABEAS_DATA: home })).toMatchObject({
    code: 0,
  });
  const backup = place('backup');
  expect(await habeas(['backup', '--with-master-key', backup], { HABEAS_DATA: server.folder })).toMatchObject({
    code: 0,
  });
  for (const name of ['keys.db', 'master.key']) cpSync(join(backup, name), join(home, name));
  const vy = `/v1/persons/${entered.ids.get('vy') ?? ''}?minPosition=${entered.last}&knownAt=${seal.size}`;
  const there = await startServer(home);
  expect((await there.client.request(vy)).body).toEqual((await server.client.request(vy)).body);
  // The views of the record follow in the order that they had: it can be exported again.
  expect((await there.client.request('/v1/events?limit=200')).body).toMatchObject({
    items: lines.map((line) => JSON.parse(line) as object),
  });
  await there.end();
}, 60_000);

test('a first part is completed by the whole, the whole by a later one, and nothing is done twice', async () => {
  const home = place();
  const part = write(
    'part.jsonl',
    lines
      .slice(0, 17)
      .map((line) => `${line}\n`)
      .join(''),
  );
  expect((await importing(part, home)).output).toContain('17 of them copied now');
  expect((await importing(file, home)).output).toContain(`${lines.length - 17} of them copied now`);
  expect((await importing(file, home)).output).toContain(' 0 of them copied now');
  // What is older than what is there takes nothing away.
  expect(await importing(part, home)).toMatchObject({ code: 1, errors: expect.stringContaining('holds more than') });
  expect(await readLog(home)).toEqual(await readLog(server.folder));
}, 60_000);

test('into an EventStoreDB, and out of it', async () => {
  const environment = { HABEAS_LOG: simulator.connectionString(), HABEAS_LOG_NAMESPACE: `${randomUUID()}-` };
  expect(await habeas(['import', '--log', file], environment)).toMatchObject({ code: 0 });
  const again = place('again.jsonl');
  expect(await habeas(['export', again], environment)).toMatchObject({ code: 0 });
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(file, 'utf8'));
}, 60_000);

const edited = (index: number, from: string | RegExp, to: string): readonly string[] =>
  lines.map((line, at) => (at === index ? line.replace(from, to) : line));

test.each<[string, () => readonly string[], RegExp]>([
  ['an event is edited', () => edited(20, /"recordedBy":"key:./, '"recordedBy":"key:_'), /hash-mismatch.* \(seq 21\)/],
  ['a seal is edited', () => edited(seal.size, /habeas\/log\/./, 'habeas/log/_'), /malformed-checkpoint|hash-mismatch/],
  ['an event is missing', () => lines.filter((_, at) => at !== 20), /Event 21 of .* says that it is number 22/],
  [
    'two are swapped',
    () => [...lines.slice(0, 20), lines[21] ?? '', lines[20] ?? '', ...lines.slice(22)],
    /Event 21 of/,
  ],
  [
    'the last line is cut',
    () => [...lines.slice(0, 20), (lines[20] ?? '').slice(0, -9)],
    /Event 21 .* may have been cut/,
  ],
  ['the first part is missing', () => lines.slice(20), /Event 1 of .* A log is imported whole/],
  ['it holds commands', () => ['{"path":"/v1/sources","body":{}}'], /It is a command: habeas import without --log/],
  ['it holds nothing', () => [], /There is nothing to copy/],
])('nothing is imported where %s', async (_, text, says) => {
  const home = place();
  const refused = await importing(write('edited.jsonl', text().join('\n')), home);
  expect(refused).toMatchObject({ code: 1, output: '' });
  expect(refused.errors).toMatch(says);
  expect(await readLog(home)).toEqual([]);
});

test('another record is left as it is', async () => {
  const other = await startServer();
  await other.stop();
  const before = await readLog(other.folder);
  expect(await importing(file, other.folder)).toMatchObject({
    code: 1,
    errors: expect.stringContaining('holds another record'),
  });
  expect(await readLog(other.folder)).toEqual(before);
  rmSync(other.folder, { recursive: true });
});

test('what cannot be done is said in a sentence', async () => {
  const environment = { HABEAS_DATA: server.folder };
  const over = await habeas(['export', file], environment);
  expect(over).toMatchObject({ code: 1, errors: expect.stringMatching(/is there already/) });
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(lines.length + 1);
  const nowhere = place('no/such/folder.jsonl');
  expect(await habeas(['export', nowhere], environment)).toMatchObject({
    code: 1,
    errors: `${nowhere} cannot be written (ENOENT).`,
  });
  const absent = await habeas(['export', place('x.jsonl')], { HABEAS_DATA: place('nowhere') });
  expect(absent).toMatchObject({ code: 1, errors: expect.stringMatching(/There is no log at/) });
  expect(await importing('-', place())).toMatchObject({ code: 1, errors: expect.stringMatching(/give it as a file/) });
  expect(await importing('nowhere.jsonl', place())).toMatchObject({
    code: 1,
    errors: 'There is no file nowhere.jsonl.',
  });
  // Where a server runs, its log is not to be written.
  expect(await importing(file, server.folder)).toMatchObject({ code: 1, errors: expect.stringMatching(/in use/) });
  const asCommands = await habeas(['import', file], { HABEAS_URL: server.url, HABEAS_KEY: ADMIN_KEY });
  expect(asCommands).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/is an export of a log: habeas import --log/),
  });
  expect(existsSync(`${file}.part`)).toBe(false);
});
