/** Webhooks and what is delivered. */
import { FAILURES, PING_EVENT_TYPE, type PingEvent, WEBHOOK_STATES } from '#feed';
import type {
  CreatedWebhook,
  DeadLetterPage,
  DeadLetterShown,
  OutcomeShown,
  PingAnswer,
  RotatedSecret,
  WebhookPage,
  WebhookShown,
} from '../webhook-routes.js';
import { type Fields, type Schema, count, id, instant, list, next, object, oneOf, ref, seq, text } from './shape.js';

/** How a delivery ended. */
const outcome: Fields<OutcomeShown> = {
  'status?': { ...count, description: 'Of the answer' },
  'error?': { ...oneOf(...FAILURES), description: 'Why there was no answer' },
};

const webhook: Fields<WebhookShown> = {
  id,
  url: { type: 'string', format: 'uri' },
  'name?': text,
  filter: ref('ChangeFilter'),
  after: { ...seq, description: 'Deliveries began behind this seq' },
  createdAt: instant,
  createdBy: { ...text, description: 'The id of the key; once that is revoked, nothing is sent' },
  state: {
    ...oneOf(...WEBHOOK_STATES),
    description:
      'failing: the last one that was tried did not arrive; down: so many did not that no new one is tried; gone: the receiver answered 410',
  },
  position: {
    ...text,
    description: 'Everything up to here was looked at; what of it did not arrive is pending, or a dead letter',
  },
  pending: { ...count, description: 'Changes that are to be tried again' },
  'nextTry?': instant,
  'failingSince?': instant,
  'last?': object<NonNullable<WebhookShown['last']>>({ at: instant, ...outcome }, 'The last try'),
  deadLetters: { ...count, description: 'Changes that were tried for days in vain' },
  deadLettersDropped: { ...count, description: 'How many older ones are not kept' },
};

export const webhookSchemas: Readonly<Record<string, Schema>> = {
  NewWebhook: object({
    url: {
      type: 'string',
      format: 'uri',
      maxLength: 2_000,
      description: 'https, save to what the operator allows inside',
    },
    'name?': { type: 'string', minLength: 1, maxLength: 200 },
    'filter?': ref('ChangeFilter'),
    'after?': { ...seq, description: 'What is behind this seq is sent; what is recorded from now on, unless said' },
  }),
  Webhook: object<WebhookShown>(webhook),
  CreatedWebhook: object<CreatedWebhook>({
    ...webhook,
    secret: { ...text, description: '`whsec_…`: what signatures are verified with (Standard Webhooks)' },
  }),
  WebhookPage: object<WebhookPage>({ items: list(ref('Webhook')), 'next?': next }),
  Replay: object({ from: { type: 'integer', minimum: 1, description: 'The first seq that is sent again' } }),
  SecretRotation: object({
    'overlapSeconds?': {
      ...count,
      minimum: 0,
      maximum: 604_800,
      description: 'For how long the secret before signs beside the new one: 0 unless said',
    },
  }),
  RotatedSecret: object<RotatedSecret>({
    id: text,
    secret: { ...text, description: '`whsec_…`: the new one' },
    'previousUntil?': { ...instant, description: 'Until then deliveries are signed by the one before as well' },
  }),
  Redelivery: object({
    'changes?': {
      ...list({ type: 'string', maxLength: 50 }),
      minItems: 1,
      maxItems: 1_000,
      description: 'Ids of changes; all dead letters, unless said',
    },
  }),
  WebhookPing: object<PingAnswer>({
    id: { ...text, description: 'The webhook-id of what was sent' },
    ...outcome,
    milliseconds: count,
  }),
  WebhookPingEvent: object<PingEvent>(
    {
      specversion: { const: '1.0' },
      type: { const: PING_EVENT_TYPE },
      source: { ...text, description: 'urn:habeas:log:<id>: the log' },
      id: text,
      subject: { ...text, description: 'webhook/<id>' },
      time: { ...instant, description: 'When it was sent' },
    },
    'A CloudEvent (1.0) in structured JSON, without data: what a ping sends',
  ),
  DeadLetterPage: object<DeadLetterPage>({
    items: list(
      object<DeadLetterShown>({
        change: { ...text, description: 'Its id' },
        seq: count,
        firstTried: instant,
        givenUp: instant,
        tries: count,
        ...outcome,
      }),
    ),
    dropped: { ...count, description: 'How many older ones are not kept; a replay sends them' },
    'next?': next,
  }),
};
