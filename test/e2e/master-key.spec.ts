/** The master key replaced from the command line: what is recorded opens as before, and the log is what it was, byte for byte. */
import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { type EmbeddedPostgres, eventually, startPostgres, withSchema } from '../support/postgres.js';
import { killAll, run, type Run } from '../support/server-process.js';
import { startServer, temporaryFolder, type TestServer } from './test-support/server.js';

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

type Environment = Readonly<Record<string, string>>;

async function habeas(
  args: readonly string[],
  environment: Environment,
): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const done: Run = run(CLI, args, { environment });
  const code = await done.ended;
  return { code, output: done.output(), errors: done.errors().trim() };
}

const replace = (environment: Environment): ReturnType<typeof habeas> => habeas(['replace-master-key'], environment);

const newMasterKey = (): string => randomBytes(32).toString('hex');

interface Named {
  readonly id: string;
  readonly position: string;
}

async function namePerson(server: TestServer, name: string): Promise<Named> {
  const source = await server.record('sources', { type: 'report', title: 'A report', lang: 'en' });
  return server.record('persons', { names: [{ text: name, kind: 'legal' }], citations: [{ sourceId: source.id }] });
}

async function nameOf(server: TestServer, { id, position }: Named): Promise<unknown> {
  const { body } = await server.client.request<{ name?: string }>(`/v1/persons/${id}?minPosition=${position}`);
  return body.name;
}

/** What lies in a folder that no server uses, by name; what names the owner is no part of it. */
function filesIn(data: string): Readonly<Record<string, string>> {
  const names = readdirSync(data).filter((name) => !name.startsWith('owner.'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(data, name), 'latin1')]));
}

describe('with keys in the data folder', () => {
  test('personal data opens as before, the log is not touched, and backups made before need the old one', async () => {
    const first = await startServer(join(folder(), 'data'));
    const { folder: data } = first;
    const person = await namePerson(first, 'Thuy Vy');
    const backup = join(folder(), 'monday');
    expect((await habeas(['backup', backup], { HABEAS_DATA: data })).code).toBe(0);

    // The server would go on with the old one.
    const refused = await replace({ HABEAS_DATA: data });
    expect([refused.code, refused.output]).toEqual([1, '']);
    expect(refused.errors).toMatch(/^The data folder .* is in use by another Habeas\. Stop that one/);
    expect(readdirSync(data).filter((name) => name.startsWith('master'))).toEqual(['master.key']);

    await first.stop();
    const before = filesIn(data);
    const replaced = await replace({ HABEAS_DATA: data });
    expect([replaced.errors, replaced.code]).toEqual(['', 0]);
    expect(replaced.output).toMatch(/^Replaced the master key: \d+ keys wrapped anew$/m);
    const after = filesIn(data);
    const { 'keys.db': oldKeys, 'master.key': oldMaster, ...others } = before;
    const { 'keys.db': newKeys, 'master.key': newMaster, 'master.key.old': putAway, ...left } = after;
    expect(Object.keys(others)).toContain('log.db');
    expect(left).toEqual(others);
    expect([newKeys === oldKeys, newMaster === oldMaster, putAway === oldMaster]).toEqual([false, false, true]);
    // Neither is told.
    for (const key of [oldMaster, newMaster]) expect(replaced.output).not.toContain(key?.trim() ?? '');

    const second = await startServer(data);
    expect(await nameOf(second, person)).toBe('Thuy Vy');
    const late = await namePerson(second, 'Sam Serey');
    expect(await nameOf(second, late)).toBe('Sam Serey');
    await second.stop();

    const withNew = await habeas(['restore', backup, '--check'], { HABEAS_MASTER_KEY_FILE: join(data, 'master.key') });
    expect([withNew.code, withNew.output]).toEqual([1, '']);
    expect(withNew.errors).toMatch(
      /^The master key does not open the backup\. The keys in it open with the one that the server had when it was made \(.*Z\)/,
    );
    const withOld = await habeas(['restore', backup, '--check'], {
      HABEAS_MASTER_KEY_FILE: join(data, 'master.key.old'),
    });
    expect([withOld.code, withOld.errors]).toEqual([0, '']);
  }, 120_000);

  test('one that is given as a setting is replaced by one that is given', async () => {
    const [old, next] = [newMasterKey(), newMasterKey()];
    const first = await startServer(join(folder(), 'data'), { masterKey: old });
    const { folder: data } = first;
    const person = await namePerson(first, 'Thuy Vy');
    await first.stop();
    const without = await replace({ HABEAS_DATA: data, HABEAS_MASTER_KEY: old });
    expect([without.code, without.output]).toEqual([1, '']);
    expect(without.errors).toMatch(/^The master key is given as a setting: the new one has to be given as well/);
    const malformed = await replace({ HABEAS_DATA: data, HABEAS_MASTER_KEY: old, HABEAS_NEW_MASTER_KEY: `${next}0` });
    expect(malformed.errors).toMatch(/^The given new master key is not a master key/);
    expect(malformed.errors).not.toContain(next);
    const file = join(folder(), 'next');
    writeFileSync(file, `${next}\n`);
    const replaced = await replace({ HABEAS_DATA: data, HABEAS_MASTER_KEY: old, HABEAS_NEW_MASTER_KEY_FILE: file });
    expect([replaced.errors, replaced.code]).toEqual(['', 0]);
    expect(readdirSync(data).filter((name) => name.startsWith('master'))).toEqual([]);
    await expect(startServer(data, { masterKey: old })).rejects.toThrow(/^The master key does not open the key store/);
    const second = await startServer(data, { masterKey: next });
    expect(await nameOf(second, person)).toBe('Thuy Vy');
    await second.end();
  }, 60_000);

  test('a folder that holds no keys is left as it is', async () => {
    const data = folder();
    const refused = await replace({ HABEAS_DATA: data });
    expect([refused.code, refused.output]).toEqual([1, '']);
    expect(refused.errors).toMatch(/^There is no keys\.db in /);
    expect(readdirSync(data)).toEqual([]);
  });

  test('a backup does not take along a master key that is about to be another', async () => {
    const first = await startServer(join(folder(), 'data'));
    const { folder: data } = first;
    await first.stop();
    writeFileSync(join(data, 'master.key.new'), newMasterKey());
    const made = await habeas(['backup', join(folder(), 'b'), '--with-master-key'], { HABEAS_DATA: data });
    expect([made.code, made.output]).toEqual([1, '']);
    expect(made.errors).toMatch(/is being replaced, or that was interrupted/);
  });
});

describe('with keys that servers share', () => {
  let simulator: Simulator;
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    simulator = await Simulator.start();
    postgres = await startPostgres();
  }, 120_000);

  afterAll(async () => {
    await simulator.stop();
    await postgres.stop();
  });

  test('a server that runs on with the old one records nothing new, says why, and is well again with the new one', async () => {
    const [old, next] = [newMasterKey(), newMasterKey()];
    const where = {
      log: simulator.connectionString(),
      logNamespace: `${randomUUID()}-`,
      keys: withSchema(postgres.connectionString, `habeas_test_${randomUUID().replaceAll('-', '')}`),
    };
    const server = await startServer(temporaryFolder(), { ...where, masterKey: old });
    const person = await namePerson(server, 'Thuy Vy');
    expect(await nameOf(server, person)).toBe('Thuy Vy');
    const health = async (): Promise<[number, string]> => {
      const answer = await fetch(`${server.url}/health/ready`);
      return [answer.status, ((await answer.json()) as { keys: string }).keys];
    };
    expect(await health()).toEqual([200, 'open']);
    const events = async (): Promise<string> =>
      JSON.stringify((await server.client.request<{ items: unknown }>('/v1/events')).body.items);
    const before = await events();

    const replaced = await replace({
      HABEAS_DATA: folder(),
      HABEAS_KEYS: where.keys,
      HABEAS_MASTER_KEY: old,
      HABEAS_NEW_MASTER_KEY: next,
    });
    expect([replaced.errors, replaced.code]).toEqual(['', 0]);
    expect(replaced.output).toContain('Give every server of HABEAS_KEYS the new one');

    const refused: unknown = await namePerson(server, 'Sam Serey').catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 503, code: 'wrong-master-key' });
    expect(await health()).toEqual([503, 'wrong-master-key']);
    expect(await events()).toBe(before);
    await server.end(/: The master key of the key store in PostgreSQL \(schema .*\) was replaced/);

    const second = await startServer(temporaryFolder(), { ...where, masterKey: next });
    expect(await nameOf(second, person)).toBe('Thuy Vy');
    const late = await eventually(() => namePerson(second, 'Sam Serey'));
    expect(await nameOf(second, late)).toBe('Sam Serey');
    await second.end();
  }, 120_000);
});
