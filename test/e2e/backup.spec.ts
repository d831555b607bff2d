/** A backup made in the middle of load, and what it is worth when everything else is gone; and every way to damage one. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { createHash } from 'node:crypto';
import { judgeBackup, restoreBackup } from '../../apps/api/src/backup/restore-backup.js';
import { Client } from '../../apps/cli/src/client.js';
import { expectAsFolded, expectCounted, readLog } from '../crash/test-support/examine.js';
import { kill, killAll, ready, run, runServer, stop, type Run } from '../support/server-process.js';
import { ADMIN_KEY, startServer, temporaryFolder } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

const folders: string[] = [];

function folder(): string {
  const made = temporaryFolder();
  folders.push(made);
  return made;
}

afterAll(async () => {
  await killAll();
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

interface Done {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

async function habeas(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Done> {
  const done: Run = run(CLI, args, { environment });
  const code = await done.ended;
  return { code, output: done.output(), errors: done.errors().trim() };
}

const person = (name: string): object => ({ names: [{ text: name, kind: 'legal' }] });

test('made under load, restored elsewhere after a kill: what was acknowledged before it is all there', async () => {
  const data = join(folder(), 'data');
  const server = runServer(data, { environment: { HABEAS_ADMIN_KEY: ADMIN_KEY } });
  const client = new Client(await ready(server), ADMIN_KEY);
  const source = (
    await client.request<{ id: string }>('/v1/sources', {
      method: 'POST',
      body: { type: 'report', title: 'A report', lang: 'en' },
    })
  ).body.id;
  const enter = async (name: string): Promise<string> => {
    const body = { ...person(name), citations: [{ sourceId: source, locator: 'p. 1' }] };
    return (await client.request<{ id: string }>('/v1/persons', { method: 'POST', body })).body.id;
  };
  const acknowledged: string[] = [];
  const loading = new AbortController();
  const load = Promise.all(
    Array.from({ length: 8 }, async (_, worker) => {
      for (let n = 0; !loading.signal.aborted; n++) acknowledged.push(await enter(`Somebody ${worker} ${n}`));
    }),
  );
  while (acknowledged.length < 100) await enter('Somebody else');
  const before = [...acknowledged];
  const backup = join(folder(), 'monday');
  const made = await habeas(['backup', backup, '--with-master-key'], { HABEAS_DATA: data });
  expect(made.errors).toBe('');
  expect(made.code).toBe(0);
  const during = acknowledged.length - before.length;
  loading.abort();
  await load;
  await kill(server);
  expect(during).toBeGreaterThan(0);
  expect(readdirSync(backup).sort()).toEqual(['backup.json', 'keys.db', 'log.db', 'master.key']);

  const elsewhere = join(folder(), 'data');
  const restored = await habeas(['restore', backup, '--data', elsewhere]);
  expect([restored.errors, restored.code]).toEqual(['', 0]);
  expect(
    readdirSync(elsewhere)
      .filter((name) => !name.startsWith('owner.'))
      .sort(),
  ).toEqual(['keys.db', 'log.db', 'master.key']);
  const second = runServer(elsewhere);
  const url = await ready(second);
  const again = new Client(url, ADMIN_KEY);
  for (const id of before) expect((await again.request(`/v1/persons/${id}`)).status).toBe(200);
  const one = await again.request<{ names: readonly { text: string }[] }>(`/v1/persons/${before[0] ?? ''}`);
  expect(JSON.stringify(one.body)).toContain('Somebody');
  const events = await readLog(elsewhere);
  await expectCounted(elsewhere, events);
  await expectAsFolded(elsewhere, events);
  expect(await stop(second)).toBe(0);
}, 120_000);

/** A small backup without its master key, which lies in a file of its own, and the data folder that it was made of. */
async function smallBackup(): Promise<{ readonly backup: string; readonly data: string; readonly master: string }> {
  const server = await startServer(join(folder(), 'data'));
  for (const title of ['One', 'Two']) {
    await server.client.request('/v1/sources', { method: 'POST', body: { type: 'report', title, lang: 'en' } });
  }
  const backup = join(folder(), 'backup');
  const made = await habeas(['backup', backup], { HABEAS_DATA: server.folder });
  expect([made.code, made.errors]).toEqual([0, '']);
  expect(made.output).toContain('is not in it');
  // Later than the backup: a key that it does not hold.
  await server.client.request('/v1/sources', { method: 'POST', body: { type: 'report', title: 'Three', lang: 'en' } });
  await server.stop();
  return { backup, data: server.folder, master: join(server.folder, 'master.key') };
}

let small: Awaited<ReturnType<typeof smallBackup>>;
beforeAll(async () => {
  small = await smallBackup();
}, 60_000);

/** A copy of the small backup to be damaged. */
function copyOf(): string {
  const made = join(folder(), 'backup');
  cpSync(small.backup, made, { recursive: true });
  return made;
}

async function refuses(
  args: readonly string[],
  why: RegExp,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const done = await habeas(args, { HABEAS_MASTER_KEY_FILE: small.master, ...environment });
  expect(done.errors).toMatch(why);
  expect(done.errors.split('\n')).toHaveLength(1);
  expect([done.code, done.output]).toEqual([1, '']);
}

/** What `restore` does, without a process for each damage. */
async function refusesToRestore(backup: string, why: RegExp, masterKeyFile = small.master): Promise<void> {
  const data = join(folder(), 'data');
  const how = { backup, master: { masterKeyFile }, acceptClosed: false };
  const refusal = expect.objectContaining({ name: 'BackupError', message: expect.stringMatching(why) as string });
  await expect(restoreBackup({ ...how, data })).rejects.toEqual(refusal);
  // Whatever was begun, no server will take it for a record.
  if (existsSync(data)) expect(readdirSync(data)).toEqual(['owner.lock']);
  await expect(judgeBackup(how)).rejects.toEqual(refusal);
}

/** Makes the manifest fit what lies there: what is left to notice is noticed by the log itself. */
function forgeManifest(backup: string): void {
  const file = join(backup, 'backup.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
    files: Record<string, { bytes: number; sha256: string }>;
  };
  for (const name of Object.keys(manifest.files)) {
    const content = readFileSync(join(backup, name));
    manifest.files[name] = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  }
  writeFileSync(file, JSON.stringify(manifest));
}

/** Changes the log in a backup by SQL, as somebody with a grudge would, and makes the manifest fit. */
function rewriteLog(backup: string, sql: string): void {
  const db = new DatabaseSync(join(backup, 'log.db'));
  db.exec(sql);
  db.close();
  forgeManifest(backup);
}

test('a backup is restored by whoever has the master key, and can be checked where it lies', async () => {
  const environment = { HABEAS_MASTER_KEY_FILE: small.master };
  const checked = await habeas(['restore', small.backup, '--check'], environment);
  expect([checked.code, checked.errors]).toEqual([0, '']);
  expect(checked.output).toMatch(/^The backup is whole: 5 events of 4 streams$/m);
  expect(readdirSync(small.backup).sort()).toEqual(['backup.json', 'keys.db', 'log.db']);
  // What a file system puts into an empty folder by itself is nothing.
  const data = join(folder(), 'data');
  mkdirSync(join(data, 'lost+found'), { recursive: true });
  expect((await habeas(['restore', small.backup], { ...environment, HABEAS_DATA: data })).code).toBe(0);
  expect((await readLog(data)).length).toBe(5);
  // Nothing that is there is overwritten, be it a backup or a record.
  await refuses(['restore', small.backup, '--data', data], /^The folder .* is not empty \(it holds keys.db\)/);
  await refuses(['backup', small.backup], /^.* is there already/, { HABEAS_DATA: data });
}, 60_000);

test('without the master key: said before anything is done; taken unopened only when told so', async () => {
  const none = { HABEAS_MASTER_KEY_FILE: '' };
  await refuses(['restore', small.backup, '--check'], /^The backup does not hold the master key/, none);
  const data = join(folder(), 'data');
  const done = await habeas(['restore', small.backup, '--data', data, '--accept-closed'], none);
  expect([done.code, done.errors]).toEqual([0, '']);
  expect(done.output).toMatch(/^ {2}closed +3 events of 3 streams$/m);
  const wrong = join(folder(), 'other.key');
  writeFileSync(wrong, '00'.repeat(32));
  await refusesToRestore(small.backup, /^The master key does not open/, wrong);
}, 60_000);

test('a changed byte, a cut file, a missing file', async () => {
  for (const name of ['log.db', 'keys.db']) {
    const changed = copyOf();
    const bytes = readFileSync(join(changed, name));
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    writeFileSync(join(changed, name), bytes);
    await refusesToRestore(changed, new RegExp(`the checksum of ${name} is another`));

    const cut = copyOf();
    truncateSync(join(cut, name), 4096);
    await refusesToRestore(cut, new RegExp(`is not whole: ${name} has 4096 bytes`));

    const missing = copyOf();
    rmSync(join(missing, name));
    await refusesToRestore(missing, new RegExp(`is not whole: ${name} is missing`));
  }
  const bare = copyOf();
  rmSync(join(bare, 'backup.json'));
  await refusesToRestore(bare, /is no whole backup: its backup.json is missing/);
  writeFileSync(join(bare, 'backup.json'), '{"format": 1}');
  await refusesToRestore(bare, /its backup.json is damaged/);
  writeFileSync(join(bare, 'backup.json'), '{"format": 2, "version": "9.0.0"}');
  await refusesToRestore(bare, /was made by a newer version of Habeas \(9.0.0\)/);
}, 120_000);

test('a log that was changed together with its checksum', async () => {
  const changed = copyOf();
  rewriteLog(changed, 'UPDATE events SET data = replace(data, \'"en"\', \'"fr"\') WHERE position = 4');
  await refusesToRestore(changed, /^The log is not whole at revision 0 of habeasSource-.*: hash-mismatch/);

  const shorter = copyOf();
  rewriteLog(
    shorter,
    `DELETE FROM streams WHERE sid = (SELECT sid FROM events ORDER BY position DESC LIMIT 1);
     DELETE FROM events WHERE position = (SELECT max(position) FROM events)`,
  );
  await refusesToRestore(shorter, /is not the one that its manifest describes: 4 events/);
}, 60_000);

test('keys that are older than the log', async () => {
  const data = join(folder(), 'data');
  cpSync(small.data, data, { recursive: true });
  const later = join(folder(), 'later');
  expect((await habeas(['backup', later], { HABEAS_DATA: data })).code).toBe(0);
  copyFileSync(join(small.backup, 'keys.db'), join(later, 'keys.db'));
  await refusesToRestore(later, /keys.db (has \d+ bytes|is another)|checksum of keys.db is another/);
  forgeManifest(later);
  await refusesToRestore(
    later,
    /^keys.db does not hold the keys of all that is sealed .events that stay closed: 1.: it is older than the log/,
  );
  const kept = join(folder(), 'data');
  const done = await habeas(['restore', later, '--data', kept, '--accept-closed'], {
    HABEAS_MASTER_KEY_FILE: small.master,
  });
  expect([done.code, done.output]).toEqual([0, expect.stringMatching(/closed +1 event of 1 stream/)]);
}, 60_000);

test('nothing to back up, no place to put it', async () => {
  await refuses(['backup', join(folder(), 'backup')], /^There is no log at /, { HABEAS_DATA: join(folder(), 'none') });
  const file = join(folder(), 'file');
  writeFileSync(file, 'mine');
  await refuses(['backup', join(file, 'backup')], /cannot be made here/, { HABEAS_DATA: small.data });
  await refuses(['restore', small.backup, '--data', file], /is not a folder/);
  // Nothing half-made is left.
  expect(readdirSync(folders.at(-1) ?? '')).toEqual(['file']);
}, 60_000);
