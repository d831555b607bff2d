/** The network before a simulated node: a forwarder of bytes whose connections can be cut, and that can fall silent. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class Wire {
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #silent = false;
  #refusing = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#forward(socket));
  }

  static async before(target: number): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #forward(outer: Socket): void {
    if (this.#refusing) {
      outer.destroy();
      return;
    }
    const inner = connect(this.#target, '127.0.0.1');
    for (const [from, to] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
      if (this.#silent) from.pause();
    }
  }

  /** Cuts every connection; new ones are taken. */
  drop(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  /** Takes no new connections, until told otherwise. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /** Forwards nothing, while everything stays connected: what a stopped process or a broken network looks like. */
  silence(silent: boolean): void {
    this.#silent = silent;
    for (const socket of this.#sockets) {
      if (silent) socket.pause();
      else socket.resume();
    }
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
