/** Time that passes, from the machine. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Ticker } from '#kernel';

export const ticker: Ticker = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) =>
    delay(milliseconds, undefined, { ref: false, ...(signal !== undefined && { signal }) }).catch(() => undefined),
};
