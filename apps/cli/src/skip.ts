/** `habeas skip`: has the views of a running server go on behind an event that they cannot take in. */
import type { ViewsStatus } from '../../api/src/http/views-routes.js';
import { clientOf, type Environment } from './client-of.js';

/** @throws RequestFailed `not-stopped-there`: the views stopped at another event, or not at all */
export async function skip(environment: Environment, event: string): Promise<void> {
  const { body } = await clientOf(environment).request<ViewsStatus>('/v1/views/skips', {
    method: 'POST',
    body: { event },
  });
  console.log(`Event ${event} is passed over by server ${body.server}: what it says is shown nowhere.`);
}
