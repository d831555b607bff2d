/**
 * A whole log judged by itself and by what others kept of it: every stream's chain, the tree over all events, the seals in
 * the log, and checkpoints from elsewhere. It needs nothing but the log, and keeps no more in memory than where each
 * stream's chain stands. It goes on behind a fault, so that one pass names all of them.
 */
import { type EventStore, EventStoreError, type StoredEvent } from '#event-store';
import { isId } from '#kernel';
import {
  CHAIN_START,
  type ChainHead,
  type EventCodec,
  GrowingTree,
  type Opening,
  leafOf,
  LOG_SEALED,
  LOG_START_STREAM,
  LOG_STARTED,
  parseObject,
  readMetadata,
  type RecordedEvent,
  sameHash,
  SEAL_STREAM,
  storedHash,
  type TreeHash,
  type TreeHead,
  verifyChain,
} from '#log-format';
import { type Checkpoint, checkpointInSeal } from './checkpoint.js';
import type { LogFault, LogFaultCode } from './log-fault.js';
import type { Verifier } from './note.js';

export interface VerifyLogOptions {
  readonly store: Pick<EventStore, 'readAll' | 'readStream'>;
  /** Whose seals are believed; left out: of whoever each seal says, so that a log that was rewritten as a whole passes. */
  readonly verifiers?: readonly Verifier[];
  /** Checkpoints that were kept where nobody could rewrite them; their signatures are judged before. */
  readonly kept?: readonly Checkpoint[];
  /** Reads every event and opens what is sealed; without keys the boxes stay closed and are counted. */
  readonly open?: {
    readonly codec: EventCodec;
    readonly keys?: Opening;
    /** The ids of keys that an event says are destroyed; left out: of none it is known. */
    readonly destroyed?: (event: RecordedEvent) => readonly string[];
  };
  /** Called now and then with how many events were judged. */
  readonly onProgress?: (events: number) => void;
}

export interface VerifiedLog {
  /** Undefined: the log is empty, or does not begin with its own id. */
  readonly logId: string | undefined;
  readonly streams: number;
  /** Of all events. */
  readonly head: TreeHead;
  /** The last event in the order of the log. */
  readonly last: { readonly stream: string; readonly revision: number; readonly hash: string } | undefined;
  /** How many seals hold, and how many events the largest of them covers. */
  readonly seals: { readonly count: number; readonly size: number };
  /** Events with sealed fields that no key opened, and the streams that they are of; none where nothing was to be opened. */
  readonly closed: ClosedEvents;
  /** Those beside them whose keys are destroyed, as the log itself says. */
  readonly erased: ClosedEvents;
  /** The ids of all keys that are destroyed, as the log says. */
  readonly destroyed: ReadonlySet<string>;
  /** In the order in which they were found; of more than {@link MOST_FAULTS} the first ones. Empty: the log is whole. */
  readonly faults: readonly LogFault[];
  /** Faults that were left out. */
  readonly moreFaults: number;
}

export interface ClosedEvents {
  readonly events: number;
  readonly streams: number;
}

export const MOST_FAULTS = 1_000;

/** @throws EventStoreError, KeyStoreError where the files themselves cannot be read */
export async function verifyLog(options: VerifyLogOptions): Promise<VerifiedLog> {
  const verification = new Verification(options);
  await verification.readSeals();
  let page: StoredEvent[] = [];
  for await (const event of options.store.readAll()) {
    page.push(event);
    if (page.length < PAGE) continue;
    await verification.take(page);
    page = [];
  }
  await verification.take(page);
  return verification.outcome();
}

/** Events judged at a time: their keys are fetched in one go. */
const PAGE = 1_000;

const NO_KEYS: Opening = { find: () => Promise.resolve(new Map()) };

/** A root that the log has to have at some size. */
interface Expected {
  readonly size: number;
  readonly root: TreeHash;
  readonly of: 'seal' | 'kept';
}

class Verification {
  readonly #options: VerifyLogOptions;
  readonly #tree = new GrowingTree();
  readonly #heads = new Map<string, ChainHead>();
  readonly #faults: LogFault[] = [];
  #moreFaults = 0;
  /** The smallest size last. */
  #expected: Expected[];
  #logId: string | undefined;
  #last: VerifiedLog['last'];
  /** Sizes at which a seal says another root than the tree has. */
  readonly #unlike = new Set<number>();
  #seals = 0;
  #sealed = 0;
  /** The first so many events are proved by a root: one from elsewhere is not borne out by the log's own. */
  readonly #proved = { seal: 0, kept: 0 };
  /** By the key that would open them. */
  readonly #closed = new Map<string, { events: number; readonly streams: Set<string> }>();
  readonly #destroyed = new Set<string>();

  constructor(options: VerifyLogOptions) {
    this.#options = options;
    // A checkpoint of no events says nothing that could be wrong.
    const kept = (options.kept ?? []).filter(({ size }) => size > 0);
    this.#expected = kept.map(({ size, root }) => ({ size, root, of: 'kept' }));
  }

  /** Seals come behind what they cover: they are read first, so that each root can be held against the tree in passing. */
  async readSeals(): Promise<void> {
    try {
      for await (const event of this.#options.store.readStream(SEAL_STREAM)) {
        const seal = checkpointInSeal(event, this.#options.verifiers);
        if (seal.ok) this.#expected.push({ size: seal.value.size, root: seal.value.root, of: 'seal' });
      }
    } catch (error) {
      // Whoever cut the log may have left its own lists as they were.
      if (!(error instanceof EventStoreError) || error.code !== 'corrupt') throw error;
      this.#add({ code: 'seals-missing' });
    }
    this.#expected.sort((a, b) => b.size - a.size);
  }

  async take(page: readonly StoredEvent[]): Promise<void> {
    const { open, onProgress } = this.#options;
    const before = this.#tree.size;
    for (const event of page) this.#judge(event);
    if (open !== undefined) {
      const decoded = await open.codec.decodePage(page, open.keys ?? NO_KEYS);
      for (const [index, result] of decoded.entries()) {
        const event = page[index];
        if (!result.ok && event !== undefined) this.#fault(result.error.reason, event, before + index + 1);
        if (!result.ok) continue;
        if (!result.value.opened) this.#close(result.value);
        for (const keyId of open.destroyed?.(result.value) ?? []) this.#destroyed.add(keyId);
      }
    }
    onProgress?.(this.#tree.size);
  }

  outcome(): VerifiedLog {
    const { size } = this.#tree;
    if (size === 0) this.#add({ code: 'log-without-start' });
    // What is still expected speaks of more events than there are; of a seal this was said where it stands.
    for (const { of, size: expected } of this.#expected.toReversed()) {
      if (of === 'kept') this.#add({ code: 'log-cut', among: { from: size + 1, to: expected } });
    }
    for (const { logId } of this.#options.kept ?? []) {
      if (logId !== this.#logId) this.#add({ code: 'kept-other-log' });
    }
    return {
      logId: this.#logId,
      streams: this.#heads.size,
      head: { size, root: this.#tree.root() },
      last: this.#last,
      seals: { count: this.#seals, size: this.#sealed },
      closed: this.#closedBy((keyId) => !this.#destroyed.has(keyId)),
      erased: this.#closedBy((keyId) => this.#destroyed.has(keyId)),
      destroyed: this.#destroyed,
      faults: this.#faults,
      moreFaults: this.#moreFaults,
    };
  }

  #close({ stream, keyId = '' }: RecordedEvent): void {
    const closed = this.#closed.get(keyId) ?? { events: 0, streams: new Set() };
    closed.events++;
    closed.streams.add(stream);
    this.#closed.set(keyId, closed);
  }

  #closedBy(which: (keyId: string) => boolean): ClosedEvents {
    const closed = [...this.#closed].filter(([keyId]) => which(keyId)).map(([, one]) => one);
    return {
      events: closed.reduce((sum, { events }) => sum + events, 0),
      streams: new Set(closed.flatMap(({ streams }) => [...streams])).size,
    };
  }

  #judge(event: StoredEvent): void {
    const seq = this.#tree.size + 1;
    if (seq === 1) {
      this.#logId = logIdOf(event);
      if (this.#logId === undefined) this.#fault('log-without-start', event, seq);
    }
    const logId = this.#logId ?? '';
    const { stream, revision } = event;
    const judged = verifyChain([event], logId, this.#heads.get(stream) ?? CHAIN_START);
    if (!judged.ok) this.#fault(judged.error.fault, event, seq);
    // Behind a fault the chain is taken up where the event itself says that it stands.
    const head = judged.ok ? judged.value : { revision, hash: readMetadata(event.metadata)?.hash };
    const hash = judged.ok ? (judged.value.hash ?? '') : storedHash(event, logId);
    this.#heads.set(stream, head);
    this.#tree.append(leafOf(hash));
    this.#last = { stream, revision, hash };
    if (stream === SEAL_STREAM && event.type === LOG_SEALED.type) this.#judgeSeal(event, seq);
    for (let next = this.#expected.at(-1); next?.size === seq; next = this.#expected.at(-1)) {
      this.#expected.pop();
      this.#hold(next);
    }
  }

  /** The tree has the size at which something is expected of it. */
  #hold({ size, root, of }: Expected): void {
    if (sameHash(root, this.#tree.root())) this.#proved[of] = size;
    else {
      if (of === 'seal') this.#unlike.add(size);
      const code = of === 'kept' ? 'kept-root-mismatch' : 'root-mismatch';
      this.#add({ code, among: { from: this.#proved[of] + 1, to: size } });
    }
  }

  #judgeSeal(event: StoredEvent, seq: number): void {
    const seal = checkpointInSeal(event, this.#options.verifiers);
    if (!seal.ok) this.#fault(seal.error, event, seq);
    else if (seal.value.logId !== this.#logId) this.#fault('other-log', event, seq);
    else if (seal.value.size >= seq) this.#fault('sealed-ahead', event, seq);
    else if (!this.#unlike.has(seal.value.size)) {
      this.#seals++;
      this.#sealed = Math.max(this.#sealed, seal.value.size);
    }
  }

  #fault(code: LogFaultCode, { id, stream, revision }: StoredEvent, seq: number): void {
    this.#add({ code, at: { seq, id, stream, revision } });
  }

  #add(fault: LogFault): void {
    if (this.#faults.length < MOST_FAULTS) this.#faults.push(fault);
    else this.#moreFaults++;
  }
}

/** The id that a log's first event gives it; undefined if this is no such event. */
function logIdOf({ stream, type, data }: StoredEvent): string | undefined {
  const logId = stream === LOG_START_STREAM && type === LOG_STARTED.type ? parseObject(data)?.logId : undefined;
  return isId(logId) ? logId : undefined;
}
