/** Requests that no well-meaning client sends, each with a deadline, and what came back, to the byte. */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

export interface Sent {
  readonly method: string;
  /** As it goes over the wire: visible ASCII. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Answered {
  /** 0: the connection ended without an answer. */
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Every byte that came: headers, and the body as UTF-8. */
  readonly text: string;
  readonly body: string;
  /** It was not answered within its deadline. */
  readonly stuck: boolean;
}

/** How long any request may take, in milliseconds: longer than a read waits for a position (5 s). */
const DEADLINE = 10_000;

/** A stream of changes has no end: this much of it is looked at, in milliseconds. */
const GLANCE = 100;

export class Sender {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });

  constructor(readonly url: string) {}

  async send({ method, path, headers = {}, body }: Sent): Promise<Answered> {
    return new Promise((resolve) => {
      const pieces: Buffer[] = [];
      let answer: IncomingMessage | undefined;
      let stuck = false;
      const done = (): void => {
        clearTimeout(late);
        const text = Buffer.concat(pieces).toString('utf8');
        resolve({
          status: answer?.statusCode ?? 0,
          headers: answer?.headers ?? {},
          text: `${answer?.rawHeaders.join('\n') ?? ''}\n\n${text}`,
          body: text,
          stuck,
        });
        outgoing.destroy();
      };
      const late = setTimeout(() => {
        stuck = true;
        done();
      }, DEADLINE);
      const { hostname, port } = new URL(this.url);
      const outgoing = httpRequest({
        hostname,
        port,
        method,
        path,
        headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
        agent: this.#agent,
      });
      outgoing.on('error', done);
      outgoing.on('response', (response) => {
        answer = response;
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', done).on('error', done);
        if (response.headers['content-type']?.startsWith('text/event-stream') === true) setTimeout(done, GLANCE);
      });
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/**
 * Sends bytes over a connection of their own.
 *
 * @returns everything that came until the server ended it, or until it had said nothing more for `patience` milliseconds
 */
export async function sendBytes(url: string, bytes: string | Buffer, patience = 500): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const done = (): void => {
      socket.destroy();
      resolve(Buffer.concat(pieces).toString('latin1'));
    };
    socket.setTimeout(patience, done);
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('close', done).on('error', done);
  });
}
