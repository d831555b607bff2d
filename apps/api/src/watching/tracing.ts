/** What the server asks of traces; opentelemetry.ts does it, and is loaded only where traces are switched on. */
import type { AppendWatch, EventStoreObserver } from '#event-store';

export type Attributes = Readonly<Record<string, string | number>>;

/** A request's part of its trace. */
export interface RequestSpan {
  /** Runs something so that whatever is traced in it becomes part of the request. */
  run(work: () => void): void;
  end(name: string, status: number, attributes: Attributes): void;
}

/** Events that the views took in together, as their thread tells. */
export interface AppliedEvents {
  readonly events: readonly { readonly id: string; readonly correlationId: string }[];
  /** In milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export interface Tracing {
  /**
   * The id of a request: the id of its trace, written as a UUID. It is stored with every event that the request records
   * (`correlationId`), so that whoever knows an event finds its trace.
   * @param traceparent the header by which the client says which trace the request belongs to
   */
  requestId(traceparent: string | undefined): string;
  request(id: string, traceparent: string | undefined): RequestSpan;
  /** A step of what is being done; gives what the work gives. `told` says more of it in the end. */
  step<T>(name: string, work: () => Promise<T>, told?: (result: T) => Attributes): Promise<T>;
  appending(append: Parameters<EventStoreObserver['appending']>[0]): AppendWatch;
  applied(applied: AppliedEvents): void;
  /** Sends what is not sent yet, but does not wait for ever. */
  close(): Promise<void>;
}
