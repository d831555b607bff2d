/** Servers whose keys are in a PostgreSQL that they share: one inside of this process, and the real one of HABEAS_TEST_POSTGRES. */
import { randomBytes, randomUUID } from 'node:crypto';
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeBackup } from '../../apps/api/src/backup/make-backup.js';
import { startHabeas } from '../../apps/api/src/compose.js';
import { carryKeys } from '../../apps/api/src/copy-keys.js';
import { readSettings } from '../../apps/api/src/settings.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { type EmbeddedPostgres, eventually, realPostgres, startPostgres, withSchema } from '../support/postgres.js';
import { firstCaseSuite } from './test-support/first-case-suite.js';
import { startServer, temporaryFolder, type TestServer } from './test-support/server.js';

let postgres: EmbeddedPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
}, 120_000);

afterAll(() => postgres.stop());

const newSchema = (server = postgres.connectionString): string =>
  withSchema(server, `habeas_test_${randomUUID().replaceAll('-', '')}`);

const newMasterKey = (): string => randomBytes(32).toString('hex');

describe('the first case with keys in PostgreSQL', () => {
  firstCaseSuite(() => startServer(temporaryFolder(), { keys: newSchema() }));
});

const real = realPostgres('whole servers');
if (real !== undefined) {
  describe('the first case with keys in PostgreSQL (HABEAS_TEST_POSTGRES)', () => {
    firstCaseSuite(() => startServer(temporaryFolder(), { keys: newSchema(real) }));
  });
}

interface Named {
  readonly id: string;
  readonly position: string;
  readonly citations: readonly object[];
}

async function namePerson(server: TestServer, name: string): Promise<Named> {
  const source = await server.record('sources', { type: 'report', title: 'A report', lang: 'en' });
  const citations = [{ sourceId: source.id }];
  return { ...(await server.record('persons', { names: [{ text: name, kind: 'legal' }], citations })), citations };
}

async function nameOf(server: TestServer, { id, position }: Named): Promise<unknown> {
  const { body } = await server.client.request<{ name?: string }>(`/v1/persons/${id}?minPosition=${position}`);
  return body.name;
}

const refusal = (start: Promise<unknown>): Promise<string> =>
  start.then(
    () => 'started',
    (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
  );

test('a server that is started again opens what it sealed', async () => {
  const first = await startServer(temporaryFolder(), { keys: newSchema() });
  const person = await namePerson(first, 'Thuy Vy');
  const second = await first.restart();
  expect(await nameOf(second, person)).toBe('Thuy Vy');
  await second.end();
});

describe('two servers on one log', () => {
  let simulator: Simulator;

  beforeAll(async () => {
    simulator = await Simulator.start();
  });

  afterAll(() => simulator.stop());

  const shared = () => ({
    log: simulator.connectionString(),
    logNamespace: `${randomUUID()}-`,
    keys: newSchema(),
    masterKey: newMasterKey(),
  });

  test('each opens what the other sealed', async () => {
    const where = shared();
    const one = await startServer(temporaryFolder(), where);
    const early = await namePerson(one, 'Thuy Vy');
    // It has a folder of its own, and the log holds records already.
    const other = await startServer(temporaryFolder(), where);
    expect(await nameOf(other, early)).toBe('Thuy Vy');
    const late = await namePerson(other, 'Sam Serey');
    expect(await nameOf(one, late)).toBe('Sam Serey');
    await one.end();
    await other.end();
  }, 60_000);

  test('a second one with another master key, or without the keys, does not start', async () => {
    const where = shared();
    const one = await startServer(temporaryFolder(), where);
    await namePerson(one, 'Thuy Vy');
    expect(await refusal(startServer(temporaryFolder(), { ...where, masterKey: newMasterKey() }))).toMatch(
      /^StartError: The master key does not open the key store in PostgreSQL/,
    );
    expect(await refusal(startServer(temporaryFolder(), { ...where, masterKey: undefined }))).toMatch(
      /^StartError: The key store in PostgreSQL .* is there, but its master key .* is not/,
    );
    expect(await refusal(startServer(temporaryFolder(), { ...where, keys: undefined }))).toMatch(
      /^StartError: The key store .* is not there, though .* same HABEAS_KEYS/,
    );
    expect(await refusal(startServer(temporaryFolder(), { ...where, keys: newSchema() }))).toMatch(
      /^StartError: The key store in PostgreSQL .* is not there, though/,
    );
    await one.end();
  }, 60_000);
});

test('while PostgreSQL is away, who has a key already is written on, and others are told to try again', async () => {
  const server = await startServer(temporaryFolder(), { keys: newSchema() });
  const person = await namePerson(server, 'Thuy Vy');
  // The views have its key as well by then.
  expect(await nameOf(server, person)).toBe('Thuy Vy');
  await postgres.pause();
  await server.record(`persons/${person.id}/names`, {
    name: { text: 'Vy Thuy', kind: 'alias' },
    basis: 'reported',
    confidence: 'medium',
    citations: person.citations,
  });
  const refused: unknown = await namePerson(server, 'Sam Serey').catch((error: unknown) => error);
  expect(refused).toMatchObject({ status: 503, code: 'keys-unavailable' });
  expect(await nameOf(server, person)).toBe('Thuy Vy');
  await postgres.resume();
  const made = await eventually(() => namePerson(server, 'Sam Serey'));
  expect(await nameOf(server, made)).toBe('Sam Serey');
  await server.end();
}, 60_000);

describe('keys that are carried', () => {
  const settingsOf = (folder: string, keys: string) => readSettings({ HABEAS_DATA: folder, HABEAS_KEYS: keys });
  const none = (): undefined => undefined;

  test('from keys.db into PostgreSQL and back, twice: what was sealed before opens after', async () => {
    const first = await startServer();
    const { folder } = first;
    const person = await namePerson(first, 'Thuy Vy');
    await first.stop();
    const keys = newSchema();
    const count = await carryKeys(settingsOf(folder, keys), 'postgres', none);
    expect(count).toBeGreaterThan(0);
    expect(await carryKeys(settingsOf(folder, keys), 'postgres', none)).toBe(count);
    expect(await refusal(startServer(folder, { keys }))).toMatch(/copy-keys postgres/);
    rmSync(join(folder, 'keys.db'));
    // Without the setting the keys are missed, and no new ones are made in their place.
    expect(await refusal(startServer(folder))).toMatch(/^StartError: The key store .* is not there, though/);

    const second = await startServer(folder, { keys });
    expect(await refusal(carryKeys(settingsOf(folder, keys), 'file', none))).toMatch(/in use by another Habeas/);
    const later = await namePerson(second, 'Sam Serey');
    await second.stop();
    expect(await carryKeys(settingsOf(folder, keys), 'file', none)).toBeGreaterThan(count);
    // Opened by the keys as they are now, and not by what the views hold.
    for (const name of readdirSync(folder)) if (name.startsWith('views-')) rmSync(join(folder, name));
    const third = await startServer(folder);
    expect(await nameOf(third, person)).toBe('Thuy Vy');
    expect(await nameOf(third, later)).toBe('Sam Serey');
    await third.end();
  }, 60_000);

  test('into a key store that has others for the same: refused, and nothing is overwritten', async () => {
    const keys = newSchema();
    const one = await startServer(temporaryFolder(), { keys });
    const masterKeyFile = join(one.folder, 'master.key');
    await one.stop();
    const other = temporaryFolder();
    copyFileSync(masterKeyFile, join(other, 'master.key'));
    await (await startServer(other)).stop();
    expect(await refusal(carryKeys(settingsOf(other, keys), 'postgres', none))).toMatch(/holds another key/);
    await (await startServer(one.folder, { keys })).end();
  }, 60_000);

  test('by a backup: it holds keys.db, whatever the key store is', async () => {
    const keys = newSchema();
    const server = await startServer(temporaryFolder(), { keys });
    await namePerson(server, 'Thuy Vy');
    const target = join(temporaryFolder(), 'copy');
    const { manifest, checked } = await makeBackup({
      settings: settingsOf(server.folder, keys),
      target,
      withMasterKey: false,
    });
    expect(Object.keys(manifest.files).sort()).toEqual(['keys.db', 'log.db']);
    expect(readdirSync(target).sort()).toEqual(['backup.json', 'keys.db', 'log.db']);
    expect(checked).toMatchObject({ unopened: undefined, closed: { events: 0 } });
    await server.end();
  }, 60_000);
});

describe('a server that cannot start says why, and nothing of the connection string', () => {
  const started = (environment: Readonly<Record<string, string>>, data = temporaryFolder()) =>
    refusal(startHabeas(readSettings({ HABEAS_DATA: data, HABEAS_PORT: '0', ...environment })));

  test.each([
    ['nobody there', 'postgres://admin:hush-hush@127.0.0.1:9/d', /^StartError: The key store .* does not answer/],
    ['a schema that is none', 'postgres://admin:hush-hush@h/d?schema=A', /^StartError: HABEAS_KEYS: /],
  ])('%s', async (_name, keys, says) => {
    const said = await started({ HABEAS_KEYS: keys });
    expect(said).toMatch(says);
    expect(said).not.toContain('hush-hush');
  });

  test('keys.db is there as well', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'keys.db'), '');
    expect(await started({ HABEAS_KEYS: newSchema() }, folder)).toMatch(
      /^StartError: HABEAS_KEYS is set, and there is/,
    );
  });
});
