/** Backups and erasure: what a backup says was erased stays so; what it does not know is listed, for it brings it back. */
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { openSqliteKeyStore } from '#access';
import { openSqliteLog } from '#event-store-sqlite';
import type { PersonView } from '#projections';
import { allEvents, realRandomness } from '../support/real.js';
import { killAll, run } from '../support/server-process.js';
import { until } from '../support/until.js';
import { wordsInFiles } from '../support/words-in-files.js';
import { ERASED, erasePerson, erasure, recordPerson, review, type Told } from './test-support/erasing.js';
import { startServer, temporaryFolder } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

const top = temporaryFolder();
const place = (name: string): string => join(top, name);

async function habeas(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const done = run(CLI, args, { environment });
  const code = await done.ended;
  return { code, output: done.output(), errors: done.errors().trim() };
}

const master = (): Readonly<Record<string, string>> => ({ HABEAS_MASTER_KEY_FILE: place('master.key') });

const masterKey = (): string => readFileSync(place('master.key'), 'utf8').trim();

let told: Told;
const condemned: string[] = [];

/** Which of the keys that were condemned are in a key store. */
async function keysIn(folder: string): Promise<number> {
  const masterKeyFile = place('master.key');
  const keys = await openSqliteKeyStore({ folder, mode: 'read', randomness: realRandomness, masterKeyFile });
  const found = await keys.find(condemned);
  await keys.close();
  return found.size;
}

beforeAll(async () => {
  const server = await startServer(place('data'));
  told = await recordPerson(server.client);
  copyFileSync(join(place('data'), 'master.key'), place('master.key'));
  expect(await habeas(['backup', place('before')], { HABEAS_DATA: place('data') })).toMatchObject({ code: 0 });
  const { id } = await erasePerson(server.client, told.person);
  await review(server.client, id);
  expect(await habeas(['backup', place('after')], { HABEAS_DATA: place('data') })).toMatchObject({ code: 0 });
  await server.stop();
  const log = await openSqliteLog({ folder: place('data'), mode: 'read' });
  for (const { type, data } of await allEvents(log))
    if (type === 'KeysCondemned') condemned.push(...(JSON.parse(data) as { keys: string[] }).keys);
  await log.close();
}, 120_000);

afterAll(async () => {
  await killAll();
  rmSync(top, { recursive: true, force: true });
});

test('a backup that knows of it is restored without a word on what is closed, and nothing is told again', async () => {
  const checked = await habeas(['restore', place('after'), '--check'], master());
  expect(checked).toMatchObject({ code: 0, errors: '' });
  expect(checked.output).toMatch(/^ {2}erased {9}3 events of 2 streams$/m);
  expect(checked.output).not.toMatch(/closed|Erased since/);
  const restored = await habeas(
    ['restore', place('after'), '--data', place('restored'), '--present', place('data')],
    master(),
  );
  expect(restored).toMatchObject({ code: 0, errors: '' });
  expect(restored.output).not.toContain('Erased since');
  const server = await startServer(place('restored'), { masterKey: masterKey() });
  await until(async () => (await fetch(`${server.url}/health/ready`)).ok);
  const { body } = await server.client.request<PersonView>(`/v1/persons/${told.person}`);
  expect(body).toMatchObject({ erased: true, names: [], axes: { liberty: { value: 'police-custody' } } });
  expect(wordsInFiles(place('restored'), ERASED)).toEqual([]);
  await server.end();
}, 60_000);

test('keys that a backup holds though its log says that they are destroyed are destroyed as it is restored', async () => {
  expect(condemned.length).toBeGreaterThan(3);
  cpSync(place('after'), place('mixed'), { recursive: true });
  // As it is where keys are copied before the nodes have destroyed them.
  copyFileSync(join(place('before'), 'keys.db'), place('old-keys.db'));
  const keys = new DatabaseSync(join(place('mixed'), 'keys.db'));
  keys.prepare('ATTACH ? AS old').run(place('old-keys.db'));
  const put = keys.prepare('INSERT INTO keys SELECT * FROM old.keys WHERE key_id = ?');
  for (const id of condemned) put.run(id);
  keys.exec('PRAGMA journal_mode = DELETE');
  keys.close();
  const manifest = JSON.parse(readFileSync(join(place('mixed'), 'backup.json'), 'utf8')) as {
    files: Record<string, { bytes: number; sha256: string }>;
  };
  const bytes = readFileSync(join(place('mixed'), 'keys.db'));
  manifest.files['keys.db'] = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  writeFileSync(join(place('mixed'), 'backup.json'), JSON.stringify(manifest));
  expect(await keysIn(place('mixed'))).toBeGreaterThan(3);
  const checked = await habeas(['restore', place('mixed'), '--check'], master());
  expect(checked.output).toMatch(/^ {2}to destroy {5}\d keys that the log says are destroyed: restoring does$/m);
  const restored = await habeas(['restore', place('mixed'), '--data', place('mended')], master());
  expect(restored).toMatchObject({ code: 0, errors: '' });
  expect(restored.output).toMatch(/^ {2}destroyed {6}\d keys that the log says are destroyed$/m);
  expect(await keysIn(place('mended'))).toBe(0);
}, 60_000);

test('a log that knows of it is carried elsewhere, and old keys beside it open nothing of them', async () => {
  const exported = place('log.jsonl');
  expect(await habeas(['export', exported], { HABEAS_DATA: place('data') })).toMatchObject({ code: 0 });
  expect(await habeas(['import', '--log', exported], { HABEAS_DATA: place('moved') })).toMatchObject({ code: 0 });
  copyFileSync(join(place('before'), 'keys.db'), join(place('moved'), 'keys.db'));
  expect(await keysIn(place('moved'))).toBeGreaterThan(3);
  const server = await startServer(place('moved'), { masterKey: masterKey() });
  await until(async () => (await fetch(`${server.url}/health/ready`)).ok);
  expect((await server.client.request<PersonView>(`/v1/persons/${told.person}`)).body).toMatchObject({
    erased: true,
    names: [],
    axes: { liberty: { value: 'police-custody' } },
  });
  expect(wordsInFiles(place('moved'), ERASED)).toEqual([]);
  await server.stop();
  expect(await keysIn(place('moved'))).toBe(0);
  expect(await habeas(['verify'], { HABEAS_DATA: place('moved') })).toMatchObject({ code: 0 });
}, 60_000);

test('a backup that does not know of it brings it back, and says who is to be erased again', async () => {
  for (const [args, environment] of [
    [['restore', place('before'), '--data', place('old'), '--present', place('data')], master()],
    [['restore', place('before'), '--check'], { ...master(), HABEAS_DATA: place('data') }],
  ] as const) {
    const restored = await habeas(args, environment);
    expect(restored).toMatchObject({ code: 0, errors: '' });
    expect(restored.output).toContain('Erased since: 1 person.');
    expect(restored.output).toMatch(new RegExp(`^ {2}${told.person} {2}20\\d\\d-`, 'm'));
  }
  const server = await startServer(place('old'), { masterKey: masterKey() });
  await until(async () => (await fetch(`${server.url}/health/ready`)).ok);
  expect((await server.client.request<PersonView>(`/v1/persons/${told.person}`)).body.names).toHaveLength(3);
  const { id } = await erasePerson(server.client, told.person);
  await review(server.client, id);
  expect((await erasure(server.client, id)).state).toBe('certified');
  expect(wordsInFiles(place('old'), ERASED)).toEqual([]);
  await server.end();
}, 60_000);

test.each([
  ['no record', 'nowhere', /There is no log at/],
  ['another record', 'other', /holds another record than the backup/],
])(
  'what is named as the present record and is %s is refused before anything is put in place',
  async (_, present, says) => {
    if (present === 'other') await (await startServer(place('other'))).stop();
    const restored = await habeas(
      ['restore', place('before'), '--data', place(`from-${present}`), '--present', place(present)],
      master(),
    );
    expect(restored).toMatchObject({ code: 1, output: '' });
    expect(restored.errors).toMatch(says);
  },
  60_000,
);
