/** What every route of the interface has in common in the OpenAPI document: headers in, headers out, problems. */
import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiQuery, ApiResponse } from './swagger.js';

const problemContent = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

const problemTexts: Readonly<Record<number, string>> = {
  400: 'The request cannot be read: malformed JSON, an unknown parameter, a malformed header.',
  401: 'No key, or one that is unknown, revoked or expired.',
  403: 'The key lacks the scope that this route needs.',
  404: 'No such route, or no such subject.',
  409: 'The request does not fit what is recorded.',
  410: 'What was here was erased, at the wish of the person.',
  412: 'The subject changed since the state that If-Match names.',
  413: 'The body, or what would be recorded, is too large.',
  415: 'The body is not JSON.',
  422: 'The content of the request is not valid; `errors` says what and where.',
  429: 'Too many wrong keys came from this address, or the key asks too much or has as many streams as it may have; Retry-After says when to try again.',
  503: 'Not available at the moment; Retry-After says when to try again.',
  507: 'The disk of the server is full; nothing was recorded.',
};

const problemHeaders: Readonly<Record<number, Record<string, { description: string; schema: { type: 'string' } }>>> = {
  401: { 'WWW-Authenticate': { description: 'Bearer', schema: { type: 'string' } } },
  429: { 'Retry-After': { description: 'Seconds', schema: { type: 'string' } } },
  503: { 'Retry-After': { description: 'Seconds', schema: { type: 'string' } } },
};

/** A body of JSON that one of the document's schemas describes. */
export function jsonOf(schema: string): { 'application/json': { schema: { $ref: string } } } {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
}

/** Problem details for these statuses. Where a key is needed, also for those of a door that cannot, or will not, look at it. */
export function ApiProblems(...statuses: readonly number[]): MethodDecorator {
  const all = statuses.includes(401) ? new Set([...statuses, 429, 503]) : new Set(statuses);
  return applyDecorators(
    ...[...all].map((status) =>
      ApiResponse({
        status,
        description: problemTexts[status] ?? 'The request failed.',
        ...(problemHeaders[status] === undefined ? {} : { headers: problemHeaders[status] }),
        content: problemContent,
      }),
    ),
  );
}

const text = { type: 'string' } as const;

export const EtagHeader = {
  ETag: { description: 'Names the state of the subject; send it as If-Match with the next write.', schema: text },
};

/** A write: its request headers, its 201 and its problems. */
export function ApiWrite(answer: { readonly schema: string; readonly description: string }): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Sent again with the same key, the same request gives the first answer and records nothing twice.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    }),
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'The ETag of the state that the request was made from; 412 if the subject has changed since.',
      schema: text,
    }),
    ApiHeader({
      name: 'Habeas-Visibility',
      required: false,
      description: 'Who may see what is recorded; internal unless said.',
      schema: { type: 'string', enum: ['public', 'internal', 'confidential'] },
    }),
    ApiResponse({
      status: 201,
      description: answer.description,
      headers: {
        ...EtagHeader,
        'Habeas-Position': {
          description: 'Opaque. A read that sends it as minPosition sees what was written.',
          schema: text,
        },
        Location: { description: 'Where the subject is read.', schema: text },
      },
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${answer.schema}` } } },
    }),
    ApiProblems(400, 401, 403, 404, 409, 412, 413, 415, 422, 503, 507),
  );
}

/** A read that can wait for a write. */
export function ApiMinPosition(): MethodDecorator {
  return ApiQuery({
    name: 'minPosition',
    required: false,
    description: 'A Habeas-Position: the answer holds what was written there, or is 503 after a bounded time.',
    schema: text,
  });
}
