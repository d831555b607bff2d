/** `GET /v1/events`: the log as it is stored, for auditors: in pages, or as JSON Lines of whatever length. */
import { Readable } from 'node:stream';
import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { type RawEvent, type RawLog, type RawQuery, readRawLog, readRawPage, writeRawEvent } from '#audit';
import { err, ok } from '#kernel';
import { checkLimit, type CursorOf, type LogTree, readCursor, writeCursor } from '#projections';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Level } from '../levels.js';
import { ApiMinPosition, ApiProblems } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { ApiPaging } from './list-parameters.js';
import { problem, ProblemError } from './problem.js';
import { problemFor } from './problem-filter.js';
import { readQuery, wholeNumber } from './query.js';
import { orProblem, waitForPosition } from './read-routes.js';
import { NeedsEverything, NeedsScope } from './scopes.js';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiResponse, ApiTags } from './swagger.js';
import { everythingWatched } from './watched.js';

/** What streams are about: what things are recorded of, the keys to the record, who is told of changes, what was erased, and the log itself. */
const CATEGORIES = ['person', 'group', 'case', 'statement', 'source', 'access', 'webhook', 'erasure', 'log'];

/** The media types of JSON Lines, which none is registered for. */
const LINES = /\bapplication\/(?:jsonl|x-ndjson)\b/;
/** About what one write to the network takes, in characters. */
const CHUNK = 64 * 1024;

export interface EventsPage {
  /** Every hash covers it. */
  readonly logId: string;
  /** The last seq that the views hold. */
  readonly head: number;
  readonly items: readonly RawEventShown[];
  /** The cursor of the next page; left out on the last one. */
  readonly next?: string;
}

/** Canonical JSON stands as it is; anything else, which Habeas never writes, as a text. */
export interface RawEventShown extends Omit<RawEvent, 'data' | 'metadata'> {
  readonly data: object | string;
  readonly metadata: object | string;
}

const ONCE = ['from', 'to', 'stream', 'limit', 'cursor', 'minPosition'] as const;
const MANY = ['category', 'type'] as const;

type Once = Readonly<Partial<Record<(typeof ONCE)[number], string>>>;

interface Asked {
  readonly query: RawQuery;
  readonly head: number;
  readonly cursorOf: CursorOf;
}

const moment = { type: 'string' } as const;

@ApiTags('Events')
@ApiBearerAuth()
@NeedsScope('audit')
@NeedsEverything()
@Controller('v1/events')
export class EventsController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get()
  @ApiOperation({
    operationId: 'listEvents',
    summary: 'The log as it is stored, in its order: pages, or all of it as JSON Lines',
    description:
      'Personal fields are in their sealed boxes; hashes can be computed from what is answered. As JSON Lines (`Accept: ' +
      'application/x-ndjson`) come all events that match, up to the last one that the views held when they were asked for; ' +
      '`limit` and `cursor` are of pages.',
  })
  @ApiQuery({
    name: 'from',
    required: false,
    description: 'A seq, or an instant (ISO 8601): that event and later ones, or what was not known before.',
    schema: moment,
  })
  @ApiQuery({
    name: 'to',
    required: false,
    description: 'A seq, or an instant: that event and earlier ones, or what was known then.',
    schema: moment,
  })
  @ApiQuery({
    name: 'category',
    required: false,
    description: 'What the streams are about. Repeated: any of them.',
    schema: { type: 'array', items: { type: 'string', enum: CATEGORIES } },
    style: 'form',
    explode: true,
  })
  @ApiQuery({
    name: 'type',
    required: false,
    description: 'Of the events. Repeated: any of them.',
    schema: { type: 'array', items: { type: 'string' } },
    style: 'form',
    explode: true,
  })
  @ApiQuery({
    name: 'stream',
    required: false,
    description: 'One stream, such as habeasPerson-<id>.',
    schema: { type: 'string' },
  })
  @ApiPaging()
  @ApiMinPosition()
  @ApiResponse({
    status: 200,
    description: 'One page. One that looked through many events may hold few or none, and still name the next.',
    content: {
      'application/json': { schema: { $ref: '#/components/schemas/EventsPage' } },
      'application/x-ndjson': { schema: { type: 'string', description: 'A RawEvent a line' } },
    },
  })
  @ApiProblems(400, 401, 403, 409, 503)
  async list(@Query() given: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { once, many } = readQuery(given, ONCE, MANY);
    await waitForPosition(this.habeas, this.everything, once.minPosition);
    const asked = this.read(once, many);
    await everythingWatched(this.habeas, request, 'listEvents');
    void reply.header('vary', 'accept');
    const media = LINES.exec(request.headers.accept ?? '')?.[0];
    if (media === undefined) {
      const page = await this.page(asked, once);
      return void reply.type('application/json; charset=utf-8').send(page);
    }
    if (once.limit !== undefined || once.cursor !== undefined) {
      throw problem('invalid-query', 'JSON Lines do not come in pages: say from and to instead of limit and cursor.');
    }
    const chunks = this.chunks(asked.query, request);
    // What keeps the log from being read at all is told as a problem; later on only the connection can be cut.
    const first = await chunks.next();
    const all = first.done === true ? [] : continued(first.value, chunks);
    return void reply.type(media).send(Readable.from(all, { objectMode: false }));
  }

  /** Where whoever may ask finds all that the log holds. */
  private get everything(): Level {
    return this.habeas.levels.of('confidential');
  }

  private read(once: Once, many: ReadonlyMap<(typeof MANY)[number], readonly string[]>): Asked {
    const { logId, size: head } = this.index((log) => ({ logId: log.logId, size: log.size }));
    const [categories, types] = [many.get('category'), many.get('type')];
    if (categories?.every((category) => CATEGORIES.includes(category)) === false) {
      const detail = `The parameter category takes one of: ${CATEGORIES.join(', ')}.`;
      throw new ProblemError([{ code: 'invalid-query', detail, pointer: '/category' }]);
    }
    const query: RawQuery = {
      from: once.from === undefined ? 1 : this.firstOf(once.from),
      to: once.to === undefined ? head : this.momentOf(once.to, '/to'),
      ...(categories && { categories }),
      ...(types && { types }),
      ...(once.stream !== undefined && { stream: once.stream }),
    };
    const list = JSON.stringify(['events', once.from, once.to, categories, types, once.stream]);
    return { query, head, cursorOf: { list, log: logId } };
  }

  private async page({ query, head, cursorOf }: Asked, { limit, cursor }: Once): Promise<string> {
    const most = orProblem(checkLimit(limit === undefined ? undefined : wholeNumber(limit, 'limit')));
    const reached = cursor === undefined ? undefined : orProblem(readCursor(cursor, cursorOf));
    const from = reached === undefined ? query.from : Number(reached[0]);
    const { items, next } = await readRawPage(this.rawLog(), { ...query, from }, most);
    const members = [
      `"logId":${JSON.stringify(cursorOf.log)}`,
      `"head":${head}`,
      `"items":[${items.map(writeRawEvent).join(',')}]`,
      ...(next === undefined ? [] : [`"next":${JSON.stringify(writeCursor(cursorOf, [next]))}`]),
    ];
    return `{${members.join(',')}}`;
  }

  private async *chunks(query: RawQuery, request: FastifyRequest): AsyncGenerator<string, void, undefined> {
    try {
      let chunk = '';
      for await (const event of readRawLog(this.rawLog(), query)) {
        chunk += `${writeRawEvent(event)}\n`;
        if (chunk.length < CHUNK) continue;
        yield chunk;
        chunk = '';
      }
      if (chunk !== '') yield chunk;
    } catch (error) {
      throw problemFor(error, request.id, this.habeas.watching.report);
    }
  }

  private rawLog(): RawLog {
    return {
      store: this.habeas.eventStore,
      places: {
        placeOf: (seq) => this.index((log) => log.placeOf(seq)),
        placesIn: (stream, from, to, limit) => this.index((log) => log.placesIn(stream, from, to, limit)),
      },
    };
  }

  private index<T>(find: (log: LogTree) => T): T {
    return orProblem(this.everything.views.tree((log) => ok(find(log))));
  }

  /** The seq to begin with: of what was known at an instant already, the next. */
  private firstOf(from: string): number {
    if (/^\d+$/.test(from)) return Math.max(1, wholeNumber(from, 'from'));
    this.momentOf(from, '/from');
    return this.momentOf(new Date(Date.parse(from) - 1).toISOString(), '/from') + 1;
  }

  private momentOf(given: string, pointer: string): number {
    const found = this.everything.views.resolveKnownAt(given);
    return orProblem(found.ok ? found : err({ ...found.error, pointer })).seq;
  }
}

async function* continued(first: string, rest: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  yield first;
  yield* rest;
}
