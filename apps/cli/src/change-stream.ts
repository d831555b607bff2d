/** Status changes as they happen, for the command line: an EventSource that sends the key, as any client on Node could have it. */
import { EventSource } from 'eventsource';
import type { StatusChangeEvent } from '#feed';
import { RequestFailed } from './client.js';

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

export function followChanges({ url, key, query, onChange, onRestated }: ChangeStreamOptions): ChangeStream {
  const address = new URL(`/v1/status-changes/stream?${query.toString()}`, url);
  let refusal: RequestFailed | undefined;
  const source = new EventSource(address, {
    fetch: async (input, init) => {
      const response = await fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
      if (!response.ok) {
        const problem = (await response
          .clone()
          .json()
          .catch(() => ({}))) as { detail?: string; code?: string };
        refusal = new RequestFailed(problem.detail ?? `HTTP ${response.status}`, response.status, problem.code ?? '');
      }
      return response;
    },
  });
  const opened = new Promise<void>((resolve) => {
    source.addEventListener('open', () => {
      resolve();
    });
  });
  const failed = new Promise<never>((_, reject) => {
    source.addEventListener('error', () => {
      // Else it tries again by itself.
      if (source.readyState === source.CLOSED)
        reject(refusal ?? new RequestFailed(`No server answers at ${url}.`, 0, 'not-reached'));
    });
  });
  // Nobody need await it once it was closed from here.
  failed.catch(() => undefined);
  source.addEventListener('message', ({ data }: { readonly data: string }) => {
    onChange(JSON.parse(data) as StatusChangeEvent);
  });
  source.addEventListener('restated', ({ data }: { readonly data: string }) => {
    onRestated?.((JSON.parse(data) as { changes: string }).changes);
  });
  return {
    opened: Promise.race([opened, failed]),
    failed,
    close: () => {
      source.close();
    },
  };
}
