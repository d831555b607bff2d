/** docker/haproxy.cfg before real nodes: who is asked, what happens when a node goes, and that streams come through as they are sent. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kill, killAll, ready, runServer, stop, type Run } from '../support/server-process.js';
import { DOCKER, readCompose } from './compose-rules.js';

const CONFIGURATION = readFileSync(join(DOCKER, 'haproxy.cfg'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'habeas-load-balancer-'));
const isThere = spawnSync('haproxy', ['-v']).status === 0;
let balancer: ChildProcess | undefined;

afterAll(async () => {
  balancer?.kill('SIGKILL');
  await killAll();
  rmSync(folder, { recursive: true });
});

test('it knows every Habeas of the cluster, and no other', () => {
  const nodes = Object.keys(readCompose('compose.cluster.yaml').services).filter((name) => /^habeas\d/.test(name));
  expect([...CONFIGURATION.matchAll(/^ {2}server (\S+) (\S+)$/gm)].map(([, name, to]) => [name, to])).toEqual(
    nodes.map((name) => [name, `${name}:3000`]),
  );
});

if (!isThere) {
  console.warn('haproxy is not installed: docker/haproxy.cfg was NOT tried (apt-get install haproxy).');
}

(isThere ? describe : describe.skip)('before nodes', () => {
  /** The configuration as it is, but for the addresses. Resolves with where it listens. */
  async function balance(...nodes: readonly string[]): Promise<string> {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const servers = nodes.map((url, index) => `  server habeas${String(index + 1)} ${new URL(url).host}`);
    const text = CONFIGURATION.replace('bind :3000', `bind 127.0.0.1:${String(port)}`)
      .replace(/^ {2}server .*\n/gm, '')
      .concat(servers.join('\n'), '\n');
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, text);
    const checked = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
    expect(`${checked.stdout}${checked.stderr}`).not.toMatch(/WARNING|ALERT/);
    balancer?.kill('SIGKILL');
    balancer = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
    const url = `http://127.0.0.1:${String(port)}`;
    while ((await status(`${url}/health/load-balancer`)) !== 200) await delay(50);
    return url;
  }
  const status = (url: string): Promise<number> =>
    fetch(url).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      },
      () => 0,
    );
  const server = (name: string): Run => runServer(join(folder, name));

  test('a node that is killed costs nobody an answer who asks afterwards; without any node it says so', async () => {
    const nodes = [server('one'), server('two')] as const;
    const url = await balance(...(await Promise.all(nodes.map(ready))));
    const answers: number[] = [];
    while (answers.length < 200) {
      if (answers.length === 100) await kill(nodes[0]);
      answers.push(await status(`${url}/health/live`));
    }
    expect(answers).toEqual(answers.map(() => 200));
    await stop(nodes[1]);
    while ((await status(`${url}/health/load-balancer`)) !== 503) await delay(50);
  }, 60_000);

  test('a stream comes through piece by piece, as it is sent', async () => {
    let stream: ServerResponse | undefined;
    const node = createHttpServer((request, response) => {
      if (request.url === '/health/ready') response.end();
      else (stream = response).writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    }).listen(0, '127.0.0.1');
    await once(node, 'listening');
    const url = await balance(`http://127.0.0.1:${String((node.address() as AddressInfo).port)}`);
    const answer = await fetch(`${url}/v1/stream`);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (const piece of ['data: 1\n\n', ': heartbeat\n\n', 'data: 2\n\n']) {
      stream!.write(piece);
      expect((await reader.read()).value).toBe(piece);
    }
    stream!.end();
    expect((await reader.read()).done).toBe(true);
    node.close();
    node.closeAllConnections();
  }, 30_000);
});
