/** Sends lines to the bulk door, and again until each is answered: a lost connection or a server that restarts costs time only. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, RequestFailed } from '../client.js';
import type { CommandLine } from './read-commands.js';

/** What a line was answered. */
export interface LineAnswer {
  readonly line: number;
  readonly status: number;
  readonly id?: string;
  readonly event?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly object[];
}

/** Milliseconds before each further try; behind the last the import ends. Two minutes in all. */
const PAUSES = [500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000];

/**
 * @param answered is called once for each line, in their order
 * @throws RequestFailed the server refuses the batch as a whole, or does not answer any more
 */
export async function sendChunk(
  client: Client,
  lines: readonly CommandLine[],
  answered: (line: CommandLine, answer: LineAnswer) => void,
): Promise<void> {
  if (lines.length === 0) return;
  const body = `${lines.map(({ text }) => text).join('\n')}\n`;
  let done = 0;
  for (let attempt = 0; ; attempt++) {
    const before = done;
    let failure: RequestFailed | undefined;
    try {
      let at = 0;
      // From the first line on each time: later ones may name it. What was answered before is answered as before.
      for await (const answer of client.lines<LineAnswer>('/v1/batch', body)) {
        const line = lines[at];
        if (line === undefined || isPassing(answer)) break;
        // The line is as good as the others: nothing is recorded until there is space.
        if (answer.status === 507) throw new RequestFailed(answer.detail ?? '', 507, 'disk-full');
        if (at++ === done) {
          answered(line, answer);
          done++;
        }
      }
    } catch (error) {
      if (!(error instanceof RequestFailed) || !isPassing(error)) throw error;
      failure = error;
    }
    if (done === lines.length) return;
    if (done > before) attempt = -1;
    const pause = PAUSES[attempt + 1];
    if (pause === undefined) throw failure ?? new RequestFailed('The server does not record any more.', 503, 'gave-up');
    await sleep(pause);
  }
}

/** Not the line's fault, and over in a while: not reached, or 503. */
function isPassing({ status }: { readonly status: number }): boolean {
  return status === 0 || status === 503;
}
