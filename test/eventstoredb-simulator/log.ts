/**
 * The simulated server's log: streams in memory, with the rules that EventStoreDB has for appending to them. All nodes of a
 * simulated cluster share one: its replication is perfect.
 */

/** Commit and prepare; both are needed to name an event, as the events of an explicit transaction have one commit. */
export interface LogPosition {
  readonly commit: number;
  readonly prepare: number;
}

export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface Recorded extends Proposed, LogPosition {
  readonly stream: string;
  readonly revision: number;
}

/** `-1`: no stream. */
export type Expected = number | 'any' | 'stream-exists';

export type AppendResult =
  | { readonly kind: 'success'; readonly last: Recorded; readonly repeated: boolean }
  | { readonly kind: 'wrong-expected-version'; readonly current: number | undefined }
  | { readonly kind: 'stream-deleted' }
  | { readonly kind: 'too-large' };

interface Stream {
  readonly events: Recorded[];
  maxCount: number;
  state: 'live' | 'deleted' | 'tombstoned';
  /** Reading begins here after a deletion. */
  first: number;
}

export function isBehind(a: LogPosition, b: LogPosition): boolean {
  return a.commit > b.commit || (a.commit === b.commit && a.prepare > b.prepare);
}

export class SimulatedLog {
  readonly all: Recorded[] = [];
  readonly #streams = new Map<string, Stream>();
  readonly #listeners = new Set<(events: readonly Recorded[]) => void>();
  #end = 0;
  /** Every append that reached the log, by the ids of its events. */
  readonly attempts: { readonly stream: string; readonly ids: readonly string[]; readonly repeated: boolean }[] = [];

  /** Appends of several events share one commit, as those of older servers and other clients may. */
  explicitTransactions = false;
  /** In bytes; what a server has by default. */
  maxAppendSize = 1024 * 1024;

  constructor() {
    // Any server's log begins with events of its own.
    for (const stream of ['$settings', '$projections-$all', '$stats-127.0.0.1'])
      this.put(stream, '{}', '{}', '$System');
  }

  append(name: string, expected: Expected, events: readonly Proposed[]): AppendResult {
    const size = events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
    if (size > this.maxAppendSize) return { kind: 'too-large' };
    const stream = this.#streams.get(name);
    if (stream?.state === 'tombstoned') return { kind: 'stream-deleted' };
    const current = (stream?.events.length ?? 0) - 1;
    if (typeof expected === 'number') {
      // Only no stream is expected of one that was deleted; its revisions go on all the same.
      const met = current === expected || (expected === -1 && stream?.state === 'deleted');
      if (!met) {
        const there = stream?.events.slice(expected + 1, expected + 1 + events.length) ?? [];
        const last = there.at(-1);
        const repeated = there.length === events.length && there.every(({ id }, n) => id === events[n]!.id);
        if (!repeated || last === undefined) {
          return { kind: 'wrong-expected-version', current: current < 0 ? undefined : current };
        }
        this.attempts.push({ stream: name, ids: events.map(({ id }) => id), repeated: true });
        return { kind: 'success', last, repeated: true };
      }
    } else if (expected === 'stream-exists' && current < 0) {
      return { kind: 'wrong-expected-version', current: undefined };
    }
    this.attempts.push({ stream: name, ids: events.map(({ id }) => id), repeated: false });
    return { kind: 'success', last: this.#write(name, events), repeated: false };
  }

  /** Writes what no client of ours would: bytes as they are, to any stream. */
  put(stream: string, data: string, metadata: string, type = 'Put', id: string = crypto.randomUUID()): Recorded {
    const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
    return this.#write(stream, [
      { id, type, contentType: 'application/json', data: bytes(data), metadata: bytes(metadata) },
    ]);
  }

  #write(name: string, events: readonly Proposed[]): Recorded {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = { events: [], maxCount: Infinity, state: 'live', first: 0 };
      this.#streams.set(name, stream);
    } else if (stream.state === 'deleted') {
      stream.state = 'live';
    }
    const prepares = events.map(({ data, metadata, type }) => {
      const prepare = this.#end;
      this.#end += 100 + data.length + metadata.length + type.length;
      return prepare;
    });
    // In an explicit transaction the commit is a record of its own, behind all that it commits.
    const transaction = this.explicitTransactions && events.length > 1;
    const commit = this.#end;
    if (transaction) this.#end += 100;
    const written: Recorded[] = [];
    for (const [n, event] of events.entries()) {
      const recorded: Recorded = {
        ...event,
        stream: name,
        revision: stream.events.length,
        commit: transaction ? commit : prepares[n]!,
        prepare: prepares[n]!,
      };
      stream.events.push(recorded);
      written.push(recorded);
    }
    this.all.push(...written);
    if (name.startsWith('$$')) this.#adoptMetadata(name.slice(2), written.at(-1)!);
    for (const listener of [...this.#listeners]) listener(written);
    return written.at(-1)!;
  }

  #adoptMetadata(name: string, { data }: Recorded): void {
    const { $maxCount } = JSON.parse(Buffer.from(data).toString()) as { $maxCount?: number };
    let stream = this.#streams.get(name);
    if (stream === undefined) this.#streams.set(name, (stream = { events: [], maxCount: 0, state: 'live', first: 0 }));
    stream.maxCount = $maxCount ?? Infinity;
  }

  /** What can be read of a stream, in order. */
  read(name: string): readonly Recorded[] | 'not-found' | 'deleted' {
    const stream = this.#streams.get(name);
    if (stream?.state === 'tombstoned') return 'deleted';
    if (stream === undefined || stream.state === 'deleted' || stream.events.length === 0) return 'not-found';
    return stream.events.slice(Math.max(stream.first, stream.events.length - stream.maxCount));
  }

  /** The index of the first event at or behind a position. */
  indexOf(position: LogPosition): number {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBehind(position, this.all[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  delete(name: string, how: 'deleted' | 'tombstoned'): void {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new Error('There is no such stream.');
    stream.state = how;
    stream.first = stream.events.length;
  }

  /** Where the next event will be. */
  get end(): LogPosition {
    return { commit: this.#end, prepare: this.#end };
  }

  /** Forgets everything behind the first `count` events: an older copy of the log was put in its place. */
  truncate(count: number): void {
    for (const { stream } of this.all.splice(count)) this.#streams.get(stream)!.events.pop();
    this.#end = (this.all.at(-1)?.commit ?? 0) + 10_000;
  }

  listen(listener: (events: readonly Recorded[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
