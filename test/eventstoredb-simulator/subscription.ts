/**
 * The server's side of a subscription to $all: first pages of the past, at the pace of the network; then live, through a
 * buffer of 32, whose overflow ends the subscription.
 */
import type { ServerWritableStream } from '@grpc/grpc-js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { SubscriptionFault } from './faults.js';
import { isBehind, type LogPosition, type Recorded, type SimulatedLog } from './log.js';
import { caughtUpMessage, checkpointMessage, confirmationMessage, eventMessage, failures } from './protocol.js';

export type ReadCall = ServerWritableStream<streams.ReadReq, streams.ReadResp>;

const PAGE = 32;
const LIVE_BUFFER = 32;

export interface SubscriptionRequest {
  /** Exclusive; undefined: from the start. */
  readonly after: LogPosition | undefined;
  readonly matches: (event: Recorded) => boolean;
  /** A checkpoint after so many events looked at; undefined without a filter. */
  readonly checkpointInterval: number | undefined;
  /** As some versions do: before it is live, a checkpoint at the place of the event that will come next. */
  readonly checkpointAhead: boolean;
}

/** Writes at the pace of the network; false once the call is over. */
export async function writeTo(call: ReadCall, message: streams.ReadResp): Promise<boolean> {
  if (call.cancelled || call.destroyed) return false;
  if (call.write(message)) return true;
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done).off('cancelled', done).off('close', done);
      resolve(!call.cancelled && !call.destroyed);
    };
    call.on('drain', done).on('cancelled', done).on('close', done);
  });
}

export class ServedSubscription {
  readonly #call: ReadCall;
  readonly #log: SimulatedLog;
  readonly #request: SubscriptionRequest;
  readonly #fault: () => SubscriptionFault;
  readonly #onDelivery: () => void;
  readonly #live: (Recorded | LogPosition)[] = [];
  #considered = 0;
  #stopListening: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #over = false;

  /** @param fault what befalls it at the next delivery; what it does to the node was done */
  constructor(
    call: ReadCall,
    log: SimulatedLog,
    request: SubscriptionRequest,
    fault: () => SubscriptionFault,
    onDelivery: () => void,
  ) {
    this.#onDelivery = onDelivery;
    this.#call = call;
    this.#log = log;
    this.#request = request;
    this.#fault = fault;
    const over = (): void => this.#stop();
    call.on('cancelled', over).on('close', over);
  }

  async run(): Promise<void> {
    await this.#write(confirmationMessage());
    let next = 0;
    const { after } = this.#request;
    if (after !== undefined) {
      next = this.#log.indexOf(after);
      const there = this.#log.all[next];
      if (there !== undefined && !isBehind(there, after)) next++;
    }
    while (!this.#over && next < this.#log.all.length) next = await this.#page(next);
    if (this.#over) return;
    // From here to the listening nothing else gets a turn: no event falls between.
    this.#stopListening = this.#log.listen((events) => this.#take(events));
    if (this.#request.checkpointAhead) await this.#write(checkpointMessage(this.#log.end));
    await this.#write(caughtUpMessage());
    await this.#pump();
  }

  async #page(from: number): Promise<number> {
    const page = this.#log.all.slice(from, from + PAGE);
    let reached: LogPosition = page[0]!;
    for (const event of page) {
      if (!this.#request.matches(event)) continue;
      reached = event;
      if (!(await this.#deliver(event))) return from;
    }
    this.#considered += page.length;
    const { checkpointInterval } = this.#request;
    const atEnd = from + page.length >= this.#log.all.length;
    if (checkpointInterval !== undefined && this.#considered >= checkpointInterval && !atEnd) {
      this.#considered %= checkpointInterval;
      await this.#write(checkpointMessage(reached));
    }
    return from + page.length;
  }

  #take(events: readonly Recorded[]): void {
    for (const event of events) {
      const { checkpointInterval } = this.#request;
      if (this.#request.matches(event)) this.#enqueue(event);
      if (checkpointInterval !== undefined && ++this.#considered >= checkpointInterval) {
        this.#considered = 0;
        this.#enqueue({ commit: event.commit, prepare: event.prepare });
      }
    }
    this.#wake?.();
  }

  #enqueue(item: Recorded | LogPosition): void {
    if (this.#over) return;
    if (this.#live.length >= LIVE_BUFFER) {
      this.#stop();
      this.#call.emit('error', failures.tooSlow());
      return;
    }
    this.#live.push(item);
  }

  async #pump(): Promise<void> {
    while (!this.#over) {
      const item = this.#live.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      } else if ('id' in item) {
        await this.#deliver(item);
      } else {
        await this.#write(checkpointMessage(item));
      }
    }
  }

  async #deliver(event: Recorded): Promise<boolean> {
    switch (this.#fault()) {
      case 'end':
        this.#stop();
        this.#call.end();
        return false;
      case 'error':
        this.#stop();
        this.#call.emit('error', failures.unknown());
        return false;
      case 'stall':
        this.#stop();
        return false;
      default:
        this.#onDelivery();
        return this.#write(eventMessage(event));
    }
  }

  async #write(message: streams.ReadResp): Promise<boolean> {
    if (!this.#over && (await writeTo(this.#call, message))) return true;
    this.#stop();
    return false;
  }

  /** Ends it as a server that shuts down properly does: without an error. */
  end(): void {
    if (this.#over) return;
    this.#stop();
    this.#call.end();
  }

  #stop(): void {
    this.#over = true;
    this.#stopListening?.();
    this.#wake?.();
  }
}
