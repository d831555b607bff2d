/** What an adapter tells whoever watches it, if it is asked to: counts and durations, never what an event says. */
import type { EventStoreErrorCode } from './errors.js';
import type { EventToAppend } from './port.js';

export interface AppendEnd {
  /** `repeated`: it was in the log before, and nothing was written. */
  readonly outcome: 'written' | 'repeated' | 'conflict' | EventStoreErrorCode;
  /** The commit that it was part of, where it came to one. */
  readonly commit?: Commit;
}

/** One flush of the disk, for as many appends as waited for it. */
export interface Commit {
  readonly appends: number;
  readonly milliseconds: number;
}

/** To be called once, when the append is settled. */
export type AppendWatch = (end: AppendEnd) => void;

/** Called in the thread that appends; must be quick, and must not throw. */
export interface EventStoreObserver {
  /** An append begins. Called in the async context of whoever asked for it. */
  appending(append: {
    readonly stream: string;
    readonly events: readonly EventToAppend[];
    readonly bytes: number;
  }): AppendWatch;
  committed(commit: Commit): void;
}
