/** The bulk door: commands as JSON Lines in, a line of answer for each out, both streamed. */
import { Readable } from 'node:stream';
import { Controller, HttpCode, Inject, Post, Req, Res, type Type } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from './swagger.js';
import { allows } from '#command-handling';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { endOfKey } from '../end-of-key.js';
import { takeTime } from './arrival.js';
import { answersTo } from './batch/answers.js';
import { Batch } from './batch/batch.js';
import { type LastFault, linesOf, upTo } from './batch/lines.js';
import { chunksOf } from './batch/reading.js';
import { ApiProblems } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { problem } from './problem.js';
import { problemFor } from './problem-filter.js';
import { principalOf } from './scopes.js';

const BATCH_PATH = '/v1/batch';
const MEDIA_TYPES = ['application/jsonl', 'application/x-ndjson'];

const MOST_LINES = 100_000;
const MOST_BYTES_OF_LINE = 1024 * 1024;

/** Enough that one fsync serves many, few enough that a line is not kept waiting for its turn. */
const WIDTH = 256;

/** In characters: answers to 100,000 accepted lines, nearly twice. Clients that send all before they read any need it. */
const MOST_WAITING = 64 * 1024 * 1024;

/** How long a client may send nothing while it is listened to, in milliseconds. */
const SILENCE = 60_000;

/** How long a connection stays open behind the answers while the client still sends, in milliseconds. */
const LINGER = 500;

/** Lets the bodies of batches through as streams; every other route refuses them. */
export function acceptJsonLines(server: FastifyInstance): void {
  server.addContentTypeParser(MEDIA_TYPES, (request, payload, done) => {
    if (request.routeOptions.url === BATCH_PATH) done(null, payload);
    else done(problem('unsupported-media-type', 'Send the body as application/json.'));
  });
}

const line = {
  type: 'object',
  required: ['path', 'key', 'body'],
  additionalProperties: false,
  properties: {
    path: { type: 'string', description: 'Of the single route, such as /v1/persons or /v1/persons/{id:row-1}/arrests' },
    key: { type: 'string', minLength: 1, maxLength: 255, description: 'Its Idempotency-Key' },
    body: { type: 'object', description: 'What the single route takes' },
    visibility: { type: 'string', enum: ['public', 'internal', 'confidential'] },
    ifMatch: { type: 'string', description: 'An ETag' },
  },
};

/** @param report takes a line for the server's own log */
export function batchController(report: (line: string) => void): Type {
  @ApiTags('Batch')
  @ApiBearerAuth()
  @Controller(BATCH_PATH)
  class BatchController {
    constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

    @Post()
    @HttpCode(200)
    @ApiOperation({
      operationId: 'recordBatch',
      summary: 'Up to 100,000 commands as JSON Lines, each answered by a line',
      description:
        'Each line is a command of one of the single routes. `{id:<key>}` and `{event:<key>}`, in a path or as a whole string ' +
        'in a body, stand for the id and the event that the earlier line with that key is answered with. Each line of the ' +
        'answer holds `line`, `key`, `status` and what the single route answers. Sent again, a batch records nothing twice.',
    })
    @ApiConsumes(...MEDIA_TYPES)
    @ApiBody({ required: true, description: 'What each line holds', schema: line })
    @ApiResponse({
      status: 200,
      description: 'A line for each line, in their order. Fewer lines than were sent: send the batch again.',
      content: { 'application/jsonl': { schema: { type: 'string' } } },
    })
    @ApiProblems(400, 401, 403, 415, 503)
    record(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
      const { body } = request;
      if (!(body instanceof Readable)) {
        throw problem('unsupported-media-type', `Send the lines as ${MEDIA_TYPES.join(' or ')}.`);
      }
      const principal = principalOf(request);
      // What each line needs is judged line by line.
      if (!allows(principal, 'record') && !allows(principal, 'review')) {
        throw problem('forbidden', 'This needs a key with the scope "record" or "review".');
      }
      takeTime(request);
      const { access, commands, etagKey, positions, accepting } = this.habeas;
      const stop = (): LastFault | undefined => {
        if (!accepting()) return 'shutting-down';
        // It may take long: it ends where its sender's key does.
        return endOfKey(access, principal.credential);
      };
      const batch = new Batch({
        commands,
        principal,
        etagKey,
        positions,
        requestId: request.id,
        problemFor: (thrown) => problemFor(thrown, request.id, report),
      });
      const lines = upTo(MOST_LINES, linesOf(chunksOf(body, stop, SILENCE), MOST_BYTES_OF_LINE));
      const answers = answersTo(lines, (each) => batch.answer(each), { width: WIDTH, maxWaiting: MOST_WAITING });
      reply.raw.once('finish', () => {
        // The connection was promised to be kept before anybody knew.
        if (!body.readableEnded || !accepting()) setTimeout(() => request.socket.destroySoon(), LINGER).unref();
      });
      void reply.type('application/jsonl').send(Readable.from(answers, { objectMode: false }));
    }
  }
  return BatchController;
}
