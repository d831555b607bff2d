/** `habeas verify`, as a process: beside a server, on a log that somebody edited, against seals that were kept. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { Seal } from '#audit';
import { LOG_FILE } from '#event-store-sqlite';
import { type Run, run } from '../support/server-process.js';
import { startServer, temporaryFolder, type TestServer } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

let server: TestServer;
let folder: string;
let seal: Seal;
let file: string;
beforeAll(async () => {
  server = await startServer();
  folder = temporaryFolder();
  const { position } = await server.record('sources', { type: 'report', title: 'A report', lang: 'en' });
  await server.client.request(`/v1/sources?minPosition=${position}`);
  seal = (await server.client.request<Seal>('/v1/seals', { method: 'POST' })).body;
  file = join(folder, 'seal.txt');
  writeFileSync(file, seal.checkpoint);
}, 60_000);
afterAll(async () => {
  await server.end();
  rmSync(folder, { recursive: true });
});

function verify(...args: readonly string[]) {
  return verifyIn(server.folder, ...args);
}

async function verifyIn(data: string, ...args: readonly string[]) {
  const done: Run = run(CLI, ['verify', ...args], { environment: { HABEAS_DATA: data } });
  const code = await done.ended;
  return { code, output: done.output(), errors: done.errors().trim() };
}

test('a whole log, while a server writes to it', async () => {
  const found = await verify('--against', file, '--key', seal.verifierKey);
  expect(found).toMatchObject({ code: 0, errors: '' });
  expect(found.output).toMatch(/^The log is whole: \d+ events of \d+ streams\n/);
  expect(found.output).toContain(`1 seal holds, the last over ${seal.size} events\n`);
  expect(found.output).toContain(`the log begins with all that was kept: ${seal.size} events`);
});

test('seals may be kept as the interface answers them', async () => {
  const answers = join(folder, 'seals.json');
  writeFileSync(answers, JSON.stringify((await server.client.request('/v1/seals')).body));
  expect(await verify('--against', answers, '--against', file)).toMatchObject({ code: 0 });
});

test.each([
  ['a key that is none', ['--key', 'x'], '--key takes a verifier key'],
  ['a file that is not there', ['--against', 'nowhere.txt'], 'cannot be read'],
  ['a file that is no seal', ['--against', CLI], 'no seal that could be believed: malformed-note'],
])('%s is refused before anything is verified', async (_, args, said) => {
  const found = await verify(...args);
  expect(found).toMatchObject({ code: 1, output: '' });
  expect(found.errors).toContain(said);
});

test('where there is no log that could be read, a sentence says so', async () => {
  const found = await verifyIn(join(folder, 'nowhere'));
  expect(found).toMatchObject({ code: 1, output: '' });
  expect(found.errors).toMatch(
    /^The log in the data folder .* cannot be opened \(unavailable\)\. There is no log at .*\.$/,
  );
  writeFileSync(join(folder, LOG_FILE), 'somebody else’s');
  expect(await verifyIn(folder)).toMatchObject({ code: 1, errors: expect.stringMatching(/not a log of Habeas.*$/) });
});

test('a seal by another key than the one that is believed is refused', async () => {
  const other = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
  expect((await verify('--against', file, '--key', other)).errors).toContain('unknown-signer');
});

test('an edited log, and one that was cut', async () => {
  await server.stop();
  const db = new DatabaseSync(join(server.folder, LOG_FILE));
  const [{ type, position }] = db
    .prepare('SELECT types.name AS type, max(position) AS position FROM events JOIN types USING (tid) WHERE name = ?')
    .all('SourceEntered') as [{ type: string; position: number }];
  expect(type).toBe('SourceEntered');
  db.prepare(`UPDATE events SET data = replace(data, '"lang":"en"', '"lang":"fr"') WHERE position = ?`).run(position);
  const edited = await verify();
  expect(edited.code).toBe(2);
  expect(edited.output).toMatch(
    new RegExp(
      `^The log is not whole at revision 0 of habeasSource-.*: hash-mismatch\\. Event .* \\(seq ${position}\\)`,
    ),
  );
  db.exec(
    `DELETE FROM events WHERE position >= ${position}; DELETE FROM streams WHERE sid NOT IN (SELECT sid FROM events)`,
  );
  db.close();
  expect(await verify()).toMatchObject({ code: 0 });
  const cut = await verify('--against', file);
  expect(cut.code).toBe(2);
  expect(cut.output).toContain(`among seqs ${position} to ${seal.size}: log-cut`);
});
