/**
 * Who may come in. Access keys are events in the log, one stream per key, so every node knows them and nobody can add, renew
 * or revoke one without a trace; this directory follows them live and answers from memory.
 *
 * The log holds only hashes of keys. SHA-256 without a salt is enough because a key holds 256 random bits; that is why an
 * admin key that the operator chooses must not be short.
 */
import { allows, type Principal } from '#command-handling';
import type { EventStore, OperationalState } from '#event-store';
import {
  type Clock,
  derivedId,
  isVisibility,
  ok,
  parseInstant,
  randomId,
  type Randomness,
  type Refusal,
  type Result,
  streamName,
  type Ticker,
  type Visibility,
  VISIBILITIES,
} from '#kernel';
import { CHAIN_START, IntegrityError, type KeyStore, LiveStreams, SYSTEM } from '#log-format';
import {
  ACCESS_EVENTS,
  ACCESS_KEY_CREATED,
  ACCESS_KEY_REVOKED,
  ACCESS_KEY_ROTATED,
  type AccessKeyCreated,
  type AccessKeyRotated,
  hashOfKey,
  idOfKey,
  isMadeByUs,
  isScope,
  keyOf,
  makeKey,
} from './access-key.js';
import { FailedTries } from './failed-tries.js';
import { type Entry, KeyRing } from './key-ring.js';
import { LastUses } from './last-uses.js';
import {
  ADMIN_KEY_TAKEN,
  CONFLICT,
  FORBIDDEN,
  INVALID_CEILING,
  INVALID_EXPIRY,
  INVALID_NAME,
  INVALID_OVERLAP,
  INVALID_SCOPES,
  KEY_OVER,
  LAST_ADMIN_KEY,
  MAX_NAME_LENGTH,
  MAX_OVERLAP_SECONDS,
  MIN_GIVEN_KEY_LENGTH,
  NOT_FOUND,
  OUTLIVES_ITS_MAKER,
  TOO_MANY_TRIES,
  UNAUTHENTICATED,
  UNAVAILABLE,
  WEAK_ADMIN_KEY,
} from './refusals.js';
import type {
  AccessDirectory,
  AccessHealth,
  AccessKeyInfo,
  AccessKeyRequest,
  AccessObserver,
  Admitted,
  NewAccessKey,
  OwnAccessKey,
  RotatedAccessKey,
  RotationRequest,
} from './types.js';

export interface OpenAccessDirectory {
  readonly store: EventStore;
  readonly keys: KeyStore;
  /** Holds when keys were last used. */
  readonly state: OperationalState;
  readonly logId: string;
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly randomness: Randomness;
  readonly observer?: AccessObserver;
}

/**
 * Resolves when every key that is in the log is known.
 * @throws EventStoreError the log cannot be followed
 */
export async function openAccessDirectory(options: OpenAccessDirectory): Promise<AccessDirectory> {
  const directory = new Directory(options);
  await directory.open();
  return directory;
}

const CATEGORY = 'access';
/** Where the admin key lies that the first run makes, whichever node is first. */
const FIRST_ADMIN_KEY = derivedId('habeas access: first admin key', '', 0);
/** How often a change is tried while others write to the same key's stream. */
const MAX_TRIES = 5;

class Directory implements AccessDirectory {
  readonly #ring: KeyRing;
  readonly #tries: FailedTries;
  readonly #uses: LastUses;
  readonly #ceilingListeners: ((ceilings: ReadonlySet<Visibility>) => void)[] = [];
  #toldCeilings: ReadonlySet<Visibility> = new Set();
  #streams: LiveStreams | undefined;

  constructor(private readonly options: OpenAccessDirectory) {
    this.#ring = new KeyRing(options.clock);
    this.#tries = new FailedTries(options.ticker);
    this.#uses = new LastUses(options);
  }

  async open(): Promise<void> {
    const { keys } = this.options;
    this.#streams = await LiveStreams.open({
      ...this.options,
      // Names are all that is sealed, and nobody is kept out because a name cannot be shown.
      keys: {
        obtain: (stream) => keys.obtain(stream),
        find: (ids) => keys.find(ids).catch(() => new Map()),
      },
      category: CATEGORY,
      forms: ACCESS_EVENTS,
      apply: (id, event) => {
        this.#ring.apply(id, event);
        this.#lookAtCeilings();
      },
      unreadable: (id, event) => {
        this.#ring.shutOut(id, event);
        this.#lookAtCeilings();
      },
    }).catch(async (error: unknown) => {
      await this.#uses.close();
      throw error;
    });
    this.#toldCeilings = this.#ring.ceilings();
  }

  authenticate(authorization: string | undefined, from?: string): Result<Admitted, Refusal> {
    if (!this.#opened.following) return UNAVAILABLE;
    const key = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
    if (key === undefined) return UNAUTHENTICATED;
    const isOver = from !== undefined && this.#tries.isOver(from);
    const found = isOver && !isMadeByUs(key) ? 'wrong' : this.#ring.bySecret(key);
    if (typeof found !== 'string') return ok(this.#noted(found));
    // Who holds what was a key guesses nothing.
    const tries = found === 'wrong' && from !== undefined ? this.#tries.add(from) : 0;
    this.options.observer?.keyRefused({ why: isOver ? 'too-many-tries' : found, from, tries });
    return isOver ? TOO_MANY_TRIES : UNAUTHENTICATED;
  }

  admitted(credential: string): Result<Admitted, Refusal> {
    if (!this.#opened.following) return UNAVAILABLE;
    const known = this.#ring.byCredential(credential);
    return known === undefined ? UNAUTHENTICATED : ok(this.#noted(known));
  }

  principal(id: string): Result<Principal, Refusal> {
    if (!this.#opened.following) return UNAVAILABLE;
    const principal = this.#ring.byPrincipal(id);
    return principal === undefined ? UNAUTHENTICATED : ok(principal);
  }

  own(by: Principal): Result<OwnAccessKey, Refusal> {
    const info = this.#ring.get(keyOf(by.id))?.info;
    if (info === undefined) return UNAUTHENTICATED;
    const { id, scopes, ceiling, expiresAt } = info;
    return ok({ id, scopes, ceiling, ...(expiresAt !== undefined && { expiresAt }) });
  }

  ceilings(): ReadonlySet<Visibility> {
    return this.#ring.ceilings();
  }

  onCeilings(listener: (ceilings: ReadonlySet<Visibility>) => void): void {
    this.#ceilingListeners.push(listener);
  }

  async createKey(by: Principal, request: AccessKeyRequest): Promise<Result<NewAccessKey, Refusal>> {
    if (!allows(by, 'admin')) return FORBIDDEN;
    const { name, scopes } = request;
    const isWithin = name.length >= 1 && name.length <= MAX_NAME_LENGTH;
    if (!isWithin || !name.isWellFormed()) return INVALID_NAME;
    if (scopes.length === 0 || !scopes.every(isScope)) return INVALID_SCOPES;
    const isAdmin = scopes.includes('admin');
    const { ceiling = isAdmin ? 'confidential' : DEFAULT_CEILING } = request;
    if (!isVisibility(ceiling) || (isAdmin && ceiling !== 'confidential')) return INVALID_CEILING;
    const end = this.#endOf(by, request.expiresAt);
    if (!end.ok) return end;
    const id = randomId(this.options.randomness);
    const key = makeKey(id, this.options.randomness);
    const may = { name, scopes: [...new Set(scopes)].sort(), ceiling, ...end.value };
    const made = await this.#record(id, key, by.id, may);
    if (!made) throw new IntegrityError('landed-elsewhere', streamName(CATEGORY, id), 0);
    return ok({ id, key });
  }

  async rotateKey(
    by: Principal,
    id: string,
    request: RotationRequest = {},
  ): Promise<Result<RotatedAccessKey, Refusal>> {
    if (!allows(by, 'admin')) return FORBIDDEN;
    const { overlapSeconds = 0 } = request;
    if (!Number.isInteger(overlapSeconds) || overlapSeconds < 0 || overlapSeconds > MAX_OVERLAP_SECONDS)
      return INVALID_OVERLAP;
    const key = makeKey(id, this.options.randomness);
    const until = new Date(this.options.clock.now().getTime() + overlapSeconds * 1_000).toISOString();
    const previousUntil = overlapSeconds === 0 ? {} : { previousUntil: until };
    const rotated = await this.#change(by, id, (entry) => {
      if (this.#ring.isOver(entry)) return KEY_OVER;
      // Whoever rotates a key holds it.
      const end = this.#endOf(by, request.expiresAt ?? entry.info.expiresAt);
      if (!end.ok) return end;
      if (end.value.expiresAt !== undefined && this.#isLastAdmin(entry)) return LAST_ADMIN_KEY;
      const data: AccessKeyRotated = { hash: hashOfKey(key), ...end.value, ...previousUntil };
      return ok({ type: ACCESS_KEY_ROTATED.type, data });
    });
    return rotated.ok ? ok({ id, key, ...previousUntil }) : rotated;
  }

  async revokeKey(by: Principal, id: string): Promise<Result<AccessKeyInfo, Refusal>> {
    if (!allows(by, 'admin')) return FORBIDDEN;
    return this.#change(by, id, (entry) => {
      if (entry.info.revokedAt !== undefined) return ok(undefined);
      return this.#isLastAdmin(entry) ? LAST_ADMIN_KEY : ok({ type: ACCESS_KEY_REVOKED.type, data: {} });
    });
  }

  async keys(): Promise<readonly AccessKeyInfo[]> {
    const uses = await this.#uses.read();
    return this.#ring.infos().map((info) => {
      const lastUsedAt = uses.get(info.id);
      return { ...info, ...(lastUsedAt !== undefined && { lastUsedAt }) };
    });
  }

  async ensureAdminKey(given?: string): Promise<Result<NewAccessKey | undefined, Refusal>> {
    if (given !== undefined) return this.#ensureGiven(given);
    if (this.#ring.lastingAdmins().length > 0) return ok(undefined);
    const key = makeKey(FIRST_ADMIN_KEY, this.options.randomness);
    // Not made: another node was first, or it was made long ago and revoked since.
    const made = await this.#record(FIRST_ADMIN_KEY, key, SYSTEM, { name: FIRST_ADMIN_NAME, ...ADMIN });
    return ok(made ? { id: FIRST_ADMIN_KEY, key } : undefined);
  }

  health(): AccessHealth {
    return { following: this.#opened.following, unreadable: this.#ring.unreadable() };
  }

  async close(): Promise<void> {
    await this.#streams?.close();
    await this.#uses.close();
  }

  get #opened(): LiveStreams {
    if (this.#streams === undefined) throw new Error('The directory is not open yet.');
    return this.#streams;
  }

  async #ensureGiven(given: string): Promise<Result<undefined, Refusal>> {
    if (given.length < MIN_GIVEN_KEY_LENGTH || !/^[\x21-\x7e]+$/.test(given)) return WEAK_ADMIN_KEY;
    const id = idOfKey(given);
    if (this.#ring.get(id) === undefined) await this.#record(id, given, SYSTEM, { name: GIVEN_ADMIN_NAME, ...ADMIN });
    // Whoever recorded it, on whichever node: what counts is whether it lets its holder in.
    await this.#opened.load(id);
    const known = this.#ring.bySecret(given);
    return typeof known !== 'string' && allows(known, 'admin') ? ok(undefined) : ADMIN_KEY_TAKEN;
  }

  /** When a key is to end: no later than the key of whoever makes it, which else would give what it does not have. */
  #endOf(by: Principal, asked: string | undefined): Result<{ readonly expiresAt?: string }, Refusal> {
    const expires = asked === undefined ? undefined : parseInstant(asked);
    if (asked !== undefined && (expires === undefined || expires <= this.options.clock.now().getTime()))
      return INVALID_EXPIRY;
    const own = this.#ring.get(keyOf(by.id))?.info.expiresAt;
    if (own !== undefined && (expires === undefined || expires > Date.parse(own))) return OUTLIVES_ITS_MAKER;
    return ok(expires === undefined ? {} : { expiresAt: new Date(expires).toISOString() });
  }

  #isLastAdmin(entry: Entry): boolean {
    const admins = this.#ring.lastingAdmins();
    return admins.length === 1 && admins[0] === entry;
  }

  #noted(admitted: Admitted): Admitted {
    this.#uses.note(keyOf(admitted.id));
    return admitted;
  }

  #lookAtCeilings(): void {
    // While it is opened there is nobody to be told, and much to look at.
    if (this.#streams === undefined) return;
    const ceilings = this.#ring.ceilings();
    if (VISIBILITIES.every((level) => ceilings.has(level) === this.#toldCeilings.has(level))) return;
    this.#toldCeilings = ceilings;
    for (const listener of this.#ceilingListeners) listener(ceilings);
  }

  /**
   * Records what is decided on a key as it stands, decided anew where others were first; nothing, where that is to be done.
   * @returns the key after it
   */
  async #change(
    by: Principal,
    id: string,
    decide: (entry: Entry) => Result<{ readonly type: string; readonly data: object } | undefined, Refusal>,
  ): Promise<Result<AccessKeyInfo, Refusal>> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const head = await this.#opened.load(id);
      const entry = this.#ring.get(id);
      if (head === CHAIN_START || entry === undefined) return NOT_FOUND;
      const decided = decide(entry);
      if (!decided.ok) return decided;
      const isDone =
        decided.value === undefined ||
        (await this.#opened.append(id, { id: randomId(this.options.randomness), ...decided.value }, head, {
          by: by.id,
        }));
      if (isDone) return ok((this.#ring.get(id) ?? entry).info);
    }
    return CONFLICT;
  }

  /** Records a new key; false if its stream is there already, or if another node recorded it first. */
  #record(id: string, key: string, by: string, may: Omit<AccessKeyCreated, 'hash'>): Promise<boolean> {
    const event = {
      // Drawn, not derived: two nodes that record different secrets for one id must not both be told that they did.
      id: randomId(this.options.randomness),
      type: ACCESS_KEY_CREATED.type,
      data: { hash: hashOfKey(key), ...may },
    };
    return this.#opened.append(id, event, CHAIN_START, { by });
  }
}

const FIRST_ADMIN_NAME = 'Made on the first run';
const GIVEN_ADMIN_NAME = 'Given by the operator';

const ADMIN = { scopes: ['admin'], ceiling: 'confidential' } as const;
/** Of a key that is made without a word on it. */
const DEFAULT_CEILING: Visibility = 'internal';
