/** Waiting for what is to come of itself. */
import { setTimeout as delay } from 'node:timers/promises';

/** Looks again and again for so many milliseconds. @throws if it did not come to be so */
export async function until(what: () => boolean | Promise<boolean>, milliseconds = 10_000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await what())) {
    if (performance.now() > end) throw new Error('It did not come to be so.');
    await delay(20);
  }
}
