/** What a webhook is, and the events that make, steer and end one. Where its deliveries stand is no history: see progress.ts. */
import type { StoredForm } from '#log-format';
import type { ChangeFilter } from '../ports.js';

/** Where changes are sent, and whose, say something of persons and of who asks after them: all of it is sealed. */
export const WEBHOOK_REGISTERED: StoredForm = {
  type: 'WebhookRegistered',
  schemaVersion: 1,
  personal: ['/url', '/name', '/filter/person'],
};
/** Its position was put back, or forth: everything behind `after` is sent again. */
export const WEBHOOK_REWOUND: StoredForm = { type: 'WebhookRewound', schemaVersion: 1, personal: [] };
/** Dead letters are to be tried again: those of `changes`, or, where that is left out, all. */
export const DEAD_LETTERS_RELEASED: StoredForm = { type: 'WebhookDeadLettersReleased', schemaVersion: 1, personal: [] };
/**
 * Another secret signs its deliveries, known by an id of its own; until `previousUntil`, where that is there, the one before signs
 * them as well.
 */
export const WEBHOOK_SECRET_ROTATED: StoredForm = { type: 'WebhookSecretRotated', schemaVersion: 1, personal: [] };
export const WEBHOOK_DELETED: StoredForm = { type: 'WebhookDeleted', schemaVersion: 1, personal: [] };

/** Every event of `habeasWebhook-…` streams. */
export const WEBHOOK_EVENTS: readonly StoredForm[] = [
  WEBHOOK_REGISTERED,
  WEBHOOK_REWOUND,
  DEAD_LETTERS_RELEASED,
  WEBHOOK_SECRET_ROTATED,
  WEBHOOK_DELETED,
];

/** What is told of a webhook when it is registered. */
export interface WebhookRequest {
  /** As `URL` writes it. */
  readonly url: string;
  readonly name?: string;
  readonly filter: ChangeFilter;
  /** The seq behind which deliveries begin. */
  readonly after: number;
}

export interface Webhook extends WebhookRequest {
  readonly id: string;
  /** UTC, with milliseconds and Z. */
  readonly createdAt: string;
  /** The principal who registered it. */
  readonly createdBy: string;
}

/** What was asked of a webhook's deliveries, by an event of its stream. */
export type Steering =
  | { readonly kind: 'rewound'; readonly revision: number; readonly after: number }
  | { readonly kind: 'released'; readonly revision: number; readonly changes: readonly string[] | undefined };

type Data = Readonly<Record<string, unknown>>;

/**
 * The data of a registration, if it is what Habeas writes. Where sealed fields cannot be opened it is none: a filter that lacks its
 * persons would let through what nobody asked for.
 */
export function readRegistered({
  data,
  opened,
}: {
  readonly data: Data;
  readonly opened: boolean;
}): WebhookRequest | undefined {
  const { url, name, filter, after } = data;
  if (!opened || typeof url !== 'string' || !URL.canParse(url) || !isSeq(after) || !isFilter(filter)) return undefined;
  return { url, filter, after, ...(typeof name === 'string' && { name }) };
}

/** What such an event asks for; undefined: it is not what Habeas writes, or asks for nothing. */
export function readSteering(type: string, revision: number, { after, changes }: Data): Steering | undefined {
  if (type === WEBHOOK_REWOUND.type && isSeq(after)) return { kind: 'rewound', revision, after };
  if (type !== DEAD_LETTERS_RELEASED.type) return undefined;
  if (changes === undefined) return { kind: 'released', revision, changes: undefined };
  const isList = Array.isArray(changes) && changes.every((one) => typeof one === 'string');
  return isList ? { kind: 'released', revision, changes } : undefined;
}

/** A secret of a webhook, by its name in the key store. */
export interface SigningSecret {
  readonly name: string;
  /** From then on it signs nothing, in milliseconds; left out: it is the present one. */
  readonly until?: number;
}

/** Of the first secret of a webhook, or of one that was made later, by its id. */
export function secretName(webhook: string, secret?: string): string {
  return secret === undefined ? `webhook-${webhook}` : `webhook-${webhook}-${secret}`;
}

/** A webhook's secrets once another was made, the present one first; the same, where it is not what Habeas writes or was taken in before. */
export function rotated(
  webhook: string,
  secrets: readonly SigningSecret[],
  { secret, previousUntil }: Data,
  recordedAt: string,
): readonly SigningSecret[] {
  if (typeof secret !== 'string') return secrets;
  const present = secretName(webhook, secret);
  if (secrets.some(({ name }) => name === present)) return secrets;
  const at = Date.parse(recordedAt);
  const overlap = typeof previousUntil === 'string' ? Date.parse(previousUntil) : NaN;
  // Two at most sign: the last two.
  return [
    { name: present },
    ...secrets.map(({ name, until }) => ({
      name,
      until: until === undefined ? (Number.isNaN(overlap) ? at : overlap) : Math.min(until, at),
    })),
  ];
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isFilter(value: unknown): value is ChangeFilter {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (words: unknown) => Array.isArray(words) && words.every((word) => typeof word === 'string'),
    )
  );
}
