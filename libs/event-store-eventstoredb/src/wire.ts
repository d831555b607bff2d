/**
 * One subscription of the client, for as long as it lasts, with its messages in their order. The client tells checkpoints
 * and having caught up at once when they come off the network, while events that came before may still lie in its buffer: acted
 * upon then, a checkpoint would stand behind events that were not delivered, and a resumption there would lose them.
 */
import {
  START,
  streamNameFilter,
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
} from '@eventstore/db-client';
import type { StoredEvent } from '#event-store';
import type { Connected } from './connection.js';
import type { LogPosition } from './position.js';
import { toStoredEvent } from './stored-form.js';

export interface WireListener {
  event(event: StoredEvent, position: LogPosition): void;
  checkpoint(position: LogPosition): void;
  caughtUp(): void;
  /** It is over, by this error or by a clean end; told once, and nothing after it. */
  over(error: unknown): void;
}

export interface WireRequest {
  /** Stands before the names of streams; not delivered with them. */
  readonly namespace: string;
  /** Exclusive. */
  readonly after: LogPosition | undefined;
  readonly prefixes: readonly string[];
  readonly requiresLeader: boolean;
}

/** For how many milliseconds it may be silent before it is over. */
export interface WirePatience {
  /** While it catches up. */
  readonly deadline: number;
  /** When it is live. */
  readonly renewAfter: number;
}

interface Notice {
  /** To be told when so many events were. */
  readonly behind: number;
  readonly tell: () => void;
}

export class Wire {
  readonly #listener: WireListener;
  readonly #subscription: AllStreamSubscription;
  readonly #patience: WirePatience;
  readonly #namespace: string;
  readonly #notices: Notice[] = [];
  #told = 0;
  #over = false;
  #live = false;
  #paused = false;
  #silence: NodeJS.Timeout | undefined;

  constructor(connected: Connected, request: WireRequest, patience: WirePatience, listener: WireListener) {
    this.#listener = listener;
    this.#patience = patience;
    this.#namespace = request.namespace;
    this.#subscription = connected.client.subscribeToAll({
      fromPosition: request.after ?? START,
      requiresLeader: request.requiresLeader,
      filter: streamNameFilter({
        prefixes: request.prefixes.map((prefix) => request.namespace + prefix),
        checkpointReached: (_subscription, position) => this.#checkpointReached(position),
      }),
    });
    this.#subscription
      .on('data', (resolved: AllStreamResolvedEvent) => this.#take(resolved))
      .on('caughtUp', () =>
        this.#notice(() => {
          this.#live = true;
          this.#stopListening();
          this.#heard();
          this.#listener.caughtUp();
        }),
      )
      .on('confirmation', () => this.#heard())
      // This listener stays when all is over: an error that nobody listens to ends the process.
      .on('error', (error: unknown) => this.#end(error))
      .on('end', () => this.#end(undefined))
      .on('close', () => this.#end(undefined));
    this.#heard();
  }

  /** Whether it has caught up: from then on the server drops it when it is not fast enough. */
  get live(): boolean {
    return this.#live;
  }

  /** Lets the server wait. Only of use while it catches up. */
  pause(): void {
    if (this.#paused || this.#over) return;
    this.#paused = true;
    this.#stopListening();
    this.#subscription.pause();
  }

  resume(): void {
    if (!this.#paused || this.#over) return;
    this.#paused = false;
    this.#subscription.resume();
    this.#heard();
  }

  /** Ends it; the listener is told nothing more, though events may still arrive. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopListening();
    // Flowing again, so that what it still holds is thrown away.
    this.#subscription.resume();
    void this.#subscription.unsubscribe().catch(() => undefined);
  }

  #take({ event }: AllStreamResolvedEvent): void {
    if (this.#over) return;
    this.#told++;
    this.#heard();
    if (event !== undefined) this.#listener.event(toStoredEvent(event, this.#namespace), event.position);
    while (!this.#isOver() && this.#notices[0] !== undefined && this.#notices[0].behind <= this.#told) {
      this.#notices.shift()?.tell();
    }
  }

  /** The client waits for what this returns, and stands still for good if it throws. */
  #checkpointReached(position: LogPosition): void {
    try {
      this.#notice(() => this.#listener.checkpoint(position));
    } catch (error) {
      this.#end(error);
    }
  }

  #notice(tell: () => void): void {
    if (this.#over) return;
    this.#heard();
    const behind = this.#told + this.#subscription.readableLength;
    if (behind <= this.#told && this.#notices.length === 0) tell();
    else this.#notices.push({ behind, tell });
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.close();
    this.#listener.over(error);
  }

  // By a call, so that what a listener does in between is seen.
  #isOver(): boolean {
    return this.#over;
  }

  /**
   * While it catches up, something comes all the time; if not, the server is gone, whatever the connection looks like. Live, silence
   * is usual; but a subscription that stands still, or of a node that was cut off from its cluster, looks the same.
   */
  #heard(): void {
    if (this.#paused || this.#over) return;
    // Called for every event: a timer that is there is only put off.
    if (this.#silence !== undefined) {
      this.#silence.refresh();
      return;
    }
    const { deadline, renewAfter } = this.#patience;
    this.#silence = setTimeout(() => this.#end(undefined), this.#live ? renewAfter : deadline);
  }

  #stopListening(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }
}
