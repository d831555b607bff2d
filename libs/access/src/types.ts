/** Who holds a key to Habeas, as the apps see it. */
import type { Principal, Scope } from '#command-handling';
import type { Refusal, Result, Visibility } from '#kernel';

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

/** A key, as it is shown once and never again. */
export interface NewAccessKey {
  readonly id: string;
  /** `hbs_<id>_<secret>`: what clients send as a Bearer token. */
  readonly key: string;
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
  readonly revokedAt?: string;
}

export interface AccessHealth {
  /** False: revocations made elsewhere may not be seen any more, and nothing is let in. */
  readonly following: boolean;
  /** Ids of events of keys that cannot be read; those keys are not let in. */
  readonly unreadable: readonly string[];
}

/** The keys of all nodes, followed live. */
export interface AccessDirectory {
  /**
   * Who sends this `Authorization` header. Refusal codes: `unauthenticated` for whatever is wrong with it (no telling
   * what), `access-unavailable` if the directory no longer follows the log. Takes the same time for any wrong secret.
   */
  authenticate(authorization: string | undefined): Result<Principal, Refusal>;
  /** The principal of this id, as long as its key lets it in: for what goes on after a request. Refusal codes as above. */
  principal(id: string): Result<Principal, Refusal>;
  /**
   * Refusal codes: `forbidden`, `invalid-name`, `invalid-scopes`, `invalid-ceiling`, `invalid-expiry`, `outlives-its-maker`. Works
   * here at once, elsewhere within a moment.
   */
  createKey(by: Principal, request: AccessKeyRequest): Promise<Result<NewAccessKey, Refusal>>;
  /**
   * Refusal codes: `forbidden`, `not-found`, `last-admin-key` (those that expire do not count). Revoking a revoked key changes
   * nothing.
   */
  revokeKey(by: Principal, id: string): Promise<Result<AccessKeyInfo, Refusal>>;
  /** Those of the keys that are in force. */
  ceilings(): ReadonlySet<Visibility>;
  /** Has a listener told each time that {@link ceilings} come to be others. */
  onCeilings(listener: (ceilings: ReadonlySet<Visibility>) => void): void;
  /** In the order of making. */
  keys(): readonly AccessKeyInfo[];
  /**
   * Sees to it that there is an admin key.
   * @param given what HABEAS_ADMIN_KEY holds: becomes an admin key, if it is none yet. Refusal codes: `weak-admin-key`
   *   (under 20 visible ASCII characters), `admin-key-taken` (revoked, or the id of another key)
   * @returns the key, if one had to be generated: it is shown once
   */
  ensureAdminKey(given?: string): Promise<Result<NewAccessKey | undefined, Refusal>>;
  health(): AccessHealth;
  close(): Promise<void>;
}
