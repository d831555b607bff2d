/** Status changes for whoever wants to hear of them: in pages, as a stream, and sent to their address. */
export { type Outcome } from './webhooks/courier.js';
export { WEBHOOK_EVENTS } from './webhooks/webhook.js';
export type { ChangeFilter, ChangePage, ChangePlace, ChangeSource, FedChange } from './ports.js';
