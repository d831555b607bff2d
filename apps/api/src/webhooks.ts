/** Webhooks as the server has them: what they are made of. */
import type { AccessDirectory } from '#access';
import { Leases, type OperationalState } from '#event-store';
import {
  cloudEvent,
  createHttpCourier,
  type DeliveryObserver,
  type Inside,
  openWebhooks,
  type Told,
  type Webhooks,
  type WebhooksOptions,
} from '#feed';
import { err, ok } from '#kernel';
import type { ViewsReader } from '#projections';
import type { Level, Levels } from './levels.js';
import { ticker } from './ticker.js';
import { programVersion } from './version.js';

export interface StartWebhooks extends Pick<
  WebhooksOptions,
  'store' | 'keys' | 'logId' | 'clock' | 'randomness' | 'report'
> {
  readonly state: OperationalState;
  readonly access: Pick<AccessDirectory, 'principal'>;
  readonly levels: Levels;
  readonly observer: DeliveryObserver;
  readonly inside: Inside;
  /** No other node can have the log: nobody needs long to be taken for dead. */
  readonly alone: boolean;
}

/** How long deliveries wait after a kill, and a half more, where there is one node. */
const TERM_ALONE_MS = 2_000;

/** @throws EventStoreError */
export function startWebhooks(options: StartWebhooks): Promise<Webhooks> {
  const { state, randomness, access, levels, inside, alone, logId } = options;
  const made = new Map<Level, Told>();
  const told = (level: Level): Told => {
    let found = made.get(level);
    if (found === undefined) made.set(level, (found = { source: level.changes, tell: telling(level.views, logId) }));
    return found;
  };
  return openWebhooks({
    ...options,
    fold: levels.fold,
    ticker,
    leases: new Leases({ state, randomness, ...(alone && { term: TERM_ALONE_MS }) }),
    courier: createHttpCourier({ inside, userAgent: `Habeas/${programVersion()}` }),
    toldTo: (by) => {
      const principal = access.principal(by);
      return principal.ok ? told(levels.of(principal.value.ceiling)) : undefined;
    },
    mayListen: (principal) => access.principal(principal).ok,
  });
}

function telling(views: Pick<ViewsReader, 'shown'>, logId: string): Told['tell'] {
  return (change) => {
    const shown = views.shown([change]);
    const [one] = shown.ok ? shown.value : [];
    if (!shown.ok) return shown;
    if (one === undefined) return err({ code: 'views-not-ready', detail: 'The views do not hold it yet.' });
    return ok(JSON.stringify(cloudEvent(change, one, logId)));
  };
}
