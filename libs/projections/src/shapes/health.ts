/** How the views are, and what their writer tells its readers. */
import type { Position } from '#event-store';
import type { StatusChange } from './changes.js';

/** An event that the views cannot take in. Names the event and holds nothing of what it says. */
export interface PoisonEvent {
  readonly event: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** The seq that it has. */
  readonly seq: number;
  readonly reason: 'undecodable' | 'unknown-type' | 'out-of-order' | 'handler-failed';
}

/** Events are taken in; then documents are made, then texts findable. */
export type BuildStep = 'events' | 'documents' | 'search';

export interface BuildProgress {
  /** Everything up to this event is taken in. */
  readonly seq: number;
  readonly step: BuildStep;
  readonly done: number;
  /** Left out where it is not known: of events, unless the moment is a seq. */
  readonly of?: number;
}

export interface ViewsHealth {
  /** `starting`: no file can be read yet. `stopped`: a poison event; what came before it is served. `failed`: the log or the disk; tried again. */
  readonly state: 'starting' | 'catching-up' | 'live' | 'stopped' | 'failed' | 'closed';
  readonly seq: number;
  /** The name of the file that is served. */
  readonly file?: string;
  /** Of the event at `seq` in the log, for whoever has the log at hand. */
  readonly position?: Position;
  /** The known time at `seq`. */
  readonly knownAt?: string;
  /** 0 when live; else the milliseconds from the known time at `seq` to now: how old the served record is at most. */
  readonly lagMilliseconds: number;
  readonly poison?: PoisonEvent;
  /** A new file is being built beside the served one. */
  readonly rebuilding?: BuildProgress & { readonly reason: RebuildReason };
  /** Code of the last failure, such as `disk-full`. */
  readonly failure?: string;
}

export type RebuildReason = 'first' | 'fold-version' | 'four-eyes' | 'damaged' | 'log-changed' | 'asked';

/** What the writer of the views tells its readers; plain data, fit for postMessage. */
export type ViewsMessage =
  | { readonly kind: 'health'; readonly health: ViewsHealth }
  /** Committed up to `seq`. `changes`: the status changes since the last such message, when live. */
  | { readonly kind: 'advanced'; readonly seq: number; readonly changes: readonly StatusChange[] }
  /** Readers must open this file from now on. */
  | { readonly kind: 'swapped'; readonly file: string; readonly reason: RebuildReason }
  /** What was served is wrong (another log, a broken file): nothing is to be read until the next `swapped`. */
  | { readonly kind: 'withdrawn'; readonly reason: RebuildReason }
  /** The views could not put a file in place or away. They go on with the one that they have. */
  | { readonly kind: 'failed'; readonly code: string };
