/**
 * An HTTP client that costs next to nothing, so that a server on the same machine is what is measured: one request at a time on
 * each connection, bodies by Content-Length.
 */
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export class Connection {
  #received = '';
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly host: string,
  ) {
    socket.setEncoding('latin1').setNoDelay();
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#settle();
    });
    const fail = (error?: Error): void =>
      this.#waiting?.reject(error ?? new Error('The server closed the connection.'));
    socket.on('error', fail).on('close', () => {
      fail();
    });
  }

  static open(url: string): Promise<Connection> {
    const { hostname, port, host } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) }, () => {
        socket.off('error', reject);
        resolve(new Connection(socket, host));
      });
      socket.once('error', reject);
    });
  }

  send({ method, path, headers = {}, body }: Request): Promise<Answer> {
    const lines = Object.entries({ host: this.host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    const type =
      body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) throw new Error('The server closed the connection.');
      this.#waiting = { resolve, reject };
      this.socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}${type}\r\n${body ?? ''}`);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.socket.destroy();
  }

  #settle(): void {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const headers = this.#received.slice(0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(headers)?.[1] ?? 0);
    const from = end + 4;
    if (this.#received.length < from + length) return;
    const body = this.#received.slice(from, from + length);
    this.#received = this.#received.slice(from + length);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(headers.slice(9, 12)), headers, body });
  }
}

/** The same number of connections, opened at once. */
export function connections(url: string, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(url)));
}
