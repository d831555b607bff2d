/**
 * What was revoked on one node ends on the others within seconds; and on one that does not hear the log any more, though its
 * connection stands, nobody comes in until it does: a revocation might be what it did not hear.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { Client } from '../../apps/cli/src/client.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { Wire } from '../eventstoredb-simulator/wire.js';
import { startPostgres, withSchema } from '../support/postgres.js';
import { killAll, ready, runServer, stop } from '../support/server-process.js';
import { until } from '../support/until.js';
import { bearer, EventStream } from './test-support/event-stream.js';
import { ADMIN_KEY, startServer, temporaryFolder } from './test-support/server.js';

afterAll(killAll);

test('a node that is cut off refuses all keys after ten seconds, and ends streams; reunited, it knows what was revoked', async () => {
  const simulator = await Simulator.start();
  const wire = await Wire.before(simulator.leader().port);
  const postgres = await startPostgres();
  const shared = {
    logNamespace: `${randomUUID()}-`,
    keys: withSchema(postgres.connectionString, 'habeas_silent'),
    masterKey: randomBytes(32).toString('hex'),
  };
  const here = await startServer(temporaryFolder(), { ...shared, log: simulator.connectionString() });
  const folder = temporaryFolder();
  const process = runServer(folder, {
    environment: {
      HABEAS_LOG: `esdb://127.0.0.1:${wire.port}?tls=false`,
      HABEAS_LOG_NAMESPACE: shared.logNamespace,
      HABEAS_KEYS: shared.keys,
      HABEAS_MASTER_KEY: shared.masterKey,
      HABEAS_ADMIN_KEY: ADMIN_KEY,
    },
  });
  try {
    const there = await ready(process);
    const make = async (): Promise<{ id: string; key: string; asks: () => Promise<string> }> => {
      const body = { name: 'a key', scopes: ['read'] };
      const { id, key } = (await here.client.request<{ id: string; key: string }>('/v1/keys', { method: 'POST', body }))
        .body;
      const asks = async (): Promise<string> => {
        const answer = await fetch(`${there}/v1/keys/self`, { headers: bearer(key) });
        const { code = '' } = (await answer.json()) as { code?: string };
        return `${answer.status} ${code}`.trim();
      };
      await until(async () => (await asks()) === '200');
      return { id, key, asks };
    };
    const listen = (key: string) => EventStream.open(`${there}/v1/status-changes/stream`, bearer(key));
    const revoke = (id: string) => here.client.request(`/v1/keys/${id}`, { method: 'DELETE' });

    const heard = await make();
    const [first, cut] = [await listen(heard.key), await make()];
    await revoke(heard.id);
    await until(async () => first.ended && (await heard.asks()) === '401 unauthenticated', 3_000);

    const stream = await listen(cut.key);
    wire.silence(true);
    const since = performance.now();
    await revoke(cut.id);
    await until(async () => stream.ended && (await cut.asks()) === '503 access-unavailable', 14_000);
    // It was let in for as long as the log may be silent, and not at once.
    expect(performance.now() - since).toBeGreaterThan(4_000);
    const answer = await fetch(`${there}/v1/persons`, { headers: bearer() });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answer.json()).toMatchObject({ code: 'access-unavailable' });
    expect((await fetch(`${there}/health/live`)).status).toBe(200);

    wire.silence(false);
    await until(async () => (await cut.asks()) === '401 unauthenticated', 30_000);
    expect((await new Client(there, ADMIN_KEY).request('/v1/keys/self')).status).toBe(200);
    await until(async () => (await fetch(`${there}/health/ready`)).status === 200, 30_000);
    expect(await stop(process)).toBe(0);
  } finally {
    await killAll();
    await here.end();
    rmSync(folder, { recursive: true, force: true });
    await postgres.stop();
    await wire.close();
    await simulator.stop();
  }
}, 120_000);
