/** The bytes of a request's body, until it is told to stop: by silence, by the end of its key, or because the server shuts down. */
import type { Readable } from 'node:stream';
import { type LastFault, StopReading } from './lines.js';

/** How often it is asked whether to stop, in milliseconds. */
const LOOK = 200;

/**
 * The body is left open where reading it stops early, so that the answers can still be sent.
 *
 * @param stop why nothing more is to be read; undefined: it is
 * @param silence how long nothing may come while it is waited for, in milliseconds
 * @throws StopReading
 */
export async function* chunksOf(
  body: Readable,
  stop: () => LastFault | undefined,
  silence: number,
): AsyncGenerator<Buffer, void, undefined> {
  const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, undefined>;
  let waitingSince: number | undefined;
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => undefined);
  const look = setInterval(() => {
    const fault = stop();
    if (fault !== undefined) stopped.reject(new StopReading(fault));
    else if (waitingSince !== undefined && performance.now() - waitingSince > silence) {
      stopped.reject(new StopReading('silence'));
    }
  }, LOOK);
  look.unref();
  try {
    for (;;) {
      waitingSince = performance.now();
      const next = await Promise.race([stopped.promise, chunks.next()]);
      waitingSince = undefined;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    clearInterval(look);
    // What else is sent is thrown away: a client that is cut off while it sends may not see what it was answered.
    void Promise.resolve(chunks.return?.()).finally(() => body.resume());
  }
}
