/** Webhooks as the server has them: what they are made of. */
import type { AccessDirectory } from '#access';
import { Leases, type OperationalState } from '#event-store';
import {
  type ChangeSource,
  cloudEvent,
  createHttpCourier,
  type DeliveryObserver,
  type Inside,
  openWebhooks,
  type Webhooks,
  type WebhooksOptions,
} from '#feed';
import { err, ok } from '#kernel';
import type { ViewsReader } from '#projections';
import { ticker } from './ticker.js';
import { programVersion } from './version.js';

export interface StartWebhooks extends Pick<
  WebhooksOptions,
  'store' | 'keys' | 'logId' | 'clock' | 'randomness' | 'report'
> {
  readonly state: OperationalState;
  readonly access: Pick<AccessDirectory, 'principal'>;
  readonly views: Pick<ViewsReader, 'shown'>;
  readonly source: ChangeSource;
  readonly observer: DeliveryObserver;
  readonly inside: Inside;
  /** No other node can have the log: nobody needs long to be taken for dead. */
  readonly alone: boolean;
}

/** How long deliveries wait after a kill, and a half more, where there is one node. */
const TERM_ALONE_MS = 2_000;

/** @throws EventStoreError */
export function startWebhooks(options: StartWebhooks): Promise<Webhooks> {
  const { state, randomness, access, views, inside, alone, logId } = options;
  return openWebhooks({
    ...options,
    ticker,
    leases: new Leases({ state, randomness, ...(alone && { term: TERM_ALONE_MS }) }),
    courier: createHttpCourier({ inside, userAgent: `Habeas/${programVersion()}` }),
    tell: (change) => {
      const shown = views.shown([change]);
      const [one] = shown.ok ? shown.value : [];
      if (!shown.ok) return shown;
      if (one === undefined) return err({ code: 'views-not-ready', detail: 'The views do not hold it yet.' });
      return ok(JSON.stringify(cloudEvent(change, one, logId)));
    },
    mayListen: (principal) => access.principal(principal).ok,
  });
}
