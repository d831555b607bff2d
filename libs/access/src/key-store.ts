/**
 * The key store, wherever its rows lie: unwraps keys by the master key, and keeps in memory, up to a limit, those that
 * it opened.
 *
 * What others may destroy is not trusted for ever: a store that several nodes share is asked again for a key that was
 * confirmed too long ago. Where it cannot be asked, such a key goes on to be used for a while, so that a database that is
 * started again stops nobody.
 */
import { LRUCache } from 'lru-cache';
import { randomId, type Randomness } from '#kernel';
import type { KeyStore, StreamKey } from '#log-format';
import { type OpenedKeys, refuseKey, stillFits } from './key-rows.js';
import { KeyStoreError } from './key-store-error.js';
import { type KeyPlace, unwrap, wrap, type WrappedKey, type WrappedRow } from './wrapping.js';

/** How long a key in memory counts, in milliseconds. */
export interface Trust {
  /** Before it is looked up again. */
  readonly unasked: number;
  /** Where looking it up fails. */
  readonly unconfirmed: number;
}

/** For a store that only this machine's processes use. */
const FOR_EVER: Trust = { unasked: Infinity, unconfirmed: Infinity };

/** Opened keys in memory: some 10 MB. */
const MAX_CACHED_KEYS = 20_000;

interface Opened {
  readonly place: string;
  readonly key: StreamKey;
  readonly confirmed: number;
}

/** A key store that can say whether its master key is the one that holds. */
export interface CheckedKeyStore extends KeyStore {
  /**
   * `wrong-master-key`: another took its place since this opening, which opens nothing any more that it does not remember, and makes no
   * key. Looks again for the next who asks, as often as keys are looked up again; waits for nothing.
   */
  health(): 'open' | 'wrong-master-key';
}

export function keyStoreOver(keys: OpenedKeys, randomness: Randomness, trust: Trust = FOR_EVER): CheckedKeyStore {
  return new OpeningKeyStore(keys, randomness, trust);
}

class OpeningKeyStore implements CheckedKeyStore {
  readonly #byPlace = new LRUCache<string, Opened>({ max: MAX_CACHED_KEYS });
  readonly #byId = new LRUCache<string, Opened>({ max: MAX_CACHED_KEYS });
  /** Keys that are being looked up or made: whoever asks meanwhile waits for the same one. */
  readonly #obtaining = new Map<string, Promise<StreamKey>>();
  /** Ids of keys that were destroyed: one that was being looked up meanwhile is not to come back by that. */
  readonly #destroyed = new Set<string>();
  #closed = false;
  #replaced = false;
  /** When it was last asked whether the master key fits. */
  #asked = performance.now();

  constructor(
    private readonly keys: OpenedKeys,
    private readonly randomness: Randomness,
    private readonly trust: Trust,
  ) {}

  obtain(stream: string): Promise<StreamKey> {
    return this.#obtain('stream', stream);
  }

  async secret(name: string): Promise<Uint8Array> {
    return (await this.#obtain('secret', name)).key;
  }

  async findSecret(name: string): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const at = { kind: 'secret', name } as const;
    const known = this.#byPlace.get(placeOf(at));
    const fresh = this.#counts(known, this.trust.unasked) ? known : undefined;
    if (fresh !== undefined) return fresh.key.key;
    let row: WrappedRow | undefined;
    try {
      row = await this.keys.rows.at(at);
    } catch (error) {
      if (!this.#counts(known, this.trust.unconfirmed) || !isUnavailable(error)) throw error;
      return known.key.key;
    }
    if (row !== undefined) return (this.#open(row) ?? (await this.#refuse(row))).key;
    if (known !== undefined) this.#forget(known);
    return undefined;
  }

  async destroySecret(name: string): Promise<void> {
    this.#assertOpen();
    const at = { kind: 'secret', name } as const;
    await this.keys.rows.destroy(at);
    const known = this.#byPlace.peek(placeOf(at));
    if (known !== undefined) this.#forget(known);
  }

  async destroy(keyIds: Iterable<string>): Promise<void> {
    this.#assertOpen();
    const ids = [...keyIds];
    if (ids.length > 0) await this.keys.rows.destroy({ keyIds: ids });
    this.forget(ids);
  }

  forget(keyIds: Iterable<string>): void {
    for (const keyId of keyIds) {
      this.#destroyed.add(keyId);
      const known = this.#byId.peek(keyId);
      if (known !== undefined) this.#forget(known);
    }
  }

  async find(keyIds: Iterable<string>): Promise<ReadonlyMap<string, StreamKey>> {
    this.#assertOpen();
    const found = new Map<string, StreamKey>();
    const asked = new Map<string, Opened | undefined>();
    for (const keyId of keyIds) {
      const known = this.#byId.get(keyId);
      if (this.#counts(known, this.trust.unasked)) found.set(keyId, known.key);
      else asked.set(keyId, known);
    }
    if (asked.size === 0) return found;
    let rows: readonly WrappedKey[];
    try {
      rows = await this.keys.rows.find([...asked.keys()]);
    } catch (error) {
      for (const [keyId, known] of asked) {
        if (!this.#counts(known, this.trust.unconfirmed) || !isUnavailable(error)) throw error;
        if (!this.#destroyed.has(keyId)) found.set(keyId, known.key);
      }
      return found;
    }
    for (const row of rows)
      if (!this.#destroyed.has(row.keyId)) found.set(row.keyId, this.#open(row) ?? (await this.#refuse(row)));
    for (const [keyId, known] of asked) if (known !== undefined && !found.has(keyId)) this.#forget(known);
    return found;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#obtaining.values());
    await this.keys.rows.close();
    this.#byPlace.clear();
    this.#byId.clear();
  }

  async #obtain(kind: WrappedKey['kind'], name: string): Promise<StreamKey> {
    this.#assertOpen();
    const place = placeOf({ kind, name });
    const known = this.#byPlace.get(place);
    // The two memories drop what was not used for long each by itself.
    if (this.#counts(known, this.trust.unasked) && !this.#destroyed.has(known.key.keyId)) return known.key;
    const underWay = this.#obtaining.get(place);
    if (underWay !== undefined) return underWay;
    const obtaining = this.#lookUpOrMake(kind, name, known).finally(() => this.#obtaining.delete(place));
    this.#obtaining.set(place, obtaining);
    return obtaining;
  }

  async #lookUpOrMake(kind: WrappedKey['kind'], name: string, known: Opened | undefined): Promise<StreamKey> {
    const { rows, master } = this.keys;
    const place = { kind, name, keyId: randomId(this.randomness) };
    const wrapped = wrap(this.randomness.bytes(32), place, master, this.randomness);
    try {
      // What comes back is what lies there: another process, or another node, may have been first.
      const row = await rows.obtain({ ...place, wrapped });
      if (this.#destroyed.has(row.keyId)) throw beingDestroyed(rows.place);
      const key = this.#open(row) ?? (await this.#refuse(row));
      if (known !== undefined && known.key.keyId !== key.keyId) this.#byId.delete(known.key.keyId);
      return key;
    } catch (error) {
      this.#note(error);
      const mayServe = this.#counts(known, this.trust.unconfirmed) && !this.#destroyed.has(known.key.keyId);
      if (!mayServe || !isUnavailable(error)) throw error;
      return known.key;
    }
  }

  health(): 'open' | 'wrong-master-key' {
    const now = performance.now();
    if (!this.#replaced && !this.#closed && now - this.#asked > this.trust.unasked) {
      this.#asked = now;
      stillFits(this.keys).then(
        (fits) => (this.#replaced = !fits),
        () => undefined,
      );
    }
    return this.#replaced ? 'wrong-master-key' : 'open';
  }

  async #refuse(row: WrappedRow): Promise<never> {
    try {
      return await refuseKey(this.keys, row);
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  #note(error: unknown): void {
    if (error instanceof KeyStoreError && error.code === 'wrong-master-key') this.#replaced = true;
  }

  #open(row: WrappedRow): StreamKey | undefined {
    const opened = unwrap(row.wrapped, row, this.keys.master);
    return opened && this.#remember(row, { keyId: row.keyId, key: opened });
  }

  #remember(row: WrappedRow, key: StreamKey): StreamKey {
    const opened = { place: placeOf(row), key, confirmed: performance.now() };
    this.#byPlace.set(opened.place, opened);
    this.#byId.set(row.keyId, opened);
    return opened.key;
  }

  #forget({ place, key: { keyId } }: Opened): void {
    this.#byId.delete(keyId);
    if (this.#byPlace.peek(place)?.key.keyId === keyId) this.#byPlace.delete(place);
  }

  #counts(known: Opened | undefined, milliseconds: number): known is Opened {
    return known !== undefined && performance.now() - known.confirmed < milliseconds;
  }

  #assertOpen(): void {
    if (this.#closed) throw new KeyStoreError('closed', 'The key store was closed.');
  }
}

function beingDestroyed(place: string): KeyStoreError {
  return new KeyStoreError('unavailable', `A key in the ${place} is being destroyed; try again.`);
}

function isUnavailable(error: unknown): boolean {
  return error instanceof KeyStoreError && error.code === 'unavailable';
}

function placeOf({ kind, name }: Pick<KeyPlace, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}
