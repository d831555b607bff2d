/** `/v1/status-changes`: in pages, and as a stream of Server-Sent Events; and tickets for those who cannot send a key. */
import { Body, Controller, Get, Header, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import {
  BEGINNING,
  type ChangePlace,
  cloudEvent,
  FILTER_FIELDS,
  parsePlace,
  placeText,
  type Restated,
  restated,
  type StatusChangeEvent,
} from '#feed';
import { checkLimit, type CursorOf, readCursor, writeCursor } from '#projections';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiAfter, ApiChangeFilter, filterOfJson, filterOfQuery, refuseAhead } from './change-parameters.js';
import { ApiMinPosition, ApiProblems, jsonOf } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { ApiPaging } from './list-parameters.js';
import { problem, ProblemError } from './problem.js';
import { readQuery, wholeNumber } from './query.js';
import { orProblem, waitForPosition } from './read-routes.js';
import { levelOf, NeedsScope, principalOf } from './scopes.js';
import { sinkOf } from './sse.js';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiTags } from './swagger.js';
import type { IssuedTicket } from './tickets.js';
import { everythingWatched, watched } from './watched.js';

export const STREAM_PATH = '/v1/status-changes/stream';

/** One page of changes. */
export interface StatusChangesPage {
  readonly items: readonly StatusChangeEvent[];
  /** The cursor of the next page; left out where there was nothing more. */
  readonly next?: string;
  /** From where to go on, by `after`, here or as a stream: behind everything that was looked at. */
  readonly after: string;
  /** Where `after` was of another fold. */
  readonly restated?: Restated;
}

export interface StreamTicket extends IssuedTicket {
  /** What an EventSource opens. */
  readonly url: string;
}

/** Seconds after which it may be tried again where there are too many streams. */
const RETRY_AFTER = { 'retry-after': '10' };

@ApiTags('Status changes')
@ApiBearerAuth()
@NeedsScope('read')
@Controller('v1/status-changes')
export class ChangesController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get()
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({
    operationId: 'listStatusChanges',
    summary: 'Status changes in the order of the record, from any place on',
    description:
      'Each is a CloudEvent (structured JSON). What is told of a change is as of the event that caused it, the same on every node ' +
      'and after every rebuild; names, and the words of citations, are as they are now.',
  })
  @ApiChangeFilter()
  @ApiAfter('The id of a change, or a seq: changes behind it. Left out: from the beginning.')
  @ApiPaging()
  @ApiMinPosition()
  @ApiResponse({
    status: 200,
    description: 'One page. One that looked through many changes may hold few or none, and still name the next.',
    content: jsonOf('StatusChangesPage'),
  })
  @ApiProblems(400, 401, 403, 409, 503)
  async list(@Query() given: unknown, @Req() request: FastifyRequest): Promise<StatusChangesPage> {
    const level = levelOf(this.habeas, request);
    const { once, many } = readQuery(given, ['after', 'limit', 'cursor', 'minPosition'], FILTER_FIELDS);
    const filter = filterOfQuery(many);
    const limit = orProblem(checkLimit(once.limit === undefined ? undefined : wholeNumber(once.limit, 'limit')));
    if (once.after !== undefined && once.cursor !== undefined)
      throw problem('invalid-query', 'Give after to begin, and then cursor alone.');
    await waitForPosition(this.habeas, level, once.minPosition);
    const { feed } = level;
    const { logId } = orProblem(feed.head());
    const cursorOf: CursorOf = { list: `status-changes ${JSON.stringify(filter)}`, log: logId };
    const after = once.after === undefined ? undefined : orProblem(parsePlace(once.after, feed.fold));
    if (after !== undefined) await refuseAhead(after, () => this.head(), '/after');
    const begin = once.cursor === undefined ? (after?.place ?? BEGINNING) : placeOfCursor(once.cursor, cursorOf);
    const { items, next, atHead } = orProblem(feed.page(filter, begin, limit));
    const shown = orProblem(level.views.shown(items));
    const subjects = new Map(items.map(({ change: { subject } }) => [subject.id, subject]));
    await watched(this.habeas, level, request, 'listStatusChanges', [...subjects.values()]);
    return {
      items: items.flatMap((fed, at) => {
        const beside = shown[at];
        return beside === undefined ? [] : cloudEvent(fed, beside, logId);
      }),
      ...(!atHead && { next: writeCursor(cursorOf, [next.seq, Number.isFinite(next.n) ? next.n : -1]) }),
      after: placeText(next, feed.fold),
      ...(after?.otherFold !== undefined && { restated: restated(after.otherFold, feed.fold, after.place, filter) }),
    };
  }

  @Get('stream')
  @ApiOperation({
    operationId: 'streamStatusChanges',
    summary: 'Status changes as they happen: Server-Sent Events',
    description:
      'Each event holds one change, as in the list, and its id: a client that comes again with Last-Event-ID goes on exactly there. ' +
      'One that comes with an id of another fold is first told `restated`. Comments and blocks with an id alone keep the connection ' +
      'open, and say up to where nothing was to be told.',
  })
  @ApiChangeFilter()
  @ApiAfter('As Last-Event-ID, which comes before it: the id of a change, or a seq. Neither: from now on.')
  @ApiQuery({
    name: 'ticket',
    required: false,
    description: 'In place of a key and of filters: what POST /v1/stream-tickets gave.',
    schema: { type: 'string' },
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The id of the last event that came.',
    schema: { type: 'string' },
  })
  @ApiResponse({
    status: 200,
    description: 'The stream. `data` of unnamed events is a StatusChangeEvent, that of `restated` is Restated.',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  @ApiProblems(400, 401, 403, 429, 503)
  async stream(@Query() given: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { ticket } = request;
    const { once, many } = readQuery(withoutTicket(given), ['after'], ticket === undefined ? FILTER_FIELDS : []);
    const last = request.headers['last-event-id'];
    const [from, pointer] = typeof last === 'string' && last !== '' ? [last, '/Last-Event-ID'] : [once.after, '/after'];
    const after = from === undefined ? undefined : orProblem(parsePlace(from, this.habeas.levels.fold, pointer));
    if (after !== undefined) await refuseAhead(after, () => this.head(), pointer);
    // Whoever asks for the head alone waits for an end that a stream does not have.
    if (request.method === 'HEAD') return void reply.type('text/event-stream; charset=utf-8').send('');
    const { begun, feed } = levelOf(this.habeas, request);
    await begun;
    await everythingWatched(this.habeas, request, 'streamStatusChanges');
    const { id: key, credential } = principalOf(request);
    const opened = feed.open({
      key,
      credential,
      filter: ticket?.filter ?? filterOfQuery(many),
      ...(after !== undefined && { after }),
    });
    if (!opened.ok) throw new ProblemError([opened.error], RETRY_AFTER);
    opened.value.start(sinkOf(opened.value, request, reply, this.habeas.origins));
  }

  /** The last seq of the log, which this node's views may not have come to yet. */
  private async head(): Promise<number> {
    return (await this.habeas.progress()).head;
  }
}

@ApiTags('Status changes')
@ApiBearerAuth()
@NeedsScope('read')
@Controller('v1/stream-tickets')
export class TicketsController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createStreamTicket',
    summary: 'A ticket for a stream, for an hour: for browsers, whose EventSource cannot send a key',
    description:
      'It tells what the filter lets through, and nothing else, as long as the key that asked for it is in force. Streams that were opened by it go on ' +
      'after the hour; whoever comes again then needs another one.',
  })
  @ApiBody({ required: false, schema: { $ref: '#/components/schemas/ChangeFilter' } })
  @ApiResponse({ status: 201, description: 'The ticket.', content: jsonOf('StreamTicket') })
  @ApiProblems(400, 401, 403, 413, 415, 422, 503)
  create(@Body() body: unknown, @Req() request: FastifyRequest): StreamTicket {
    const issued = this.habeas.tickets.issue({
      credential: principalOf(request).credential,
      filter: orProblem(filterOfJson(body ?? {})),
    });
    return { ...issued, url: `${STREAM_PATH}?ticket=${issued.ticket}` };
  }
}

/** By it somebody was let in already. */
function withoutTicket(query: unknown): object {
  const { ticket: _, ...others } = (query ?? {}) as Readonly<Record<string, unknown>>;
  return others;
}

function placeOfCursor(cursor: string, cursorOf: CursorOf): ChangePlace {
  const [seq, n] = orProblem(readCursor(cursor, cursorOf)).map(Number);
  return { seq: seq ?? 0, n: n === undefined || n < 0 ? Infinity : n };
}
