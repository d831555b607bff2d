/** The calling thread's end of the writer: hands appends over once a turn, and settles each when its reply comes. */
import { setImmediate } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  EventStoreError,
  WrongExpectedRevisionError,
  type AppendOutcome,
  type AppendWatch,
  type Commit,
  type EventStoreObserver,
  type EventToAppend,
  type ExpectedRevision,
} from '#event-store';
import { positionOf } from './position.js';
import {
  NO_STREAM,
  type AppendReply,
  type AppendRequest,
  type FromWriter,
  type ToWriter,
  type WriterStart,
} from './protocol.js';

/** What may wait for the disk before further appends are turned away, in appends and in bytes. */
const MAX_PENDING_APPENDS = 16_384;
const MAX_PENDING_BYTES = 256 * 1024 * 1024;

/** How long an append may be under way before its outcome counts as unknown, in milliseconds: a disk may hang for ever. */
const DEADLINE = 30_000;

interface Pending {
  /** In milliseconds of the monotonic clock. */
  readonly since: number;
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly bytes: number;
  readonly ended: AppendWatch | undefined;
  resolve(outcome: AppendOutcome): void;
  reject(error: EventStoreError): void;
}

export interface WriterOptions {
  /** The module that runs in the thread; specs put a misbehaving one in its place. */
  readonly script?: URL;
  /** How long an append may be under way before it is given up as `timed-out`, in milliseconds. */
  readonly deadline?: number;
  readonly observer?: EventStoreObserver;
}

export class WriterThread {
  readonly #worker: Worker;
  readonly #deadline: number;
  readonly #observer: EventStoreObserver | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #pendingBytes = 0;
  #outbox: AppendRequest[] = [];
  #ticket = 0;
  #closing = false;
  #gone: EventStoreError | undefined;
  #whenIdle: (() => void) | undefined;
  #watchdog: NodeJS.Timeout | undefined;

  /** @throws EventStoreError what keeps the log from being owned or opened */
  static start(file: string, options: WriterOptions = {}): Promise<WriterThread> {
    const { script = new URL('./writer.js', import.meta.url), deadline = DEADLINE, observer } = options;
    const start: WriterStart = { file };
    const worker = new Worker(script, { workerData: start, name: 'log writer' });
    return new Promise((resolve, reject) => {
      const fail = (cause?: unknown) => {
        reject(new EventStoreError('unavailable', 'The writer of the log could not be started.', { cause }));
      };
      worker.once('error', fail);
      worker.once('exit', fail);
      worker.once('message', (message: FromWriter) => {
        worker.off('error', fail);
        worker.off('exit', fail);
        if (message.kind === 'ready') resolve(new WriterThread(worker, deadline, observer));
        else if (message.kind === 'refused') reject(new EventStoreError(message.code, message.message));
      });
    });
  }

  private constructor(worker: Worker, deadline: number, observer: EventStoreObserver | undefined) {
    this.#worker = worker;
    this.#deadline = deadline;
    this.#observer = observer;
    worker.on('message', (message: FromWriter) => {
      if (message.kind !== 'replies') return;
      const { replies, milliseconds } = message;
      const commit = { appends: replies.length, milliseconds };
      this.#observer?.committed(commit);
      for (const reply of replies) this.#settle(reply, commit);
    });
    let cause: unknown;
    worker.on('error', (error) => (cause = error));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#lose(cause);
        resolve();
      });
    });
    // Only appends under way keep the process alive.
    worker.unref();
  }

  append(
    stream: string,
    events: readonly EventToAppend[],
    expected: ExpectedRevision,
    bytes: number,
  ): Promise<AppendOutcome> {
    const ended = this.#observer?.appending({ stream, events, bytes });
    if (this.#gone !== undefined) {
      ended?.({ outcome: this.#gone.code });
      return Promise.reject(this.#gone);
    }
    if (this.#pending.size >= MAX_PENDING_APPENDS || this.#pendingBytes + bytes > MAX_PENDING_BYTES) {
      ended?.({ outcome: 'unavailable' });
      return Promise.reject(
        new EventStoreError('unavailable', 'Too many appends wait for the disk. Try again in a moment.'),
      );
    }
    return new Promise((resolve, reject) => {
      const ticket = this.#ticket++;
      if (this.#pending.size === 0) this.#watch();
      this.#pending.set(ticket, { since: performance.now(), stream, expected, bytes, ended, resolve, reject });
      this.#pendingBytes += bytes;
      // One message a turn, however many appends the turn brings.
      if (this.#outbox.length === 0)
        setImmediate(() => {
          this.#send();
        });
      const tuples = events.map(({ id, type, data, metadata }) => [id, type, data, metadata] as const);
      this.#outbox.push([ticket, stream, expected === 'no-stream' ? NO_STREAM : expected, tuples, bytes]);
    });
  }

  /**
   * Waits for appends under way, then lets the writer put everything into one file and end.
   *
   * @throws EventStoreError `timed-out`: the disk does not answer. What was acknowledged is safe in the journal.
   */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#pending.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    if (this.#gone !== undefined) return;
    this.#worker.ref();
    this.#post({ kind: 'close' });
    const patience = new AbortController();
    const ended = await Promise.race([
      this.#exited.then(() => true),
      setTimeout(this.#deadline, false, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (ended) return;
    void this.#worker.terminate();
    throw new EventStoreError('timed-out', 'The disk does not answer; the log could not be closed tidily.');
  }

  #send(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    if (this.#gone === undefined) this.#post({ kind: 'append', requests });
  }

  #post(message: ToWriter): void {
    this.#worker.postMessage(message);
  }

  #settle(reply: AppendReply, commit: Commit): void {
    const [ticket] = reply;
    const pending = this.#pending.get(ticket);
    if (pending === undefined) return;
    this.#forget(ticket, pending);
    switch (reply[1]) {
      case 'done':
      case 'repeated':
        pending.ended?.({ outcome: reply[1] === 'done' ? 'written' : 'repeated', commit });
        pending.resolve({
          revision: reply[2],
          position: positionOf(reply[3]),
          ...(reply[1] === 'done' && { isNew: true }),
        });
        break;
      case 'conflict': {
        pending.ended?.({ outcome: 'conflict', commit });
        const actual = reply[2] === NO_STREAM ? 'no-stream' : reply[2];
        pending.reject(new WrongExpectedRevisionError(pending.stream, pending.expected, actual));
        break;
      }
      case 'failed':
        pending.ended?.({ outcome: reply[2], commit });
        pending.reject(new EventStoreError(reply[2], reply[3]));
    }
  }

  #forget(ticket: number, pending: Pending): void {
    this.#pending.delete(ticket);
    this.#pendingBytes -= pending.bytes;
    if (this.#pending.size > 0) return;
    clearInterval(this.#watchdog);
    this.#worker.unref();
    this.#whenIdle?.();
  }

  #watch(): void {
    this.#worker.ref();
    this.#watchdog = setInterval(() => {
      this.#giveUpOverdue();
    }, this.#deadline / 10);
  }

  #giveUpOverdue(): void {
    const overdue = performance.now() - this.#deadline;
    for (const [ticket, pending] of this.#pending) {
      // In the order of their coming: the first that is not overdue ends it.
      if (pending.since > overdue) return;
      this.#forget(ticket, pending);
      pending.ended?.({ outcome: 'timed-out' });
      pending.reject(
        new EventStoreError('timed-out', 'The disk does not answer; whether this append is in the log is not known.'),
      );
    }
  }

  /** The thread has ended. Unless it was told to, whatever it had in hand may or may not be in the log. */
  #lose(cause: unknown): void {
    const options = cause === undefined ? {} : { cause };
    this.#gone = this.#closing
      ? new EventStoreError('closed', 'The log was closed.')
      : new EventStoreError('unavailable', 'The writer of the log has stopped. Restart the program.', options);
    for (const [ticket, pending] of this.#pending) {
      pending.ended?.({ outcome: 'timed-out' });
      pending.reject(
        new EventStoreError(
          'timed-out',
          'The writer of the log has stopped; whether this append is in it is not known.',
          options,
        ),
      );
      this.#forget(ticket, pending);
    }
  }
}
