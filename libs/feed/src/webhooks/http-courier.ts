/**
 * Sends deliveries over HTTP. A host is looked up once for each connection, all of its addresses are judged, and the connection is
 * made to one that was judged: what the name leads to a moment later does not matter.
 */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { AddressRules, hostOf, type Inside, isInside } from './addresses.js';
import type { Courier, Delivered, Failure, Parcel } from './courier.js';

export interface HttpCourierOptions {
  readonly inside: Inside;
  /** Says which program sends. */
  readonly userAgent: string;
  /** All addresses of a host; the system's resolver unless said. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
  /** Milliseconds in which a connection must come about, and in which the answer must have come. */
  readonly connectWithin?: number;
  readonly answerWithin?: number;
}

const CONNECT_WITHIN_MS = 5_000;
const ANSWER_WITHIN_MS = 20_000;
/** Connections to one host at a time. */
const SOCKETS = 8;
/** Bytes of an answer that are waited for, so that its connection can be used again. None is looked at. */
const READ_BYTES = 16 * 1024;

export function createHttpCourier(options: HttpCourierOptions): Courier {
  return new HttpCourier(options);
}

/** Nothing is sent there. */
class RefusedError extends Error {
  constructor(readonly failure: Failure) {
    super(failure);
  }
}

class HttpCourier implements Courier {
  readonly #options: Required<HttpCourierOptions>;
  readonly #rules: AddressRules;
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: SOCKETS });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS });

  constructor(options: HttpCourierOptions) {
    this.#options = {
      resolve: resolveBySystem,
      connectWithin: CONNECT_WITHIN_MS,
      answerWithin: ANSWER_WITHIN_MS,
      ...options,
    };
    this.#rules = new AddressRules(options.inside);
  }

  async send(parcel: Parcel, signal: AbortSignal): Promise<Delivered | undefined> {
    // A connection that was kept may have been closed at the other end just then: that says nothing of the receiver.
    const delivered = await this.#attempt(parcel, signal);
    return delivered === 'stale' ? this.#fresh(parcel, signal) : delivered;
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #fresh(parcel: Parcel, signal: AbortSignal): Promise<Delivered | undefined> {
    const delivered = await this.#attempt(parcel, signal);
    return delivered === 'stale' ? { outcome: { error: 'connection-lost' } } : delivered;
  }

  #attempt(parcel: Parcel, signal: AbortSignal): Promise<Delivered | 'stale' | undefined> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(undefined);
        return;
      }
      const url = new URL(parcel.url);
      let request: ClientRequest;
      try {
        // An address that stands in the URL itself is not looked up.
        if (isIP(hostOf(url)) !== 0) this.#judge(url, hostOf(url));
        request = this.#request(url, parcel);
      } catch (error) {
        resolve({ outcome: { error: failureOf(error) } });
        return;
      }
      const { connectWithin, answerWithin } = this.#options;
      let late = false;
      const giveUp = (): void => {
        late = true;
        request.destroy();
      };
      const connecting = setTimeout(giveUp, connectWithin);
      const answering = setTimeout(giveUp, answerWithin);
      const cut = (): void => {
        request.destroy();
      };
      const end = (delivered: Delivered | 'stale' | undefined): void => {
        clearTimeout(connecting);
        clearTimeout(answering);
        signal.removeEventListener('abort', cut);
        resolve(delivered);
      };
      const failed = (error: unknown): void => {
        if (late) end({ outcome: { error: 'timed-out' } });
        else if (signal.aborted) end(undefined);
        else end(request.reusedSocket ? 'stale' : { outcome: { error: failureOf(error) } });
      };
      signal.addEventListener('abort', cut);
      request.once('socket', (socket) => {
        const connected = (): void => {
          clearTimeout(connecting);
        };
        if (socket.connecting) socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
        else connected();
      });
      request.once('response', (response) => {
        end({ outcome: { status: response.statusCode ?? 0 }, ...retryAfterOf(response) });
        readThrough(response, answerWithin);
      });
      request.on('error', failed);
      request.once('close', failed);
      request.end(parcel.body);
    });
  }

  #request(url: URL, { headers, body }: Parcel): ClientRequest {
    const isEncrypted = url.protocol === 'https:';
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body), 'user-agent': this.#options.userAgent },
      agent: isEncrypted ? this.#https : this.#http,
      lookup: this.#lookup(url),
    };
    return isEncrypted ? httpsRequest(url, options) : httpRequest(url, options);
  }

  #lookup(url: URL): LookupFunction {
    return (host, { all }, answer) => {
      this.#options.resolve(host).then(
        (addresses) => {
          try {
            const [first] = addresses;
            if (first === undefined) throw new RefusedError('host-not-found');
            // One that lies inside among others is no mistake that somebody makes.
            for (const { address } of addresses) this.#judge(url, address);
            if (all === true) answer(null, [...addresses]);
            else answer(null, first.address, first.family);
          } catch (error) {
            answer(error as Error, '');
          }
        },
        (error: unknown) => {
          answer(error as Error, '');
        },
      );
    };
  }

  /** @throws RefusedError */
  #judge(url: URL, address: string): void {
    if (!this.#rules.allows(hostOf(url), address)) throw new RefusedError('address-refused');
    if (url.protocol !== 'https:' && !isInside(address)) throw new RefusedError('not-encrypted');
  }
}

function resolveBySystem(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(host, { all: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });
}

/** Reads an answer to its end, if that is near, so that the connection may be kept. */
function readThrough(response: IncomingMessage, within: number): void {
  let bytes = 0;
  const late = setTimeout(() => response.destroy(), within).unref();
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > READ_BYTES) response.destroy();
  });
  response.on('error', () => undefined);
  response.once('close', () => {
    clearTimeout(late);
  });
}

/** In seconds, or as a date (RFC 9110, 10.2.3), measured from the answer's own date. */
function retryAfterOf({ headers }: IncomingMessage): { readonly retryAfter?: number } {
  const text = headers['retry-after']?.trim() ?? '';
  const milliseconds = /^\d{1,9}$/.test(text)
    ? Number(text) * 1_000
    : Date.parse(text) - Date.parse(headers.date ?? '');
  return milliseconds > 0 ? { retryAfter: milliseconds } : {};
}

function failureOf(error: unknown): Failure {
  if (error instanceof RefusedError) return error.failure;
  const { code = '' } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return 'host-not-found';
    case 'ECONNREFUSED':
      return 'connection-refused';
    case 'ETIMEDOUT':
      return 'timed-out';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'connection-lost';
  }
  return /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/.test(code)
    ? 'tls-failed'
    : 'failed';
}
