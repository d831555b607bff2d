/**
 * Servers that share a log and a key store, each a process with a folder of its own: one that is slow is waited for, one that is down is
 * named, and forgets before it serves. Every byte of each folder is searched.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { PersonView } from '#projections';
import { Client, RequestFailed } from '../../apps/cli/src/client.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { type EmbeddedPostgres, startPostgres } from '../support/postgres.js';
import { kill, killAll, ready, runServer, type Run, stop, urlOf } from '../support/server-process.js';
import { until } from '../support/until.js';
import { wordsInFiles } from '../support/words-in-files.js';
import { ERASED, erasePerson, erasure, recordPerson, review, type Told } from './test-support/erasing.js';
import { ADMIN_KEY, temporaryFolder } from './test-support/server.js';

class Node {
  readonly folder = temporaryFolder();
  run!: Run;

  constructor(private readonly environment: Readonly<Record<string, string>>) {}

  begin(): void {
    this.run = runServer(this.folder, { environment: this.environment });
  }

  async start(): Promise<void> {
    this.begin();
    await ready(this.run);
  }

  get client(): Client {
    return new Client(urlOf(this.run), ADMIN_KEY);
  }

  found(): readonly string[] {
    return wordsInFiles(this.folder, ERASED);
  }
}

let simulator: Simulator;
let postgres: EmbeddedPostgres;
let a: Node;
let b: Node;

beforeEach(async () => {
  [simulator, postgres] = await Promise.all([Simulator.start(), startPostgres()]);
  const environment = {
    HABEAS_ADMIN_KEY: ADMIN_KEY,
    HABEAS_LOG: simulator.connectionString(),
    HABEAS_LOG_NAMESPACE: `${randomUUID()}-`,
    HABEAS_KEYS: postgres.connectionString,
    HABEAS_MASTER_KEY: randomBytes(32).toString('hex'),
  };
  [a, b] = [new Node(environment), new Node(environment)];
  await a.start();
  await b.start();
}, 60_000);

afterEach(async () => {
  await killAll();
  await simulator.stop();
  await postgres.stop();
  for (const { folder } of [a, b]) rmSync(folder, { recursive: true, force: true });
});

async function recorded(): Promise<Told> {
  const told = await recordPerson(a.client);
  for (const node of [a, b]) {
    await node.client.request(`/v1/search?q=${ERASED[0] ?? ''}&minPosition=${told.position}`);
    expect(node.found()).not.toEqual([]);
  }
  return told;
}

/** What asking once more that somebody be erased is answered. */
async function again(person: string): Promise<number> {
  const body = { reason: 'Again.' };
  const path = `/v1/persons/${person}/personal-data`;
  return a.client.request(path, { method: 'DELETE', body }).then(
    ({ status }) => status,
    (error: unknown) => (error as RequestFailed).status,
  );
}

const reportedBy = async (id: string): Promise<readonly (readonly [boolean, boolean])[]> =>
  (await erasure(a.client, id)).nodes.map(({ live, forgot }) => [live, forgot] as const);

test('all that are up are waited for, however slow one is', async () => {
  const told = await recorded();
  b.run.process.kill('SIGSTOP');
  const { id } = await erasePerson(a.client, told.person);
  await until(async () => (await reportedBy(id)).filter(([, forgot]) => forgot).length === 1);
  expect((await reportedBy(id)).filter(([live, forgot]) => live && !forgot)).toHaveLength(1);
  expect(await again(told.person)).toBe(202);
  expect((await a.client.request(`/v1/erasures/${id}`)).status).toBe(202);
  b.run.process.kill('SIGCONT');
  await until(async () => (await again(told.person)) === 410, 20_000);
  const done = await review(b.client, id);
  expect(done.certificate).toMatchObject({ outOfReach: { nodes: [] } });
  expect(done.certificate?.nodes).toHaveLength(2);
  for (const node of [a, b]) {
    expect(node.found()).toEqual([]);
    const { body } = await node.client.request<PersonView>(`/v1/persons/${told.person}`);
    expect(body).toMatchObject({ erased: true, names: [] });
    expect(await stop(node.run)).toBe(0);
    expect(node.found()).toEqual([]);
  }
}, 90_000);

test('one that was killed is out of reach, and has forgotten before it answers anybody again', async () => {
  const told = await recorded();
  await kill(b.run);
  const { id } = await erasePerson(a.client, told.person);
  // Until nothing was heard of it for long enough it counts as up.
  expect(await again(told.person)).toBe(202);
  const done = await review(a.client, id);
  const [, gone] = done.nodes.toSorted((one, other) => Number(other.live) - Number(one.live));
  expect(gone).toMatchObject({ live: false, forgot: false });
  expect(done.certificate).toMatchObject({ outOfReach: { nodes: [gone?.id] } });
  expect(a.found()).toEqual([]);
  expect(b.found()).not.toEqual([]);

  b.begin();
  await until(
    () =>
      fetch(`${urlOf(b.run)}/health/live`).then(
        () => true,
        () => false,
      ),
    30_000,
  );
  expect(b.found()).toEqual([]);
  await ready(b.run);
  expect((await b.client.request<PersonView>(`/v1/persons/${told.person}`)).body).toMatchObject({ erased: true });
  expect(b.found()).toEqual([]);
  // It says so afterwards as well.
  await until(async () => (await erasure(a.client, id)).nodes.every(({ forgot }) => forgot), 20_000);
}, 120_000);
