/**
 * The end of the demo: a change is heard of as it happens. Nobody reported that the Front has filed, so what is recorded to
 * show it says in its own source that it is made up, and is taken back at once; the record then says what it said before.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { StatusChangeEvent } from '#feed';
import { followChanges } from '../change-stream.js';
import { changeLines } from '../change-text.js';
import type { Client } from '../client.js';
import { RequestFailed } from '../client.js';

const MADE_UP =
  'Made up to show how a change is heard of; nobody reported it. Suppose that the Front filed for registration today.';

/** How long a change may take to arrive, in milliseconds. */
const PATIENCE = 10_000;

/**
 * @param group the id of the Front
 * @throws RequestFailed
 */
export async function showLiveChange(client: Client, group: string): Promise<void> {
  const source = await record(
    client,
    '/v1/sources',
    {
      type: 'other',
      title: 'A demonstration of Habeas',
      lang: 'en',
      text: MADE_UP,
    },
    'demo-live-source',
  );
  const heard = new Heard();
  const query = new URLSearchParams({ group, axis: 'registration' });
  const stream = followChanges({ url: client.url, key: client.key, query, onChange: heard.take });
  try {
    await stream.opened;
    console.log(`\nListening: ${client.url}/v1/status-changes/stream?${query.toString()}`);
    console.log('Recording, made up for this demonstration: the Front files for registration.');
    const filed = await heard.during(() =>
      record(client, `/v1/groups/${group}/registration-submissions`, {
        occurred: new Date().toISOString().slice(0, 10),
        authority: { name: 'Ministry of Interior' },
        basis: 'inferred',
        confidence: 'low',
        citations: [{ sourceId: source.id, quote: { exact: 'Suppose that the Front filed for registration today.' } }],
      }),
    );
    console.log('Taking it back.');
    await heard.during(() =>
      record(client, `/v1/groups/${group}/retractions`, { fact: filed.event, reason: 'made up for a demonstration' }),
    );
  } finally {
    stream.close();
  }
}

interface Recorded {
  readonly id: string;
  readonly event: string;
}

async function record(client: Client, path: string, body: object, key: string = randomUUID()): Promise<Recorded> {
  return (await client.request<Recorded>(path, { method: 'POST', body, headers: { 'idempotency-key': key } })).body;
}

/** What came over the stream, and when. */
class Heard {
  private readonly arrived = new Map<string, { readonly change: StatusChangeEvent; readonly at: number }>();

  readonly take = (change: StatusChangeEvent): void => {
    const { event } = change.data.cause;
    if (event !== undefined) this.arrived.set(event, { change, at: performance.now() });
  };

  /** Shows what an act caused, with the time from its answer to the arrival. */
  async during(act: () => Promise<Recorded>): Promise<Recorded> {
    const recorded = await act();
    const answered = performance.now();
    for (;;) {
      const found = this.arrived.get(recorded.event);
      if (found !== undefined) {
        const took = Math.max(0, found.at - answered);
        console.log(
          changeLines(found.change)
            .map((line) => `  ${line}`)
            .join('\n'),
        );
        console.log(`  heard ${took.toFixed(1)} ms after the answer to who recorded it`);
        return recorded;
      }
      if (performance.now() - answered > PATIENCE)
        throw new RequestFailed('The change was recorded and did not arrive.', 0, 'not-heard');
      await delay(1);
    }
  }
}
