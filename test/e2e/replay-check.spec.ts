/** `habeas replay` and `habeas check`, as processes beside a server that serves and is written to. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { type PersonView, SCHEMA_VERSION } from '#projections';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { killAll, run } from '../support/server-process.js';
import { CLI, FirstCaseOn } from './test-support/first-case-on.js';
import { LOGS } from './test-support/logs.js';
import { startServer, temporaryFolder, type TestServer } from './test-support/server.js';

afterAll(killAll);

describe.each(LOGS)('on the log: %s', (where) => {
  let on: FirstCaseOn;
  let server: TestServer;
  beforeAll(async () => {
    on = await FirstCaseOn.log(where);
    ({ server } = on);
    await server.client.request(`/v1/search?q=Vy&minPosition=${on.entered.last}`);
  }, 60_000);
  afterAll(() => on.end());

  const habeas = (...args: readonly string[]): ReturnType<FirstCaseOn['habeas']> => on.habeas(...args);
  const id = (name: string): string => on.id(name);

  test('a replay is the record as it was known then, in a file by itself', async () => {
    const out = join(temporaryFolder(), 'then.db');
    const written = await habeas('replay', '--known-at', '26', '--out', out);
    expect(written).toMatchObject({ code: 0, errors: '' });
    expect(written.output).toMatch(
      /^Wrote the record as it was known at seq 26 to .*then\.db\n {2}events +26 events\n/,
    );
    const db = new DatabaseSync(out, { readOnly: true });
    const row = db
      .prepare('SELECT document FROM documents JOIN subjects USING (sid) WHERE kind = ? AND id = ?')
      .get('person', id('vy'));
    db.close();
    const { body } = await server.client.request<PersonView>(`/v1/persons/${id('vy')}?knownAt=26`);
    const { asOf: _, ...expected } = body;
    expect(JSON.parse(String(row?.document))).toEqual(expected);
    expect(readdirSync(join(out, '..'))).toEqual(['then.db']);
    const again = await habeas('replay', '--known-at', '26', '--out', out);
    expect(again).toMatchObject({ code: 1, output: '', errors: expect.stringContaining('Nothing is overwritten') });
  });

  test.each([
    ['no moment', 'yesterday', '--known-at takes an instant'],
    ['a moment ahead', '2100-01-01T00:00:00Z', 'give an earlier moment'],
    ['a seq ahead', '99999', 'The record has come to seq'],
  ])('no replay of %s', async (_, knownAt, says) => {
    const folder = temporaryFolder();
    const refused = await habeas('replay', '--known-at', knownAt, '--out', join(folder, 'then.db'));
    expect(refused).toMatchObject({ code: 1, output: '', errors: expect.stringContaining(says) });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('what is served is checked while it is written to; a spoilt row is named, until the views are folded again', async () => {
    const done = new AbortController();
    const writing = (async () => {
      for (let n = 0; !done.signal.aborted; n++)
        await server.record('sources', { type: 'post', title: `t${n}`, lang: 'en' });
    })();
    try {
      const whole = await habeas('check');
      expect(whole).toMatchObject({ code: 0, errors: '' });
      expect(whole.output).toMatch(/^The views are what the log says: [\d,]+ rows, of [\d,]+ events\n {2}file +views-/);
    } finally {
      done.abort();
      await writing;
    }
    const pointer = readFileSync(join(server.folder, `views-${SCHEMA_VERSION}.current`), 'utf8');
    const db = new DatabaseSync(join(server.folder, pointer));
    db.exec(`PRAGMA busy_timeout = 5000;
      UPDATE segments SET value = 'acquitted' WHERE axis = 'verdict' AND value = 'convicted'
        AND known_to = ${Number.MAX_SAFE_INTEGER} AND sid = (SELECT sid FROM subjects WHERE id = '${id('vy')}')`);
    db.close();
    const spoilt = await habeas('check');
    expect(spoilt).toMatchObject({ code: 2, errors: '' });
    expect(spoilt.output).toContain(`segments, person ${id('vy')}: a row differs in value\n`);
    expect(spoilt.output).toMatch(
      /\nThe views are not what the log says \(\d+ differences? in [\d,]+ rows\): see above\n/,
    );
    expect(spoilt.output).not.toMatch(/acquitted|convicted|Vy/);
    expect(await habeas('rebuild')).toMatchObject({ code: 0 });
    expect(await habeas('check')).toMatchObject({ code: 0 });
    expect(readdirSync(server.folder).filter((name) => name.startsWith('.check'))).toEqual([]);
  }, 60_000);
});

test('where there is nothing to check, a sentence says so', async () => {
  const server = await startServer();
  await server.stop();
  const check = async (): Promise<readonly [number | null, string, string]> => {
    const done = run(CLI, ['check'], { environment: { HABEAS_DATA: server.folder } });
    return [await done.ended, done.output(), done.errors()];
  };
  expect(await check()).toMatchObject([0, expect.any(String), '']);
  writeFileSync(join(server.folder, `views-${SCHEMA_VERSION}.current`), 'nothing');
  expect(await check()).toEqual([1, '', expect.stringContaining('start the server there, which makes them')]);
  await server.end();
});

test('a replay and a check that were ended or killed say what to do, and are gone on with', async () => {
  const simulator = await Simulator.start();
  const server = await startServer(temporaryFolder(), { log: simulator.connectionString() });
  const { last } = await enterCase(server.client, firstCase.slice(0, 3));
  await server.client.request(`/v1/search?q=Vy&minPosition=${last}`);
  await server.stop();
  const folder = temporaryFolder();
  const environment = { HABEAS_DATA: server.folder, HABEAS_LOG: simulator.connectionString() };
  const ended = async (args: readonly string[], partial: string, signal: 'SIGINT' | 'SIGKILL') => {
    // It waits for what never comes.
    simulator.faults.planSubscriptions('stall');
    const late = performance.now() + 20_000;
    const command = run(CLI, args, { environment });
    while (!existsSync(partial) || !readdirSync(partial).some((name) => name.endsWith('.db'))) {
      if (performance.now() > late) throw new Error(`It did not begin: ${command.output()}${command.errors()}`);
      await delay(5);
    }
    command.process.kill(signal);
    return [await command.ended, command.output(), command.errors()];
  };
  const done = async (args: readonly string[]) => {
    const command = run(CLI, args, { environment });
    return [await command.ended, command.output(), command.errors()];
  };

  const replay = ['replay', '--known-at', '3', '--out', join(folder, 'then.db')];
  const partial = join(folder, '.then.db.partial');
  expect(await ended(replay, partial, 'SIGINT')).toEqual([130, '', expect.stringMatching(/^Stopped\. Run it again/)]);
  expect(await ended(replay, partial, 'SIGKILL')).toEqual([null, '', '']);
  expect(readdirSync(folder)).toEqual(['.then.db.partial']);
  expect(await done(replay)).toEqual([0, expect.stringContaining('Wrote the record'), '']);
  expect(readdirSync(folder)).toEqual(['then.db']);

  const fresh = join(server.folder, '.check');
  expect(await ended(['check'], fresh, 'SIGINT')).toEqual([
    130,
    '',
    expect.stringMatching(/^Stopped\. Nothing was dec/),
  ]);
  expect(await ended(['check'], fresh, 'SIGKILL')).toEqual([null, '', '']);
  expect(existsSync(fresh)).toBe(true);
  expect(await done(['check'])).toEqual([0, expect.stringContaining('The views are what the log says'), '']);
  expect(existsSync(fresh)).toBe(false);
  await server.end();
  await simulator.stop();
}, 60_000);
