/** `habeas rebuild`: has a running server fold its views again, and shows how far it is until they are served. */
import { setTimeout as delay } from 'node:timers/promises';
import { DONE, FAILED, INTERRUPTED } from '../../api/src/exit-codes.js';
import type { ViewsStatus } from '../../api/src/http/views-routes.js';
import { abortedBySignal } from '../../api/src/serve.js';
import type { Client } from './client.js';
import { clientOf, type Environment } from './client-of.js';
import { BUILDING } from './offline.js';
import { countText, StepMeter } from './progress.js';

const LOOK_EVERY_MS = 300;

/** @returns the exit code @throws RequestFailed */
export async function rebuild(environment: Environment): Promise<number> {
  const client = clientOf(environment);
  const { body: begun } = await client.request<ViewsStatus>('/v1/views/rebuild', { method: 'POST' });
  const signal = abortedBySignal();
  const meter = new StepMeter(BUILDING);
  let views: ViewsStatus | undefined;
  try {
    views = await untilDone(client, begun, signal, meter);
  } finally {
    meter.clear();
  }
  if (views === undefined) {
    console.error('Not waited for any more: the server goes on with it. Run it again to wait.');
    return INTERRUPTED;
  }
  const fault = faultOf(begun, views);
  if (fault !== undefined) {
    console.error(fault);
    return FAILED;
  }
  console.log(`The views are folded again: ${views.file ?? ''} is served, of ${countText(views.seq, 'event')}`);
  if (begun.file !== undefined) console.log(`  before         ${begun.file}, which is deleted`);
  return DONE;
}

/** How the views stand when nothing is built any more; undefined where the signal comes first. */
async function untilDone(
  client: Client,
  begun: ViewsStatus,
  signal: AbortSignal,
  meter: StepMeter<keyof typeof BUILDING>,
): Promise<ViewsStatus | undefined> {
  for (let views = begun; ; views = (await client.request<ViewsStatus>('/v1/views')).body) {
    const { rebuilding, poison, server } = views;
    if (rebuilding === undefined || server !== begun.server || poison?.seq === rebuilding.seq + 1) return views;
    const { step, done, of = step === 'events' ? views.head : undefined } = rebuilding;
    meter.show(step, done, of);
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
  }
}

function faultOf(begun: ViewsStatus, { server, poison, rebuilding, file }: ViewsStatus): string | undefined {
  if (server !== begun.server)
    return 'Another server answers now, or it was started again: HABEAS_URL must name one server, not several. Run it again.';
  if (rebuilding !== undefined && poison !== undefined)
    return `The views stop at event ${poison.event}; see /health/ready. What was served before is served on.`;
  // A first file takes the place of none.
  if (file === undefined || (begun.rebuilding?.reason !== 'first' && file === begun.file))
    return 'The views could not be folded again; the log of the server says why. What was served before is served on.';
  return undefined;
}
