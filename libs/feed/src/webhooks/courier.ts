/** The port through which deliveries leave, and what becomes of one. */

/** What goes out in one request. */
export interface Parcel {
  /** Checked when the webhook was registered; its address is checked again at each connection. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why no answer came. Stable; shown to whoever looks after the webhook. */
export const FAILURES = [
  /** The host leads to an address inside, which the server does not call; nothing was sent. */
  'address-refused',
  /** http, and the host leads to an address outside; nothing was sent. */
  'not-encrypted',
  'host-not-found',
  'connection-refused',
  'connection-lost',
  'tls-failed',
  /** No connection, or no answer, in the time that there is. */
  'timed-out',
  /** The webhook's secret is not in the key store; nothing was sent. */
  'secret-lost',
  'failed',
] as const;
export type Failure = (typeof FAILURES)[number];

/** What the last try came to: the status of an answer, or why there was none. */
export type Outcome = { readonly status: number } | { readonly error: Failure };

export interface Delivered {
  readonly outcome: Outcome;
  /** How long the receiver asks to be left alone, in milliseconds. */
  readonly retryAfter?: number;
}

export interface Courier {
  /**
   * Sends one request and waits for its answer, each for a bounded time. Never follows a redirect.
   * @returns undefined: the signal ended it, and whether it arrived is not known
   */
  send(parcel: Parcel, signal: AbortSignal): Promise<Delivered | undefined>;
  /** Lets go of connections that are kept. */
  close(): void;
}

export function isDelivered(outcome: Outcome): boolean {
  return 'status' in outcome && outcome.status >= 200 && outcome.status < 300;
}

/** The receiver wants nothing more (RFC 9110, 15.5.11). */
export function isGone(outcome: Outcome): boolean {
  return 'status' in outcome && outcome.status === 410;
}
