/** Keys as their events tell them, in memory: who comes in by a secret, and by what has come in before. */
import { timingSafeEqual } from 'node:crypto';
import { allows, type Principal } from '#command-handling';
import type { Clock, Visibility } from '#kernel';
import type { RecordedEvent } from '#log-format';
import {
  ACCESS_KEY_CREATED,
  ACCESS_KEY_REVOKED,
  ACCESS_KEY_ROTATED,
  hashOfKey,
  idOfKey,
  keyOf,
  principalId,
  readCreated,
  readRotated,
} from './access-key.js';
import type { AccessKeyInfo, Admitted } from './types.js';

interface Secret {
  readonly hash: Buffer;
  readonly admits: Admitted;
  /** From then on it lets nobody in, in milliseconds; left out: it is the present one. */
  readonly until?: number;
}

export interface Entry {
  readonly info: AccessKeyInfo;
  /** The present one first. */
  readonly secrets: readonly [Secret, ...Secret[]];
  /** Of the last event that was taken in. */
  readonly revision: number;
}

/** What an unknown key is compared with, so that it takes as long as a known one. */
const NO_HASH = Buffer.alloc(32);

export class KeyRing {
  readonly #entries = new Map<string, Entry>();
  /** By the hash of a key that let its holder in, the id that it is filed under. What it may do is asked of its entry. */
  readonly #ids = new Map<string, string>();
  /** Ids of events that cannot be read, by the key they belong to. */
  readonly #unreadable = new Map<string, string>();

  constructor(private readonly clock: Clock) {}

  /**
   * Who comes in by a key.
   * @returns `wrong`: it never was one; `over`: it was revoked, it expired, or another is in its place
   */
  bySecret(key: string): Admitted | 'wrong' | 'over' {
    const digest = hashOfKey(key);
    const id = this.#ids.get(digest) ?? idOfKey(key, digest);
    const entry = this.#entries.get(id);
    const given = Buffer.from(digest, 'hex');
    const secret = entry?.secrets.find(({ hash }) => timingSafeEqual(hash, given));
    if (entry === undefined) timingSafeEqual(NO_HASH, given);
    if (entry === undefined || secret === undefined) return 'wrong';
    if (!this.#isInForce(entry, secret)) return 'over';
    this.#ids.set(digest, id);
    return secret.admits;
  }

  /** Who came in by it, as long as the very secret that let them in still does. */
  byCredential(credential: string): Admitted | undefined {
    const entry = this.#entries.get(keyOf(credential.replace(/\/\d+$/, '')));
    const secret = entry?.secrets.find(({ admits }) => admits.credential === credential);
    return entry !== undefined && secret !== undefined && this.#isInForce(entry, secret) ? secret.admits : undefined;
  }

  /** Whose principal this is, as long as the key is in force. */
  byPrincipal(id: string): Principal | undefined {
    const entry = this.#entries.get(keyOf(id));
    return entry !== undefined && this.#isInForce(entry) ? entry.secrets[0].admits : undefined;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** In the order of making. */
  infos(): readonly AccessKeyInfo[] {
    return [...this.#entries.values()].map(({ info }) => info).sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  }

  /** Admin keys that stay: one that ends by itself does not keep anybody from being locked out. */
  lastingAdmins(): readonly Entry[] {
    return this.#inForce().filter(({ info, secrets: [{ admits }] }) => !info.expiresAt && allows(admits, 'admin'));
  }

  ceilings(): ReadonlySet<Visibility> {
    return new Set(this.#inForce().map(({ info }) => info.ceiling));
  }

  unreadable(): readonly string[] {
    return [...this.#unreadable.values()];
  }

  /** Idempotent: what this node recorded comes again by the subscription, perhaps after later events of the same key. */
  apply(id: string, event: RecordedEvent): void {
    if (this.#unreadable.has(id)) return;
    const known = this.#entries.get(id);
    if (event.revision <= (known?.revision ?? -1)) return;
    const next = afterEvent(id, known, event);
    if (next === undefined) this.shutOut(id, event);
    else this.#entries.set(id, next);
  }

  /** An event that cannot be read might be a revocation: its key is not let in. */
  shutOut(id: string, event: { readonly id: string }): void {
    this.#unreadable.set(id, event.id);
    this.#entries.delete(id);
  }

  isOver({ info }: Entry): boolean {
    const { revokedAt, expiresAt } = info;
    return revokedAt !== undefined || (expiresAt !== undefined && Date.parse(expiresAt) <= this.#now());
  }

  #isInForce(entry: Entry, { until }: Secret = entry.secrets[0]): boolean {
    return !this.isOver(entry) && (until === undefined || this.#now() < until);
  }

  #inForce(): readonly Entry[] {
    return [...this.#entries.values()].filter((entry) => this.#isInForce(entry));
  }

  #now(): number {
    return this.clock.now().getTime();
  }
}

/** Undefined: it is not what Habeas writes there. */
function afterEvent(id: string, known: Entry | undefined, event: RecordedEvent): Entry | undefined {
  const { revision, data } = event;
  const { recordedAt, recordedBy } = event.metadata;
  if (event.type === ACCESS_KEY_CREATED.type) {
    const created = readCreated(data);
    if (created === undefined || known !== undefined) return undefined;
    const { hash, ...may } = created;
    const info = { id, ...may, createdAt: recordedAt, createdBy: recordedBy };
    return { info, secrets: [secretOf(info, hash, revision)], revision };
  }
  if (known === undefined) return undefined;
  if (event.type === ACCESS_KEY_REVOKED.type)
    return { ...known, info: { ...known.info, revokedAt: recordedAt }, revision };
  const rotated = event.type === ACCESS_KEY_ROTATED.type ? readRotated(data) : undefined;
  if (rotated === undefined) return undefined;
  const { hash, expiresAt, previousUntil = recordedAt } = rotated;
  const info = { ...known.info, rotatedAt: recordedAt, ...(expiresAt !== undefined && { expiresAt }) };
  const [present, ...earlier] = known.secrets;
  const now = Date.parse(recordedAt);
  return {
    info,
    secrets: [
      secretOf(info, hash, revision),
      { ...present, until: Date.parse(previousUntil) },
      // Two at most let in: the last two.
      ...earlier.map((secret) => ({ ...secret, until: Math.min(secret.until ?? now, now) })),
    ],
    revision,
  };
}

function secretOf({ id, scopes, ceiling }: AccessKeyInfo, hash: string, revision: number): Secret {
  const principal = principalId(id);
  return {
    hash: Buffer.from(hash, 'hex'),
    admits: { id: principal, scopes, ceiling, credential: `${principal}/${revision}` },
  };
}
