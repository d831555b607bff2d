/**
 * Who may come in. Access keys are events in the log, one stream per key, so every node knows them and nobody can add or
 * revoke one without a trace; this directory follows them live and answers from memory.
 *
 * The log holds only hashes of keys. SHA-256 without a salt is enough because a key holds 256 random bits; that is why an
 * admin key that the operator chooses must not be short.
 */
import { timingSafeEqual } from 'node:crypto';
import { allows, type Principal, SCOPES } from '#command-handling';
import type { EventStore } from '#event-store';
import {
  type Clock,
  derivedId,
  err,
  isVisibility,
  ok,
  parseInstant,
  randomId,
  type Randomness,
  type Refusal,
  refusal,
  type Result,
  streamName,
  type Visibility,
  VISIBILITIES,
} from '#kernel';
import { CHAIN_START, IntegrityError, type KeyStore, LiveStreams, type RecordedEvent, SYSTEM } from '#log-format';
import {
  ACCESS_EVENTS,
  ACCESS_KEY_CREATED,
  ACCESS_KEY_REVOKED,
  type AccessKeyCreated,
  hashOfKey,
  idOfKey,
  isScope,
  keyOf,
  makeKey,
  principalId,
  readCreated,
} from './access-key.js';
import type { AccessDirectory, AccessHealth, AccessKeyInfo, AccessKeyRequest, NewAccessKey } from './types.js';

export interface OpenAccessDirectory {
  readonly store: EventStore;
  readonly keys: KeyStore;
  readonly logId: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
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
const MAX_NAME_LENGTH = 200;
const MIN_GIVEN_KEY_LENGTH = 20;
/** Where the admin key lies that the first run makes, whichever node is first. */
const FIRST_ADMIN_KEY = derivedId('habeas access: first admin key', '', 0);
/** How often a revocation is tried while others write to the same key's stream. */
const MAX_TRIES = 5;
/** What an unknown key is compared with, so that it takes as long as a known one. */
const NO_HASH = Buffer.alloc(32);

interface Entry {
  readonly info: AccessKeyInfo;
  readonly hash: Buffer;
  readonly principal: Principal;
}

class Directory implements AccessDirectory {
  readonly #entries = new Map<string, Entry>();
  /** By the hash of a key that let its holder in, the id that it is filed under. What it may do is asked of its entry. */
  readonly #ids = new Map<string, string>();
  /** Ids of events that cannot be read, by the key they belong to. */
  readonly #unreadable = new Map<string, string>();
  readonly #ceilingListeners: ((ceilings: ReadonlySet<Visibility>) => void)[] = [];
  #ceilings: ReadonlySet<Visibility> = new Set();
  #streams: LiveStreams | undefined;

  constructor(private readonly options: OpenAccessDirectory) {}

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
        this.#apply(id, event);
      },
      unreadable: (id, event) => {
        this.#shutOut(id, event);
      },
    });
  }

  authenticate(authorization: string | undefined): Result<Principal, Refusal> {
    if (!this.#opened.following) return UNAVAILABLE;
    const key = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
    if (key === undefined) return UNAUTHENTICATED;
    const digest = hashOfKey(key);
    const id = this.#ids.get(digest) ?? idOfKey(key, digest);
    const entry = this.#entries.get(id);
    const same = timingSafeEqual(Buffer.from(digest, 'hex'), entry?.hash ?? NO_HASH);
    if (!same || entry === undefined || !this.#isInForce(entry)) return UNAUTHENTICATED;
    this.#ids.set(digest, id);
    return ok(entry.principal);
  }

  principal(id: string): Result<Principal, Refusal> {
    if (!this.#opened.following) return UNAVAILABLE;
    const entry = this.#entries.get(keyOf(id));
    return entry === undefined || !this.#isInForce(entry) ? UNAUTHENTICATED : ok(entry.principal);
  }

  ceilings(): ReadonlySet<Visibility> {
    return this.#ceilings;
  }

  onCeilings(listener: (ceilings: ReadonlySet<Visibility>) => void): void {
    this.#ceilingListeners.push(listener);
  }

  async createKey(by: Principal, request: AccessKeyRequest): Promise<Result<NewAccessKey, Refusal>> {
    if (!allows(by, 'admin')) return FORBIDDEN;
    const { name, scopes, expiresAt } = request;
    const isWithin = name.length >= 1 && name.length <= MAX_NAME_LENGTH;
    if (!isWithin || !name.isWellFormed()) {
      return err(refusal('invalid-name', `A name has 1 to ${MAX_NAME_LENGTH} characters.`, '/name'));
    }
    if (scopes.length === 0 || !scopes.every(isScope)) {
      return err(refusal('invalid-scopes', `A key needs at least one of the scopes ${SCOPES.join(', ')}.`, '/scopes'));
    }
    const isAdmin = scopes.includes('admin');
    const { ceiling = isAdmin ? 'confidential' : DEFAULT_CEILING } = request;
    if (!isVisibility(ceiling) || (isAdmin && ceiling !== 'confidential')) return INVALID_CEILING;
    const expires = expiresAt === undefined ? undefined : parseInstant(expiresAt);
    if (expiresAt !== undefined && (expires === undefined || expires <= this.#now())) return INVALID_EXPIRY;
    // Whoever may make keys may do and see everything; but not for longer than their own key lasts.
    const until = this.#entries.get(keyOf(by.id))?.info.expiresAt;
    if (until !== undefined && (expires === undefined || expires > Date.parse(until))) return OUTLIVES_ITS_MAKER;
    const id = randomId(this.options.randomness);
    const key = makeKey(id, this.options.randomness);
    const made = await this.#record(id, key, by.id, {
      name,
      scopes: [...new Set(scopes)].sort(),
      ceiling,
      ...(expires !== undefined && { expiresAt: new Date(expires).toISOString() }),
    });
    if (!made) throw new IntegrityError('landed-elsewhere', streamName(CATEGORY, id), 0);
    return ok({ id, key });
  }

  async revokeKey(by: Principal, id: string): Promise<Result<AccessKeyInfo, Refusal>> {
    if (!allows(by, 'admin')) return FORBIDDEN;
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const head = await this.#opened.load(id);
      const entry = this.#entries.get(id);
      if (head === CHAIN_START || entry === undefined) return err(refusal('not-found', 'There is no such access key.'));
      if (entry.info.revokedAt !== undefined) return ok(entry.info);
      const admins = this.#lastingAdmins();
      if (admins.length === 1 && admins[0] === entry) {
        return err(refusal('last-admin-key', 'This is the last admin key. Make another one first.'));
      }
      const event = { id: randomId(this.options.randomness), type: ACCESS_KEY_REVOKED.type, data: {} };
      if (await this.#opened.append(id, event, head, { by: by.id }))
        return ok(this.#entries.get(id)?.info ?? entry.info);
    }
    return err(refusal('conflict', 'Others are changing this key; try again.'));
  }

  keys(): readonly AccessKeyInfo[] {
    return [...this.#entries.values()].map(({ info }) => info).sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  }

  async ensureAdminKey(given?: string): Promise<Result<NewAccessKey | undefined, Refusal>> {
    if (given !== undefined) return this.#ensureGiven(given);
    if (this.#lastingAdmins().length > 0) return ok(undefined);
    const key = makeKey(FIRST_ADMIN_KEY, this.options.randomness);
    // Not made: another node was first, or it was made long ago and revoked since.
    const made = await this.#record(FIRST_ADMIN_KEY, key, SYSTEM, { name: FIRST_ADMIN_NAME, ...ADMIN });
    return ok(made ? { id: FIRST_ADMIN_KEY, key } : undefined);
  }

  health(): AccessHealth {
    return { following: this.#opened.following, unreadable: [...this.#unreadable.values()] };
  }

  async close(): Promise<void> {
    await this.#streams?.close();
  }

  get #opened(): LiveStreams {
    if (this.#streams === undefined) throw new Error('The directory is not open yet.');
    return this.#streams;
  }

  async #ensureGiven(given: string): Promise<Result<undefined, Refusal>> {
    if (given.length < MIN_GIVEN_KEY_LENGTH || !/^[\x21-\x7e]+$/.test(given)) {
      return err(
        refusal('weak-admin-key', `An admin key has at least ${MIN_GIVEN_KEY_LENGTH} visible ASCII characters.`),
      );
    }
    const id = idOfKey(given);
    if (!this.#entries.has(id)) await this.#record(id, given, SYSTEM, { name: GIVEN_ADMIN_NAME, ...ADMIN });
    // Whoever recorded it, on whichever node: what counts is whether it lets its holder in.
    await this.#opened.load(id);
    const known = this.authenticate(`Bearer ${given}`);
    if (known.ok && allows(known.value, 'admin')) return ok(undefined);
    return err(refusal('admin-key-taken', 'The given admin key was revoked, or is another key’s. Choose a new one.'));
  }

  /** Those that stay: one that ends by itself does not keep anybody from being locked out. */
  #lastingAdmins(): Entry[] {
    return [...this.#entries.values()].filter(
      (entry) => this.#isInForce(entry) && entry.info.expiresAt === undefined && allows(entry.principal, 'admin'),
    );
  }

  #isInForce({ info }: Entry): boolean {
    return info.revokedAt === undefined && (info.expiresAt === undefined || this.#now() < Date.parse(info.expiresAt));
  }

  #now(): number {
    return this.options.clock.now().getTime();
  }

  #lookAtCeilings(): void {
    const inForce = [...this.#entries.values()].filter((entry) => this.#isInForce(entry));
    const ceilings = new Set(inForce.map(({ principal }) => principal.ceiling));
    if (VISIBILITIES.every((level) => ceilings.has(level) === this.#ceilings.has(level))) return;
    this.#ceilings = ceilings;
    for (const listener of this.#ceilingListeners) listener(ceilings);
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

  /** Idempotent: what this node recorded comes again by the subscription, perhaps after later events of the same key. */
  #apply(id: string, event: RecordedEvent): void {
    if (this.#unreadable.has(id)) return;
    const known = this.#entries.get(id);
    const { recordedAt, recordedBy } = event.metadata;
    if (event.type === ACCESS_KEY_REVOKED.type) {
      if (known === undefined || known.info.revokedAt !== undefined) return;
      this.#entries.set(id, { ...known, info: { ...known.info, revokedAt: recordedAt } });
    } else if (known === undefined) {
      const created = readCreated(event.data);
      if (created === undefined) {
        this.#shutOut(id, event);
        return;
      }
      const { hash, ...may } = created;
      const { scopes, ceiling } = may;
      this.#entries.set(id, {
        info: { id, ...may, createdAt: recordedAt, createdBy: recordedBy },
        hash: Buffer.from(hash, 'hex'),
        principal: { id: principalId(id), scopes, ceiling },
      });
    }
    this.#lookAtCeilings();
  }

  /** An event that cannot be read might be a revocation: its key is not let in. */
  #shutOut(id: string, event: { readonly id: string }): void {
    this.#unreadable.set(id, event.id);
    this.#entries.delete(id);
    this.#lookAtCeilings();
  }
}

const FIRST_ADMIN_NAME = 'Made on the first run';
const GIVEN_ADMIN_NAME = 'Given by the operator';

const UNAUTHENTICATED = err(refusal('unauthenticated', 'A valid access key is needed: Authorization: Bearer <key>.'));
const UNAVAILABLE = err(refusal('access-unavailable', 'Access keys cannot be checked at present; try again.'));
const ADMIN = { scopes: ['admin'], ceiling: 'confidential' } as const;
/** Of a key that is made without a word on it. */
const DEFAULT_CEILING: Visibility = 'internal';

const FORBIDDEN = err(refusal('forbidden', 'An admin key is needed for this.'));
const INVALID_CEILING = err(
  refusal(
    'invalid-ceiling',
    `A ceiling is one of ${VISIBILITIES.join(', ')}; that of an admin key is confidential.`,
    '/ceiling',
  ),
);
const INVALID_EXPIRY = err(
  refusal('invalid-expiry', 'A key expires at an instant to come, such as 2030-12-31T00:00:00Z.', '/expiresAt'),
);
const OUTLIVES_ITS_MAKER = err(
  refusal('outlives-its-maker', 'A key that expires makes keys that expire no later than itself.', '/expiresAt'),
);
