/** What a command is, and what comes of it. */
import type { Category } from '#domain';
import type { Refusal, Result } from '#kernel';
import type { Visibility } from '#kernel';
import type { AppendedEvent } from '#log-format';
import type { Principal } from './principal.js';

/** One event that somebody wants to record. */
export interface Command {
  /** An event of the catalogue, by its type. */
  readonly type: string;
  /** Category and id of the subject. Without an id a new subject is made (only by events whose role is `entry`). */
  readonly category: string;
  readonly id?: string;
  /** The request's body, as parsed JSON. */
  readonly data: unknown;
  /** The client's Idempotency-Key, 1 to 255 visible ASCII characters; one is made where there is none. */
  readonly idempotencyKey?: string;
  /** If-Match: told the revision of the last event that the principal may see (-1: none), says whether the client has seen it. */
  readonly ifMatch?: (revision: number) => boolean;
  /** Left out: the default of the office, or `internal` for what is never public unless somebody says so. */
  readonly visibility?: Visibility;
  readonly correlationId?: string;
  readonly causationId?: string;
}

/** What was recorded, built from the stored events: a repeated command gets the same answer. */
export interface Accepted {
  readonly category: Category;
  /** The subject's id. */
  readonly subject: string;
  readonly stream: string;
  /** Of the last of the command's events. */
  readonly revision: number;
  /** Of the last event of the stream, up to that one, that whoever recorded it may see; -1: there is none. */
  readonly seen: number;
  /** Who may see the first event by everything that is known: its subject, what it names. As far as they may know that. */
  readonly effective: Visibility;
  /** In stream order, at least one, opened. */
  readonly events: readonly AppendedEvent[];
  /** The command had been recorded before; nothing was written now. */
  readonly repeated: boolean;
}

/** Is told how commands are carried out. Must be quick, and must not throw by itself. */
export interface CommandObserver {
  /** Runs a step of a command, and gives what it gives. */
  step<T>(name: 'load' | 'decide' | 'append', work: () => Promise<T>): Promise<T>;
  /** A decision was overtaken by another append, and is made anew. */
  retried(): void;
}

export interface CommandHandler {
  /**
   * Records what the command asks for, durably, exactly once.
   *
   * Refusals, besides the domain's own: `forbidden` (scope), `unknown-event`, `not-found` (the subject), `not-canonical`
   * (JSON that cannot be stored: decimals, lone surrogates …), `invalid-idempotency-key`, `idempotency-key-reused`, `precondition-failed` (If-Match),
   * `conflict` (others keep recording on the subject: try again), `payload-too-large`, `erased` (the person was, or what is asked for
   * again was recorded and its words were). Nothing was written.
   *
   * @throws OutcomeUnknownError whether it was recorded could not be found out: the same command with the same key,
   *   sent again, will
   * @throws EventStoreError the log is not available; nothing was written
   * @throws IntegrityError, UndecodableEventError the stream is damaged; nothing was written
   */
  execute(command: Command, principal: Principal): Promise<Result<Accepted, readonly Refusal[]>>;
}
