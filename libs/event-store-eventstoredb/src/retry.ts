/** Pauses between tries: doubled from try to try up to a limit, each drawn between half and the whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Randomness } from '#kernel';

export interface Backoff {
  /** Milliseconds. */
  readonly first: number;
  readonly most: number;
}

/** The pause before try number `attempt` (from 1: the first retry), in milliseconds. */
export function pauseBefore(attempt: number, { first, most }: Backoff, randomness: Randomness): number {
  const ceiling = Math.min(most, first * 2 ** Math.min(attempt - 1, 30));
  const share = (randomness.bytes(1)[0] ?? 0) / 255;
  return (ceiling * (1 + share)) / 2;
}

/** Waits, or returns early when the signal says so. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
