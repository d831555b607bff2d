/** The door: who comes in, by what. */
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { STREAM_PATH } from './change-routes.js';
import type { Habeas } from './habeas.js';
import { problem, ProblemError } from './problem.js';
import type { Ticket } from './tickets.js';

/** Open without a key: whether the server lives, and how it is talked to. */
const OPEN = /^\/(health\/(live|ready)|(openapi|asyncapi)\.json|docs(\/[\w.-]*)?)$/;

/** What goes with a refusal at the door, by its code. Wrong keys are counted by the minute. */
const HEADERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  unauthenticated: { 'www-authenticate': 'Bearer realm="habeas"' },
  'too-many-tries': { 'retry-after': '60' },
  'access-unavailable': { 'retry-after': '5' },
};

/** Lets a request in, with its principal, or throws: before its body is read, and whether or not there is such a route. */
export function admit(habeas: Habeas, request: FastifyRequest): void {
  const [path = ''] = request.url.split('?');
  if (OPEN.test(path)) return;
  if (!habeas.accepting()) throw problem('shutting-down', 'The server is shutting down.', { 'retry-after': '5' });
  const ticket = path === STREAM_PATH ? (request.query as { ticket?: unknown }).ticket : undefined;
  if (ticket !== undefined) request.ticket = readTicket(habeas, ticket);
  const known =
    request.ticket === undefined
      ? habeas.access.authenticate(request.headers.authorization, addressOf(request))
      : habeas.access.admitted(request.ticket.credential);
  if (!known.ok) throw new ProblemError([known.error], HEADERS[known.error.code]);
  request.principal = known.value;
}

/** Where it comes from. What a proxy that is not set up for it passes on may be any text of the client's. */
function addressOf({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}

function readTicket(habeas: Habeas, given: unknown): Ticket {
  const ticket = typeof given === 'string' ? habeas.tickets.read(given) : undefined;
  if (ticket !== undefined) return ticket;
  throw problem('invalid-ticket', 'The ticket is not valid, or is over: get another one from POST /v1/stream-tickets.');
}
