/** docker/secrets.sh makes all that the compose files name, closed to others, once. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readSettings } from '../../apps/api/src/settings.js';
import { DOCKER, readCompose } from './compose-rules.js';

const parent = mkdtempSync(join(tmpdir(), 'habeas-secrets-'));
const folder = join(parent, 'secrets');
afterAll(() => rmSync(parent, { recursive: true }));

const make = (): string => execFileSync('sh', [join(DOCKER, 'secrets.sh'), folder], { encoding: 'utf8' });
const contents = (): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

test('it makes every secret that a compose file names, and no other', () => {
  make();
  const named = ['compose.embedded.yaml', 'compose.yaml', 'compose.cluster.yaml'].flatMap((file) =>
    Object.values(readCompose(file).secrets).map((secret) => basename(secret.file)),
  );
  expect(Object.keys(contents()).sort()).toEqual([...new Set(named)].sort());
});

test('nobody else reaches them on this machine, and any user of a container reads its own', () => {
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o444);
});

test('each is its own, of 256 bits', () => {
  const random = Object.values(contents()).flatMap((text) => [...text.matchAll(/[0-9a-f]{64}/g)].map(String));
  // The password of PostgreSQL stands in two: by itself, and in the connection string of who uses it.
  expect(random).toHaveLength(7);
  expect(new Set(random).size).toBe(6);
});

test('Habeas takes them', () => {
  const settings = readSettings({
    HABEAS_LOG_FILE: join(folder, 'log'),
    HABEAS_KEYS_FILE: join(folder, 'keys'),
    HABEAS_ADMIN_KEY_FILE: join(folder, 'admin-key'),
    HABEAS_MASTER_KEY: readFileSync(join(folder, 'master-key'), 'utf8'),
  });
  // A form that libs/access knows for one that nobody guesses.
  expect(settings.adminKey).toMatch(/^habeas_[0-9a-f]{64}$/);
  expect(settings.log).toMatch(/^esdb:\/\/habeas:[0-9a-f]{64}@eventstoredb1:2113,/);
  expect(settings.masterKey).toMatch(/^[0-9a-f]{64}$/);
});

test('run again, it makes what is missing and leaves the rest as it is', () => {
  const before = contents();
  unlinkSync(join(folder, 'admin-key'));
  expect(make().match(/^made /gm)).toHaveLength(1);
  expect(contents()).toEqual({ ...before, 'admin-key': expect.not.stringMatching(before['admin-key']!) as unknown });
});
