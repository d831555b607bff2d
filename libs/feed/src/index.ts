/** Status changes for whoever wants to hear of them: in pages, as a stream, and sent to their address. */
export {
  CHANGE_DATA_SCHEMA,
  CHANGE_EVENT_TYPE,
  cloudEvent,
  type StatusChangeData,
  type StatusChangeEvent,
} from './cloud-event.js';
export { Feed, type FeedLimits, type FeedObserver, type FeedOptions } from './feed.js';
export { FILTER_FIELDS, FILTER_WORDS, type FilterField, matches, readFilter } from './filter.js';
export { FilterIndex } from './filter-index.js';
export { type Restated, restated } from './frames.js';
export { BEGINNING, isBehind, parsePlace, placeOf, placeText, type ReadPlace } from './place.js';
export type { ChangeFilter, ChangePage, ChangePlace, ChangeSource, FedChange } from './ports.js';
export type { Sink, Stream, StreamEnd } from './stream.js';
export { ViewsChangeSource } from './views-source.js';
export { type Inside, isInsideEntry } from './webhooks/addresses.js';
export { FAILURES, type Outcome } from './webhooks/courier.js';
export type { DeliveryObserver } from './webhooks/delivery.js';
export { createHttpCourier } from './webhooks/http-courier.js';
export { PING_EVENT_TYPE, type PingEvent } from './webhooks/ping.js';
export { type Webhook, WEBHOOK_EVENTS } from './webhooks/webhook.js';
export {
  openWebhooks,
  WEBHOOK_STATES,
  type Webhooks,
  type WebhooksOptions,
  type WebhookState,
  type WebhookStatus,
  type Told,
} from './webhooks/webhooks.js';
