/**
 * How a request has to arrive: within limits of size and time, and as HTTP. What is refused here is refused before its body is read
 * and before anybody looks for its route; a client is told by problem details here as anywhere else, as far as it listens.
 */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DoorCode, problem, problemDocument } from './problem.js';
import { sendProblem } from './problem-filter.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** When its body is late. */
    late?: NodeJS.Timeout;
  }
}

/** What a request's head may weigh, in bytes, its address included; more is never kept. */
export const MOST_HEAD = 16 * 1024;

const MOST_HEADERS = 100;

/** In characters. The longest of ours, a filter of changes with all that it takes, has half of it. */
const LONGEST_ADDRESS = 8 * 1024;

/**
 * On every answer. That a connection must be of TLS (Strict-Transport-Security) is for the proxy to say that ends it: here there is
 * none, and a browser heeds it over TLS alone.
 */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  // Nothing of it is a page; the documentation, which is, says otherwise.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  // What is known of people stays out of caches on the way.
  'cache-control': 'no-store',
};

/** @throws ProblemError `headers-too-large`, `address-too-long`, `malformed-request` */
export function limitHead({ raw, url }: FastifyRequest): void {
  // Names and values by turns.
  if (raw.rawHeaders.length > 2 * MOST_HEADERS) {
    throw problem('headers-too-large', `The request has more than ${MOST_HEADERS} headers.`);
  }
  if (url.length > LONGEST_ADDRESS) {
    throw problem('address-too-long', `The address is longer than ${LONGEST_ADDRESS} characters.`);
  }
  if (raw.headers.host === undefined && raw.httpVersionMinor > 0) {
    throw problem('malformed-request', 'The request has no Host header.');
  }
}

/** Cuts off a client that sends its body by the drop, or whose body nobody reads; unless the route takes its time upon itself. */
export function limitBody(
  request: FastifyRequest,
  reply: FastifyReply,
  patience: number,
  report: (line: string) => void,
): void {
  const { raw } = request;
  if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined) return;
  request.late = setTimeout(() => {
    if (reply.sent) {
      raw.destroy();
      return;
    }
    reply.raw.once('finish', () => raw.destroy());
    const headers = { connection: 'close' };
    sendProblem(problem('request-timeout', TOO_SLOW, headers), request, reply, report);
  }, patience).unref();
  raw.once('close', () => {
    clearTimeout(request.late);
  });
}

/** For a route whose body has no end that could be known. */
export function takeTime(request: FastifyRequest): void {
  clearTimeout(request.late);
}

const TOO_SLOW = 'The request did not arrive in time.';

/** What never becomes a request, by the codes of Node's own errors. */
const BROKEN: Readonly<Record<string, readonly [DoorCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', TOO_SLOW],
  HPE_HEADER_OVERFLOW: ['headers-too-large', `Address and headers are larger than ${MOST_HEAD / 1024} KiB.`],
};

/** Answers what is no request, and ends its connection: nobody knows where the next request would begin. */
export function refuseBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  // As Node itself tells whether an answer is on its way already: another one amid its bytes would be read as part of it.
  const { _httpMessage: answer } = socket as { readonly _httpMessage?: ServerResponse | null };
  if (error.code === 'ECONNRESET' || !socket.writable || answer?.headersSent === true) {
    socket.destroy();
    return;
  }
  const [code, detail] = BROKEN[error.code ?? ''] ?? ['malformed-request', 'This is no request of HTTP.'];
  const document = problemDocument([{ code, detail }]);
  const body = JSON.stringify(document);
  const head = [
    `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status] ?? ''}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
