/**
 * The commands of one batch: each is executed as the single route would, and answered by a line. Many are under way at
 * once, so that one fsync serves them all; what is recorded on one subject keeps the order of the lines, because the
 * command handler lets in one at a time for each stream, in the order of asking.
 */
import { type CommandHandler, idsAskedFor, type Principal } from '#command-handling';
import { type HmacKey, type Json, type Refusal, streamName } from '#kernel';
import { readJsonObject } from '../json-body.js';
import { problem, problemDocument, ProblemError } from '../problem.js';
import { recordedAnswer } from '../recorded.js';
import { ifMatch, type Positions } from '../tokens.js';
import { type BatchLine, readBatchLine } from './batch-line.js';
import type { Line, LineFault } from './lines.js';
import { type Earlier, type Ids, mayRefer, REFUSED, References, type Resolution } from './references.js';

export interface BatchOptions {
  readonly commands: CommandHandler;
  readonly principal: Principal;
  readonly etagKey: HmacKey;
  readonly positions: Positions;
  /** Of the request: all its events carry it as their correlation id. */
  readonly requestId: string;
  /** Finds the problem that stands for whatever was thrown. */
  readonly problemFor: (thrown: unknown) => ProblemError;
}

export class Batch {
  /** By key. As many as there are lines: what bounds a batch bounds this. */
  readonly #earlier = new Map<string, EarlierLine>();
  readonly #references = new References(this.#earlier);
  /** By stream: the last line that waits for another line before it may be asked for. Those behind it wait too. */
  readonly #held = new Map<string, Promise<unknown>>();

  constructor(private readonly options: BatchOptions) {}

  /**
   * Executes a line. Lines must be given in their order, without waiting for the answers.
   *
   * @returns the answer as JSON text; never rejects
   */
  async answer({ number, text, fault }: Line): Promise<string> {
    let key: string | undefined;
    try {
      if (text === undefined) throw UNREADABLE[fault ?? 'not-utf8']();
      const json = readJsonObject(text);
      ({ key } = json as { key?: string });
      const line = readBatchLine(json);
      return await this.#execute(number, line, mayRefer(text));
    } catch (thrown) {
      const { refusals } = this.options.problemFor(thrown);
      // So that whoever names it learns that it was refused, whatever was wrong with it.
      if (typeof key === 'string' && !this.#earlier.has(key)) this.#earlier.set(key, EarlierLine.unreadable());
      const instance = `urn:habeas:request:${this.options.requestId}`;
      return JSON.stringify({
        line: number,
        ...(typeof key === 'string' && { key }),
        ...problemDocument(refusals),
        instance,
      });
    }
  }

  #execute(number: number, line: BatchLine, refers: boolean): Promise<string> {
    const resolution: Resolution = { awaited: new Set(), refusals: [] };
    const subject =
      line.subject === undefined || !refers ? line.subject : this.#references.text(line.subject, undefined, resolution);
    const data = refers ? this.#references.body(line.body as Json, resolution) : line.body;
    const asked = {
      type: line.definition.type,
      category: line.category,
      ...(subject !== undefined && { id: subject }),
    };
    const known = this.#register(line, asked);
    const stream = subject === undefined ? undefined : streamName(line.category, subject);
    const ahead = stream === undefined ? undefined : this.#held.get(stream);
    const execute = (): Promise<string> => this.#record(number, line, { ...asked, data }, known);
    if (resolution.refusals.length > 0) return known.refuse(resolution.refusals);
    if (resolution.awaited.size === 0 && ahead === undefined) return known.settle(execute());

    const cleared = Promise.all([ahead, ...[...resolution.awaited].map((earlier) => earlier.settled)]).then(() => {
      if ([...resolution.awaited].some(({ accepted }) => accepted === false)) {
        throw ProblemError.of([{ code: 'refers-to-refused-line', detail: REFUSED }]);
      }
    });
    if (stream !== undefined) this.#hold(stream, cleared);
    return known.settle(cleared.then(execute));
  }

  async #record(
    number: number,
    line: BatchLine,
    command: { readonly type: string; readonly category: string; readonly id?: string; readonly data: unknown },
    known: EarlierLine,
  ): Promise<string> {
    const { commands, principal, etagKey, positions, requestId } = this.options;
    const of = command.id === undefined ? '' : streamName(command.category, command.id);
    const result = await commands.execute(
      {
        ...command,
        idempotencyKey: line.key,
        correlationId: requestId,
        ...(line.visibility !== undefined && { visibility: line.visibility }),
        ...(line.ifMatch !== undefined && { ifMatch: ifMatch(line.ifMatch, etagKey, of) }),
      },
      principal,
    );
    if (!result.ok) throw ProblemError.of(result.error);
    const answer = recordedAnswer(result.value);
    known.recorded(answer);
    return JSON.stringify({
      line: number,
      key: line.key,
      status: 201,
      ...answer,
      position: positions.token(result.value),
    });
  }

  #register({ key, path }: BatchLine, asked: { type: string; category: string; id?: string }): EarlierLine {
    const before = this.#earlier.get(key);
    const ids = (): Ids => {
      const { subject: id, event } = idsAskedFor({ ...asked, idempotencyKey: key }, this.options.principal);
      return { id, event };
    };
    const line = new EarlierLine(path, ids, before !== undefined && (before.ambiguous || before.path !== path));
    this.#earlier.set(key, line);
    return line;
  }

  #hold(stream: string, cleared: Promise<void>): void {
    const held = cleared
      .catch(() => undefined)
      .finally(() => {
        if (this.#held.get(stream) === held) this.#held.delete(stream);
      });
    this.#held.set(stream, held);
  }
}

class EarlierLine implements Earlier {
  accepted: boolean | undefined;
  settled: Promise<void> = Promise.resolve();
  #ids: Ids | undefined;
  #derive: (() => Ids) | undefined;

  constructor(
    readonly path: string,
    derive: (() => Ids) | undefined,
    readonly ambiguous: boolean,
  ) {
    this.#derive = derive;
  }

  static unreadable(): EarlierLine {
    const line = new EarlierLine('', undefined, false);
    line.accepted = false;
    return line;
  }

  ids(): Ids {
    this.#ids ??= this.#derive?.();
    if (this.#ids === undefined) throw new Error('A line that was refused has no ids.');
    return this.#ids;
  }

  recorded({ id, event }: Ids): void {
    this.#ids = { id, event };
    this.accepted = true;
  }

  settle(answer: Promise<string>): Promise<string> {
    this.settled = answer.then(
      () => {
        this.#forget();
      },
      () => {
        this.accepted = false;
        this.#forget();
      },
    );
    return answer;
  }

  refuse(refusals: readonly Refusal[]): Promise<string> {
    this.accepted = false;
    this.#forget();
    return Promise.reject(ProblemError.of(refusals));
  }

  /** A batch keeps every line until its end: no more than it needs. */
  #forget(): void {
    this.#derive = undefined;
    this.settled = SETTLED;
  }
}

const SETTLED = Promise.resolve();

/** Nothing is said of the lines behind the last five: they were not looked at. */
const UNREADABLE: Readonly<Record<LineFault, () => ProblemError>> = {
  'too-long': () => problem('payload-too-large', 'The line is longer than 1 MiB.'),
  'not-utf8': () => problem('malformed-json', 'The line is not UTF-8.'),
  'too-many': () =>
    problem('too-many-lines', 'A batch has at most 100,000 lines. Send this one and the rest in another.'),
  silence: () => problem('malformed-request', 'Nothing more was sent for a minute. Send the batch again.'),
  unauthenticated: () => problem('unauthenticated', 'The key that sent the batch is over.'),
  'access-unavailable': () =>
    problem('access-unavailable', 'Access keys cannot be checked at present. Send the batch again.'),
  'shutting-down': () => problem('shutting-down', 'The server is shutting down. Send the batch again.'),
};
