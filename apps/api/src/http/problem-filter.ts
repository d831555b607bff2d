/** Turns whatever was thrown into problem details. What it does not know is a 500 that says nothing but its log line's id. */
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { KeyStoreError, type KeyStoreErrorCode } from '#access';
import { EventStoreError, type EventStoreErrorCode } from '#event-store';
import { IntegrityError, OutcomeUnknownError, UndecodableEventError } from '#log-format';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problem, problemDocument, ProblemError, type DoorCode } from './problem.js';

/** What the server's own framework refuses before a handler runs, by its error codes. */
const frameworkProblems: Readonly<Record<string, readonly [DoorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload-too-large', 'The body is larger than 1 MiB.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'Send the body as application/json.'],
  FST_ERR_CTP_EMPTY_TYPE: ['unsupported-media-type', 'Send the body as application/json.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed-json', 'The body is empty; it must be a JSON object.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed-json', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['malformed-request', 'The body is not as long as its Content-Length says.'],
  FST_ERR_BAD_URL: ['malformed-request', 'The address is not a valid URL.'],
  FST_ERR_MAX_PARAM_LENGTH: ['route-not-found', 'A part of the address is too long.'],
  FST_ERR_NOT_FOUND: ['route-not-found', 'No such route.'],
};

const OUTCOME_UNKNOWN = [
  'outcome-unknown',
  'Whether it was recorded is not known. Send it again with the same Idempotency-Key.',
] as const;

const DISK_FULL = ['disk-full', 'The disk of the server is full. Nothing was recorded.'] as const;
const READ_ONLY = ['read-only', 'The data folder of the server cannot be written. Nothing was recorded.'] as const;

const keyStoreProblems: Readonly<Partial<Record<KeyStoreErrorCode, readonly [DoorCode, string]>>> = {
  unavailable: ['keys-unavailable', 'The key store cannot be reached. Nothing was recorded; try again.'],
  'wrong-master-key': [
    'wrong-master-key',
    'The master key was replaced, and this server still has the one before: it has to be started again. Nothing was recorded.',
  ],
  'disk-full': DISK_FULL,
  'read-only': READ_ONLY,
  closed: ['shutting-down', 'The server is shutting down.'],
};

const logProblems: Readonly<Partial<Record<EventStoreErrorCode, readonly [DoorCode, string]>>> = {
  'append-too-large': ['payload-too-large', 'What is to be recorded is larger than 512 KiB.'],
  unavailable: ['log-unavailable', 'The log cannot be reached. Nothing was recorded; try again.'],
  'timed-out': OUTCOME_UNKNOWN,
  'disk-full': DISK_FULL,
  'read-only': READ_ONLY,
  'access-denied': ['read-only', 'The server may not write to its log. Nothing was recorded.'],
  closed: ['shutting-down', 'The server is shutting down.'],
};

/** The problem that stands for anything thrown; undefined where it is nothing that we know. */
function known(thrown: unknown): ProblemError | undefined {
  if (thrown instanceof ProblemError) return thrown;
  if (thrown instanceof EventStoreError) {
    const entry = logProblems[thrown.code];
    return entry === undefined
      ? undefined
      : problem(entry[0], entry[1], entry[0] === 'disk-full' ? {} : { 'retry-after': '1' });
  }
  if (thrown instanceof KeyStoreError) {
    const entry = keyStoreProblems[thrown.code];
    return entry && problem(...entry, thrown.code === 'unavailable' ? { 'retry-after': '1' } : {});
  }
  if (thrown instanceof OutcomeUnknownError) return problem(...OUTCOME_UNKNOWN, { 'retry-after': '1' });
  if (thrown instanceof IntegrityError || thrown instanceof UndecodableEventError) {
    return problem('record-damaged', 'What is stored of the subject cannot be read. Nothing was recorded.');
  }
  // Nest wraps what Fastify refuses, and keeps it as the cause.
  for (const error of [thrown, (thrown as { cause?: unknown } | null)?.cause]) {
    const code = (error as { code?: unknown } | null | undefined)?.code;
    const entry = typeof code === 'string' ? frameworkProblems[code] : undefined;
    if (entry !== undefined) return problem(...entry);
  }
  const status =
    thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: unknown } | null)?.statusCode;
  if (status === 404) return problem('route-not-found', 'No such route.');
  if (status === 400) return problem('malformed-request', 'The request cannot be read.');
  return undefined;
}

/** The problem that stands for whatever was thrown while this request was served. What nobody provoked is reported. */
export function problemFor(thrown: unknown, requestId: string, report: (line: string) => void): ProblemError {
  const expected = known(thrown);
  // Neither the error's text nor the address is logged: both may hold what a person is called.
  if (thrown instanceof IntegrityError || thrown instanceof UndecodableEventError) {
    // Names stream and event, and what is wrong with it; nothing that it says.
    report(`request ${requestId}: ${thrown.message}`);
  } else if (thrown instanceof KeyStoreError && (expected === undefined || thrown.code === 'wrong-master-key')) {
    report(`request ${requestId}: ${thrown.message}`);
  } else if (expected === undefined) report(`request ${requestId} failed: ${frames(thrown)}`);
  return expected ?? problem('internal-error', `The server failed. Its log has more under ${requestId}.`);
}

/** Answers a request with the problem that stands for what was thrown. */
export function sendProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  report: (line: string) => void,
): void {
  const { refusals, headers } = problemFor(thrown, request.id, report);
  const document = problemDocument(refusals);
  void reply
    .code(document.status)
    .headers(headers)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify({ ...document, instance: `urn:habeas:request:${request.id}` }));
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly report: (line: string) => void) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.report);
  }
}

/** The kind of an error and where it was thrown, without its message. */
function frames(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  const stack = (thrown.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 6);
  return [thrown.name, ...stack.map((line) => line.trim())].join(' ');
}
