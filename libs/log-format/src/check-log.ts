/**
 * A whole log judged, event by event: what a restored copy has to pass, and what an auditor asks for. It needs nothing but
 * the log and the keys, and it keeps no more in memory than where each stream's chain stands.
 */
import type { EventStore, StoredEvent } from '#event-store';
import { err, isId, ok, type Result } from '#kernel';
import { CHAIN_START, type ChainHead, verifyChain } from './chain.js';
import type { EventCodec } from './codec.js';
import { IntegrityError, UndecodableEventError } from './errors.js';
import { LOG_START_STREAM, LOG_STARTED } from './log-start.js';
import { parseObject } from './metadata.js';
import type { KeyStore } from './types.js';

export interface CheckLogOptions {
  readonly store: Pick<EventStore, 'readAll'>;
  /** Opens what is sealed; left out, the boxes stay closed and are counted. */
  readonly keys?: Pick<KeyStore, 'find'>;
  /** Knows every type of event that may be met. */
  readonly codec: EventCodec;
  /** Called now and then with how many events were judged. */
  readonly onProgress?: (events: number) => void;
}

export interface CheckedLog {
  readonly logId: string;
  readonly events: number;
  readonly streams: number;
  /** The last event in the order of the log. */
  readonly last: { readonly stream: string; readonly revision: number; readonly hash: string };
  /** Events with sealed fields that no key opened, and the streams that they are of. */
  readonly closed: { readonly events: number; readonly streams: number };
}

/** Events judged at a time: their keys are fetched in one go. */
const PAGE = 1_000;

const NO_KEYS: Pick<KeyStore, 'find'> = { find: () => Promise.resolve(new Map()) };

/**
 * Reads the whole log: it begins with its own id, every stream's chain is whole from its first event on, every event can be
 * read, and every sealed box whose key is there opens. The first thing that is not so ends it.
 *
 * @throws EventStoreError, KeyStoreError where the files themselves cannot be read
 */
export async function checkLog(
  options: CheckLogOptions,
): Promise<Result<CheckedLog, IntegrityError | UndecodableEventError>> {
  const check = new Check(options);
  let page: StoredEvent[] = [];
  for await (const event of options.store.readAll()) {
    page.push(event);
    if (page.length < PAGE) continue;
    const taken = await check.take(page);
    if (!taken.ok) return taken;
    page = [];
  }
  const taken = await check.take(page);
  return taken.ok ? check.outcome() : taken;
}

class Check {
  private readonly heads = new Map<string, ChainHead>();
  private readonly closedStreams = new Set<string>();
  private logId: string | undefined;
  private last: StoredEvent | undefined;
  private events = 0;
  private closed = 0;

  constructor(private readonly options: CheckLogOptions) {}

  async take(page: readonly StoredEvent[]): Promise<Result<void, IntegrityError | UndecodableEventError>> {
    const { codec, keys = NO_KEYS, onProgress } = this.options;
    for (const event of page) {
      this.logId ??= logIdOf(event);
      if (this.logId === undefined) return err(new IntegrityError('log-without-start', event.stream, event.revision));
      const head = verifyChain([event], this.logId, this.heads.get(event.stream) ?? CHAIN_START);
      if (!head.ok) return head;
      this.heads.set(event.stream, head.value);
    }
    for (const decoded of await codec.decodePage(page, keys)) {
      if (!decoded.ok) return decoded;
      if (decoded.value.opened) continue;
      this.closed++;
      this.closedStreams.add(decoded.value.stream);
    }
    this.events += page.length;
    this.last = page.at(-1) ?? this.last;
    onProgress?.(this.events);
    return ok(undefined);
  }

  outcome(): Result<CheckedLog, IntegrityError> {
    const { last, logId } = this;
    if (last === undefined || logId === undefined)
      return err(new IntegrityError('log-without-start', LOG_START_STREAM, 0));
    const { stream, revision } = last;
    return ok({
      logId,
      events: this.events,
      streams: this.heads.size,
      last: { stream, revision, hash: this.heads.get(stream)?.hash ?? '' },
      closed: { events: this.closed, streams: this.closedStreams.size },
    });
  }
}

/** The id that a log's first event gives it; undefined if this is no such event. */
function logIdOf({ stream, type, data }: StoredEvent): string | undefined {
  const logId = stream === LOG_START_STREAM && type === LOG_STARTED.type ? parseObject(data)?.logId : undefined;
  return isId(logId) ? logId : undefined;
}
