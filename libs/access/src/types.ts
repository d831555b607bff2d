/** Who holds a key to Habeas, as the apps see it. */
import type { Principal, Scope } from '#command-handling';
import type { Refusal, Result } from '#kernel';

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
  /** UTC, with milliseconds and Z. */
  readonly createdAt: string;
  readonly createdBy: string;
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
  /** Refusal codes: `forbidden`, `invalid-name` (1 to 200 characters), `invalid-scopes` (at least one). Works here at once, elsewhere within a moment. */
  createKey(by: Principal, name: string, scopes: readonly Scope[]): Promise<Result<NewAccessKey, Refusal>>;
  /** Refusal codes: `forbidden`, `not-found`, `last-admin-key`. Revoking a revoked key changes nothing. */
  revokeKey(by: Principal, id: string): Promise<Result<AccessKeyInfo, Refusal>>;
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
