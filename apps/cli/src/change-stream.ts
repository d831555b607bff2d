/** Status changes as they happen, for the command line: an EventSource that sends the key, as any client on Node could have it. */
import { EventSource } from 'eventsource';
import type { StatusChangeEvent } from '#feed';
import { refusedWith, RequestFailed } from './client.js';

export interface ChangeStreamOptions {
  /** Such as `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly key: string;
  /** As the query of `GET /v1/status-changes/stream`. */
  readonly query: URLSearchParams;
  readonly onChange: (change: StatusChangeEvent) => void;
  /** Everything up to some place is told otherwise since another fold; the address has all of it anew. */
  readonly onRestated?: (changes: string) => void;
}

export interface ChangeStream {
  /** Resolves when the server has let it in; rejects with RequestFailed if it does not. */
  readonly opened: Promise<void>;
  /** Rejects with RequestFailed when the server lets it in no more; a lost connection is taken up again, exactly where it was. */
  readonly failed: Promise<never>;
  close(): void;
}

const DAY_MS = 86_400_000;
/** Milliseconds until a server that is not well, or full, is asked again. */
const AGAIN_MS = 2_000;

export function followChanges({ url, key, query, onChange, onRestated }: ChangeStreamOptions): ChangeStream {
  const state: { source?: EventSource; again?: NodeJS.Timeout; wasOpen: boolean; after?: string } = { wasOpen: false };
  // While the package waits to come again it does not keep the process from ending.
  const alive = setInterval(() => undefined, DAY_MS);
  const opened = Promise.withResolvers<undefined>();
  const failed = Promise.withResolvers<never>();
  // Nobody need await them once it was closed from here.
  for (const one of [opened, failed]) one.promise.catch(() => undefined);

  const connect = (): void => {
    let refusal: RequestFailed | undefined;
    const address = new URL('/v1/status-changes/stream', url);
    address.search = query.toString();
    if (state.after !== undefined) address.searchParams.set('after', state.after);
    const source = new EventSource(address, {
      fetch: async (input, init) => {
        const response = await fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
        if (!response.ok) {
          const problem: unknown = await response
            .clone()
            .json()
            .catch(() => ({}));
          refusal = refusedWith(response.status, problem as Record<string, unknown>);
        }
        return response;
      },
    });
    state.source = source;
    source.addEventListener('open', () => {
      state.wasOpen = true;
      opened.resolve(undefined);
    });
    source.addEventListener('error', () => {
      // What was lost it takes up again by itself, and what was refused never.
      if (source.readyState !== source.CLOSED) return;
      const error = refusal ?? new RequestFailed(`No server answers at ${url}.`, 0, 'not-reached');
      if (state.wasOpen && (error.status === 429 || error.status >= 500)) {
        state.again = setTimeout(connect, AGAIN_MS);
        return;
      }
      opened.reject(error);
      failed.reject(error);
    });
    source.addEventListener('message', ({ data, lastEventId }) => {
      state.after = lastEventId;
      onChange(JSON.parse(String(data)) as StatusChangeEvent);
    });
    source.addEventListener('restated', ({ data }) => {
      onRestated?.((JSON.parse(String(data)) as { changes: string }).changes);
    });
  };
  connect();
  return {
    opened: opened.promise,
    failed: failed.promise,
    close: () => {
      clearInterval(alive);
      clearTimeout(state.again);
      state.source?.close();
    },
  };
}
