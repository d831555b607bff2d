/**
 * A proxy that cuts connections at moments of chance, in the middle of whatever is under way; and behind which a server may go
 * away and come again elsewhere. It hurries clients: told to come again in seconds, they hear of a few milliseconds.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../crash/test-support/random.js';

export interface CuttingProxyOptions {
  readonly random: Random;
  /** How many bytes come through on an average before a cut; 0: there is none. */
  readonly bytes: number;
  /** The port that the next connection is for; undefined: nobody is there. */
  readonly port: () => number | undefined;
}

export class CuttingProxy {
  cuts = 0;
  private readonly server: Server;
  private readonly open = new Set<Socket>();

  private constructor(private readonly options: CuttingProxyOptions) {
    this.server = createServer((client) => {
      this.pass(client);
    });
  }

  static async start(options: CuttingProxyOptions): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(options);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection at once. */
  cutAll(): void {
    for (const socket of this.open) socket.destroy();
  }

  async stop(): Promise<void> {
    this.server.close();
    this.cutAll();
    await once(this.server, 'close');
  }

  private pass(client: Socket): void {
    const { random, bytes, port } = this.options;
    const to = port();
    if (to === undefined) {
      client.destroy();
      return;
    }
    const server = connect(to, '127.0.0.1');
    const both = [client, server];
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.open.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.open.delete(socket);
        other.destroy();
      });
    }
    let left = bytes === 0 ? Infinity : 1 + random.below(2 * bytes);
    client.pipe(server);
    server.on('data', (piece: Buffer) => {
      const passed = hurried(piece).subarray(0, left);
      left -= passed.length;
      if (!client.write(passed)) {
        server.pause();
        client.once('drain', () => server.resume());
      }
      if (left > 0) return;
      this.cuts++;
      // What was written is to arrive: it is the rest that is lost.
      for (const socket of both) socket.destroySoon();
    });
    server.once('end', () => client.end());
  }
}

/** As long as it was: it is a part of a body that comes in pieces of known lengths. */
function hurried(piece: Buffer): Buffer {
  const at = piece.indexOf('retry: ');
  if (at < 0) return piece;
  const end = piece.indexOf('\n', at);
  return Buffer.concat([
    piece.subarray(0, at),
    Buffer.from(`retry: ${'20'.padStart(end - at - 'retry: '.length, '0')}`),
    piece.subarray(end),
  ]);
}
