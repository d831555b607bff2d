/**
 * Clients of streams for the benchmark, in a process of their own: thousands of plain connections, on which nothing is looked at
 * but which event a change was caused by, and when it came.
 */
import { connect, type Socket } from 'node:net';

export type ListenersTask =
  | {
      readonly kind: 'open';
      readonly url: string;
      readonly paths: readonly string[];
      readonly headers: Readonly<Record<string, string>>;
    }
  /** Waits for so many arrivals since the last time, and gives them. */
  | { readonly kind: 'collect'; readonly count: number }
  | { readonly kind: 'close' };

export interface Arrival {
  /** The event that caused the change; the first change of it counts. */
  readonly event: string;
  readonly client: number;
  /** By the clock that all processes of the machine share, in milliseconds. */
  readonly at: number;
}

/** Connections that are made at the same time. */
const AT_ONCE = 100;
const PATIENCE_MS = 30_000;
const CAUSE = /"cause":\{"event":"([0-9a-f-]{36})"/g;
const LONGEST_CAUSE = 60;

const sockets: Socket[] = [];
let arrivals: Arrival[] = [];

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

process.on('message', (task: ListenersTask) => {
  void perform(task).then((answer) => process.send?.(answer));
});

async function perform(task: ListenersTask): Promise<unknown> {
  if (task.kind === 'open') {
    for (let at = 0; at < task.paths.length; at += AT_ONCE)
      await Promise.all(task.paths.slice(at, at + AT_ONCE).map((path, n) => open(task, path, at + n)));
    return 'open';
  }
  if (task.kind === 'close') {
    for (const socket of sockets.splice(0)) socket.destroy();
    return 'closed';
  }
  const until = now() + PATIENCE_MS;
  while (arrivals.length < task.count && now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  const collected = arrivals;
  arrivals = [];
  return collected;
}

/** Resolves when the server has begun to answer. */
function open({ url, headers }: ListenersTask & { kind: 'open' }, path: string, client: number): Promise<void> {
  const { hostname, port, host } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    sockets.push(socket);
    socket.setEncoding('latin1').setNoDelay();
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    let rest = '';
    let last = '';
    socket.on('data', (text: string) => {
      const at = now();
      if (text.startsWith('HTTP/1.1 200')) resolve();
      else if (text.startsWith('HTTP/1.1')) reject(new Error(text));
      rest += text;
      for (const [, event = ''] of rest.matchAll(CAUSE)) {
        if (event !== last) arrivals.push({ event, client, at });
        last = event;
      }
      rest = rest.slice(-LONGEST_CAUSE).replace(CAUSE, '');
    });
    socket.on('error', reject);
  });
}
