/** Opening: what is taken for a connection string, what is not, and one connection to a process. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openEventStoreDb } from '#event-store-eventstoredb';
import { Simulator } from '../../../test/eventstoredb-simulator/simulator.js';
import { pauseBefore } from './retry.js';
import { collect, eventsOf, newStream, outcome, randomness, simulated } from './test-support/simulated.js';

const SECRET = 'hush-hush';

describe('a connection string that cannot be used', () => {
  test.each([
    ['another protocol', `http://admin:${SECRET}@127.0.0.1:2113`],
    ['an option that is not known', `esdb://admin:${SECRET}@127.0.0.1:2113?tsl=false`],
    ['no certificates to be verified', `esdb://admin:${SECRET}@127.0.0.1:2113?tls=true&tlsVerifyCert=false`],
    ['wrong answers to appends', `esdb://admin:${SECRET}@127.0.0.1:2113?tls=false&Throw-On-Append-Failure=false`],
    ['no host', `esdb://admin:${SECRET}@?tls=false`],
    ['a port that is none', `esdb://admin:${SECRET}@127.0.0.1:http?tls=false`],
    ['a value that is none', `esdb://admin:${SECRET}@127.0.0.1:2113?tls=perhaps`],
    ['a file that is not there', `esdb://admin:${SECRET}@127.0.0.1:2113?tlsCAFile=/nowhere/ca.pem`],
  ])('%s: is refused, and what is said, here or on the console, holds no secret', async (_name, connectionString) => {
    const { warn } = console;
    let said = '';
    console.warn = (...words: unknown[]) => (said += words.join());
    const error = await openEventStoreDb({ connectionString, randomness }).catch((thrown: unknown) => thrown);
    console.warn = warn;
    expect(error).toMatchObject({ name: 'ConnectionStringError' });
    expect(JSON.stringify([String(error), error, (error as Error).cause ?? null, said])).not.toContain(SECRET);
  });
});

describe('a server with TLS', () => {
  const fixture = (name: string): string =>
    fileURLToPath(new URL(`../../../../test/fixtures/tls/test-only.${name}`, import.meta.url));
  const [certificate, key] = ['crt', 'key'].map((name) => readFileSync(fixture(name))) as [Buffer, Buffer];
  const authority = `tlsCAFile=${fixture('crt')}`;
  const mine = `userCertFile=${fixture('crt')}&userKeyFile=${fixture('key')}`;

  test.each<[what: string, ofClients: boolean, options: string, expected: string]>([
    ['whose authority is named', false, authority, 'there'],
    ['whose authority nobody named', false, 'tls=true', 'unavailable'],
    ['that wants a certificate, and gets it', true, `${authority}&${mine}`, 'there'],
    ['that wants a certificate, and gets none', true, authority, 'unavailable'],
  ])('%s', async (_name, ofClients, options, expected) => {
    const server = await Simulator.start({ nodes: 3, tls: { certificate, key, ofClients } });
    const connectionString = `esdb://somebody:${SECRET}@${server.hosts()}?${options}&maxDiscoverAttempts=2&gossipTimeout=2`;
    const opening = openEventStoreDb({ connectionString, randomness, deadline: 3_000 });
    const said = await opening.then(
      async (store) => {
        await store.append(newStream(), eventsOf(1), 'no-stream');
        expect(server.user).toBe(`somebody:${SECRET}`);
        expect(await collect(store.readAll())).toHaveLength(1);
        await store.close();
        return 'there';
      },
      (error: unknown) => (error as { code?: unknown }).code,
    );
    await server.stop();
    expect(said).toBe(expected);
  });
});

test(
  'stores of one connection string share the connection, and it lasts as long as the last of them',
  simulated(async (store, simulator) => {
    const connectionString = simulator.connectionString();
    const other = await openEventStoreDb({ connectionString, randomness });
    const stream = newStream();
    await store.append(stream, eventsOf(1), 'no-stream');
    await other.append(stream, eventsOf(1), 0);
    await other.close();
    await store.append(stream, eventsOf(1), 1);
    expect(await collect(store.readStream(stream))).toHaveLength(3);
  }),
);

test(
  'two logs on one server keep to themselves, each in its namespace',
  simulated(async (store, simulator) => {
    const open = (namespace: string) =>
      openEventStoreDb({ connectionString: simulator.connectionString(), randomness, namespace });
    const others = [await open('a-'), await open('b-')];
    const stream = newStream();
    for (const [n, one] of [store, ...others].entries()) await one.append(stream, eventsOf(n + 1), 'no-stream');
    for (const [n, one] of [store, ...others].entries()) {
      const read = await collect(one.readAll());
      expect(read.map((each) => each.stream)).toEqual(Array<string>(n + 1).fill(stream));
      expect(await collect(one.readStream(stream))).toEqual(read);
      expect(await collect(one.readAll({ categories: ['habeasPerson'] }))).toEqual(read);
    }
    for (const one of others) await one.close();
    await expect(open('no good')).rejects.toMatchObject({ name: 'ConnectionStringError' });
  }),
);

test(
  'a second server in the same process is refused: the client would mix up what waits for an answer',
  simulated(async () => {
    const other = await Simulator.start();
    const opening = openEventStoreDb({ connectionString: other.connectionString(), randomness });
    expect(await outcome(opening)).toBe('in-use');
    await other.stop();
  }),
);

test('a server that does not answer is unavailable, and may be tried again', async () => {
  const simulator = await Simulator.start();
  const connectionString = simulator.connectionString();
  const open = () => openEventStoreDb({ connectionString, randomness, deadline: 500 });
  simulator.refuse(true);
  expect(await outcome(open())).toBe('unavailable');
  simulator.refuse(false);
  simulator.silence(true);
  expect(await outcome(open())).toBe('unavailable');
  simulator.silence(false);
  await (await open()).close();
  await simulator.stop();
});

test(
  'a node that is not the leader leads to it',
  simulated(
    async (_store, simulator) => {
      simulator.elect();
      expect(await collect(_store.readAll())).toEqual([]);
      expect(simulator.leader().calls.read).toBeGreaterThan(0);
    },
    { nodes: 2 },
  ),
);

test('pauses are doubled up to the limit, and each is drawn between half and the whole', () => {
  const backoff = { first: 20, most: 5_000 };
  const least = { bytes: () => new Uint8Array([0]) };
  const most = { bytes: () => new Uint8Array([255]) };
  const pauses = [1, 2, 3, 8, 9, 100].map((attempt) => [
    pauseBefore(attempt, backoff, least),
    pauseBefore(attempt, backoff, most),
  ]);
  expect(pauses).toEqual([
    [10, 20],
    [20, 40],
    [40, 80],
    [1_280, 2_560],
    [2_500, 5_000],
    [2_500, 5_000],
  ]);
});
