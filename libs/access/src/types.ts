/** Who holds a key to Habeas, as the apps see it. */
import type { Principal, Scope } from '#command-handling';
import type { Refusal, Result, Visibility } from '#kernel';
import type { SubjectRef } from '#projections';

/** What a key is to be. */
export interface AccessKeyRequest {
  /** 1 to 200 characters. */
  readonly name: string;
  /** At least one. */
  readonly scopes: readonly Scope[];
  /** What its holder sees at most. Internal unless said; that of an admin key is confidential. */
  readonly ceiling?: Visibility;
  /** An instant to come (ISO 8601, with Z or an offset), from which on it lets nobody in. Unless said, it does not expire. */
  readonly expiresAt?: string;
}

/** What is asked of a rotation. */
export interface RotationRequest {
  /** For how many seconds the secret before lets in beside the new one: at most a week. 0 unless said: it ends at once. */
  readonly overlapSeconds?: number;
  /** Another instant at which the key expires, as in {@link AccessKeyRequest}. Unless said, it stays as it was. */
  readonly expiresAt?: string;
}

/** A key, as it is shown once and never again. */
export interface NewAccessKey {
  readonly id: string;
  /** `hbs_<id>_<secret>`: what clients send as a Bearer token. */
  readonly key: string;
}

/** A new secret of a key, as it is shown once and never again. */
export interface RotatedAccessKey extends NewAccessKey {
  /** UTC, with milliseconds and Z: until then the secret before it lets in as well; left out: it does not. */
  readonly previousUntil?: string;
}

/** Who was let in, and by which secret of their key. */
export interface Admitted extends Principal {
  /** Names the secret without telling it: asked again by this, what goes on ends when that secret does. */
  readonly credential: string;
}

export interface AccessKeyInfo {
  readonly id: string;
  /** What its maker called it; left out where that was erased. */
  readonly name?: string;
  readonly scopes: readonly Scope[];
  readonly ceiling: Visibility;
  /** UTC, with milliseconds and Z, as are the other instants. */
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt?: string;
  /** When it was last given another secret. */
  readonly rotatedAt?: string;
  readonly revokedAt?: string;
  /** The beginning of the hour in which somebody last came in by it, on any node; left out: nobody did. */
  readonly lastUsedAt?: string;
}

/** What a key may do, for whoever holds it. */
export type OwnAccessKey = Pick<AccessKeyInfo, 'id' | 'scopes' | 'ceiling' | 'expiresAt'>;

/** Told of what goes on at the door. */
export interface AccessObserver {
  /** Somebody came with a key that does not let them in. */
  keyRefused(refused: RefusedKey): void;
}

export interface RefusedKey {
  /** `wrong`: it is none. `over`: it was revoked, has expired, or another is in its place. `too-many-tries`: wrong, or not looked at. */
  readonly why: 'wrong' | 'over' | 'too-many-tries';
  /** The address that it came from. */
  readonly from: string | undefined;
  /** Wrong ones that came from there within a minute, this one included. */
  readonly tries: number;
}

export interface AccessHealth {
  /** False: revocations made elsewhere may not be seen, and nobody is let in. */
  readonly following: boolean;
  /** Ids of events of keys that cannot be read; those keys are not let in. */
  readonly unreadable: readonly string[];
}

/** The keys of all nodes, followed live. */
export interface AccessDirectory {
  /**
   * Who sends this `Authorization` header. Refusal codes: `unauthenticated` for whatever is wrong with it (no telling what),
   * `too-many-tries`, `access-unavailable` while the log has not been heard for over ten seconds: what was revoked elsewhere is not
   * known then. Takes the same time for any wrong secret.
   *
   * @param from the address that it comes from: of each, so many wrong keys are taken in a minute
   */
  authenticate(authorization: string | undefined, from?: string): Result<Admitted, Refusal>;
  /**
   * Whoever was let in by this credential, as long as the secret behind it lets them in: for what goes on after a request. Refusal
   * codes: `unauthenticated`, `access-unavailable`.
   */
  admitted(credential: string): Result<Admitted, Refusal>;
  /** The principal of this id, as long as their key is in force, whatever its secret. Refusal codes as of {@link admitted}. */
  principal(id: string): Result<Principal, Refusal>;
  /** What the key of a principal may do. Refusal code: `unauthenticated`. */
  own(by: Principal): Result<OwnAccessKey, Refusal>;
  /**
   * Refusal codes: `forbidden`, `invalid-name`, `invalid-scopes`, `invalid-ceiling`, `invalid-expiry`, `outlives-its-maker`. Works
   * here at once, elsewhere within a moment.
   */
  createKey(by: Principal, request: AccessKeyRequest): Promise<Result<NewAccessKey, Refusal>>;
  /**
   * Gives a key a new secret; id, principal, scopes and ceiling stay. Of an earlier rotation whose overlap goes on, the older
   * secret ends. Refusal codes: `forbidden`, `not-found`, `key-over`, `invalid-overlap`, `invalid-expiry`, `outlives-its-maker`,
   * `last-admin-key` (it is not to expire), `conflict`.
   */
  rotateKey(by: Principal, id: string, request?: RotationRequest): Promise<Result<RotatedAccessKey, Refusal>>;
  /**
   * Refusal codes: `forbidden`, `not-found`, `last-admin-key` (those that expire do not count), `conflict`. Revoking a revoked key
   * changes nothing.
   */
  revokeKey(by: Principal, id: string): Promise<Result<AccessKeyInfo, Refusal>>;
  /** Those of the keys that are in force. */
  ceilings(): ReadonlySet<Visibility>;
  /** Has a listener told when {@link ceilings} come to be others; that a key has expired, at the next change of any key. */
  onCeilings(listener: (ceilings: ReadonlySet<Visibility>) => void): void;
  /**
   * In the order of making.
   * @throws EventStoreError when they were last used cannot be read
   */
  keys(): Promise<readonly AccessKeyInfo[]>;
  /**
   * Sees to it that there is an admin key that does not expire.
   * @param given what HABEAS_ADMIN_KEY holds: becomes an admin key, if it is none yet. Refusal codes: `weak-admin-key`
   *   (under 20 visible ASCII characters), `admin-key-taken` (it is over, or is another key)
   * @returns the key, if one had to be generated: it is shown once
   */
  ensureAdminKey(given?: string): Promise<Result<NewAccessKey | undefined, Refusal>>;
  health(): AccessHealth;
  /** Ends the following; what is to be kept is written. Idempotent. */
  close(): Promise<void>;
}

/** An answer that shows somebody what is confidential. */
export interface ConfidentialRead {
  /** The principal. */
  readonly by: string;
  /** The operation of the interface, such as `readPerson`: never an address, which may hold what was searched for. */
  readonly operation: string;
  /** The id of the request. */
  readonly request: string;
  /** Those of the subjects shown of which something is confidential. */
  readonly subjects: readonly SubjectRef[];
  /** It gives the log as it is stored, or tells whatever changes: any subject may be in it. */
  readonly everything?: true;
}

/** As it was written down. */
export interface AccessEntry extends ConfidentialRead {
  /** UTC, with milliseconds and Z. */
  readonly at: string;
  /** How many subjects were shown besides. */
  readonly more?: number;
}

export interface AccessQuery {
  /** Of a key, or of its principal: only what was shown by it. */
  readonly key?: string;
  /** The id of a subject: only answers that showed it. */
  readonly subject?: string;
  /** Instants (ISO 8601, with Z or an offset), both inclusive. */
  readonly from?: string;
  readonly to?: string;
  readonly cursor?: string;
  /** 1 to 200; 50 unless said. */
  readonly limit?: number;
}

export interface AccessPage {
  /** The latest first. */
  readonly items: readonly AccessEntry[];
  /** Left out where there is nothing older. */
  readonly next?: string;
}

/** Who was shown what is confidential, on all nodes that share the log. */
export interface AccessTrail {
  /**
   * Resolves when it is written down for good: an answer waits for that.
   * @throws EventStoreError it may not be written down
   */
  record(read: ConfidentialRead): Promise<void>;
  /**
   * One page. One that looked through many entries may hold few or none, and still name the next. Refusal codes: `invalid-limit`,
   * `invalid-cursor`, `invalid-moment`.
   * @throws EventStoreError
   */
  page(query: AccessQuery): Promise<Result<AccessPage, Refusal>>;
  /** Waits for what is being written. Idempotent. */
  close(): Promise<void>;
}
