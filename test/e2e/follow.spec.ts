/** `habeas follow`, and the end of the demo: changes are heard of as they happen. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { StatusChangeEvent } from '#feed';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { killAll, run, type Run } from '../support/server-process.js';
import { until } from '../support/until.js';
import { ADMIN_KEY, startServer, temporaryFolder } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

afterEach(killAll);

const submission = (ids: ReadonlyMap<string, string>): object => ({
  occurred: '2019-03',
  authority: { name: 'Ministry of Interior' },
  basis: 'reported',
  confidence: 'medium',
  citations: [{ sourceId: ids.get('article'), locator: 'p. 1' }],
});

test('changes are shown as they come, also those from before, until it is ended; refusals end it', async () => {
  const server = await startServer();
  const { ids } = await enterCase(server.client, firstCase);
  const group = ids.get('knlf') ?? '';
  const follow = (args: readonly string[], key = ADMIN_KEY): Run =>
    run(CLI, ['follow', '--where', `group=${group}`, '--where', 'axis=registration', ...args], {
      environment: { HABEAS_URL: server.url, HABEAS_KEY: key },
    });
  const said = follow(['--after', '0']);
  const lines = follow(['--after', '0', '--json']);
  await said.says('Khmer National Liberation Front: registration: unknown -> collecting');
  await lines.says('\n');
  await server.record(`groups/${group}/registration-submissions`, submission(ids));
  await said.says('-> submitted, since 2019-03');
  await lines.says('"value":"submitted"');
  for (const one of [said, lines]) {
    one.process.kill('SIGINT');
    expect([await one.ended, one.errors()]).toEqual([0, '']);
  }
  const told = lines
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as StatusChangeEvent);
  expect(told.at(-1)).toMatchObject({
    specversion: '1.0',
    data: { from: { value: 'collecting' }, to: { value: 'submitted' }, cause: { type: 'PartyRegistrationSubmitted' } },
  });

  const refused = follow(['--where', 'axis=freedom']);
  expect(await refused.ended).toBe(1);
  expect(refused.errors()).toMatch(/^Give one of liberty, /);
  const unknown = follow([], 'no-key');
  expect(await unknown.ended).toBe(1);
  expect(unknown.errors()).toMatch(/key/);
  await server.end();
}, 120_000);

test('a server that is not well for a while is asked again: nothing is missed, nothing comes twice', async () => {
  const server = await startServer();
  const { ids } = await enterCase(server.client, firstCase);
  const group = ids.get('knlf') ?? '';
  let [isWell, refused] = [true, 0];
  const front = createServer((incoming, response) => {
    if (!isWell) {
      refused += 1;
      response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{"code":"views-not-ready"}');
      return;
    }
    const onward = request(new URL(incoming.url ?? '', server.url), { headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    onward.end();
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  try {
    const args = ['follow', '--where', `group=${group}`, '--where', 'axis=registration', '--after', '0'];
    const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
    const said = run(CLI, args, { environment: { HABEAS_URL: url, HABEAS_KEY: ADMIN_KEY } });
    await said.says('unknown -> collecting');
    isWell = false;
    front.closeAllConnections();
    await until(() => refused > 0);
    await server.record(`groups/${group}/registration-submissions`, submission(ids));
    isWell = true;
    await said.says('-> submitted, since 2019-03');
    said.process.kill('SIGINT');
    expect([await said.ended, said.errors()]).toEqual([0, '']);
    expect(said.output().match(/: registration: /g)).toHaveLength(2);
  } finally {
    front.close();
    front.closeAllConnections();
  }
  await server.end();
}, 120_000);

test('the demo ends with a change that it hears of, and takes it back; run again, the record says the same', async () => {
  const data = temporaryFolder();
  try {
    const outputs: string[] = [];
    for (const _ of [1, 2]) {
      const demo = run(CLI, ['demo', '--exit', '--data', data], { environment: { HABEAS_PORT: '0' } });
      expect([await demo.ended, demo.errors()]).toEqual([0, '']);
      outputs.push(demo.output());
    }
    for (const output of outputs) {
      expect(output).toMatch(/collecting, since .* -> submitted, since [\d-]+\n.*new, by PartyRegistrationSubmitted/);
      expect(output).toMatch(/heard [\d.]+ ms after the answer/);
      expect(output).toMatch(/submitted, since [\d-]+ -> collecting, since .*\n.*retraction, by FactRetracted/);
    }
    const tables = outputs.map((output) => output.split('\n').filter((line) => line.startsWith('│')));
    expect(tables[1]).toEqual(tables[0]);
    expect(tables[0]?.length).toBeGreaterThan(20);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}, 120_000);
