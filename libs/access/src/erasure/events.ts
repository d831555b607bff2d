/**
 * The events of an erasure, as its stream `habeasErasure-…` holds them: one erasure a person. The words that are looked for and the
 * reasons are sealed by a key of the stream's own, which is destroyed when nobody needs them any more; the rest is ids and numbers.
 */
import { type Category, CATEGORIES } from '#domain';
import { derivedId, isId } from '#kernel';
import type { StoredForm } from '#log-format';

/** Somebody wishes to be forgotten. `words`: how they are called, gathered before their own key goes, to look for elsewhere. */
export const ERASURE_ASKED: StoredForm = {
  type: 'ErasureAsked',
  schemaVersion: 1,
  personal: ['/reason', '/words'],
};
/** A stream says by its own event that these keys are to be destroyed. Every node destroys and forgets them. */
export const KEYS_CONDEMNED: StoredForm = { type: 'KeysCondemned', schemaVersion: 1, personal: [] };
/** Subjects that tell of the person, for a reviewer. `complete`: with these, everything was looked through. */
export const MENTIONS_LISTED: StoredForm = { type: 'MentionsListed', schemaVersion: 1, personal: [] };
/** What is left there tells of somebody else, or may stay. */
export const MENTION_KEPT: StoredForm = { type: 'MentionKept', schemaVersion: 1, personal: ['/reason'] };
/** A node has forgotten all that was condemned up to a revision of this stream. */
export const NODE_FORGOT: StoredForm = { type: 'NodeForgot', schemaVersion: 1, personal: [] };
/** It is done; says what was erased, and what was out of reach. */
export const ERASURE_CERTIFIED: StoredForm = { type: 'ErasureCertified', schemaVersion: 1, personal: [] };

/** Every event of `habeasErasure-…` streams. */
export const ERASURE_EVENTS: readonly StoredForm[] = [
  ERASURE_ASKED,
  KEYS_CONDEMNED,
  MENTIONS_LISTED,
  MENTION_KEPT,
  NODE_FORGOT,
  ERASURE_CERTIFIED,
];

/** The category of their streams. */
export const ERASURE_CATEGORY = 'erasure';

/** The erasure of a person: there is one, whoever asks for it and however often. */
export function erasureOf(person: string): string {
  return derivedId('habeas erasure', person, 0);
}

export interface ErasureAsked {
  readonly person: string;
  readonly reason?: string;
  readonly words?: readonly string[];
}

export interface KeysCondemned {
  /** Whose keys they are, and the revision of its event that says so. */
  readonly stream: string;
  readonly revision: number;
  /** Ids of keys. */
  readonly keys: readonly string[];
}

/**
 * Why a subject is listed: it holds the words; it names the person by id; it holds the words in the clear, where nothing can be
 * destroyed; it cites a source that holds the words.
 */
export type MentionReason = 'words' | 'names' | 'clear' | 'cites';

export interface Mention {
  readonly kind: Category;
  readonly id: string;
  readonly because: MentionReason;
  /** Words stand in the clear there, perhaps beside others. */
  readonly clear?: true;
}

export interface MentionsListed {
  readonly mentions: readonly Mention[];
  readonly complete: boolean;
}

/** Ids and numbers alone, so that it can be shown to anybody who asks what was done. */
export interface ErasureCertificate {
  /** What was destroyed. */
  readonly erased: { readonly keys: number; readonly streams: number };
  /** How many subjects a reviewer redacted, and left as they are. */
  readonly mentions: { readonly listed: number; readonly redacted: number; readonly kept: number };
  /** Those that reported. */
  readonly nodes: readonly string[];
  readonly outOfReach: OutOfReach;
}

export interface OutOfReach {
  /** Nodes that were known, and had not reported. What they hold they forget before they serve again. */
  readonly nodes: readonly string[];
  /** What was handed out of what the record holds, as far as it was written down. */
  readonly handedOut: readonly HandedOut[];
  /** Subjects that hold the words in fields which were never sealed, such as the publisher of a source. */
  readonly inTheClear: number;
  /** Handing out is written down for so many days; of what was before nothing is known. */
  readonly trailDays: number;
  /** Webhooks that were registered then: what their filters let through was sent to others. */
  readonly webhooks: number;
  /** Kinds of copies that no node can reach, such as `backups`. */
  readonly copies: readonly string[];
}

export interface HandedOut {
  /** The operation of the interface, such as `exportBundle`. */
  readonly operation: string;
  readonly times: number;
  /** UTC, with milliseconds and Z: the first and the last that was written down. */
  readonly from: string;
  readonly to: string;
}

type Data = Readonly<Record<string, unknown>>;

/** The event's data, if it is what Habeas writes; so do the next. */
export function readAsked({ person, reason, words }: Data): ErasureAsked | undefined {
  if (!isId(person)) return undefined;
  return {
    person,
    ...(typeof reason === 'string' && { reason }),
    ...(Array.isArray(words) && { words: words.map(String) }),
  };
}

export function readCondemned({ stream, revision, keys }: Data): KeysCondemned | undefined {
  if (typeof stream !== 'string' || !isRevision(revision) || !isTexts(keys)) return undefined;
  return { stream, revision, keys };
}

export function readListed({ mentions, complete }: Data): MentionsListed | undefined {
  if (!Array.isArray(mentions) || typeof complete !== 'boolean') return undefined;
  return { mentions: mentions.filter(isMention), complete };
}

export function readKept({
  kind,
  id,
  reason,
}: Data): { readonly kind: Category; readonly id: string; readonly reason?: string } | undefined {
  if (!isCategory(kind) || !isId(id)) return undefined;
  return { kind, id, ...(typeof reason === 'string' && { reason }) };
}

export function readForgot({ node, upTo }: Data): { readonly node: string; readonly upTo: number } | undefined {
  return typeof node === 'string' && isRevision(upTo) ? { node, upTo } : undefined;
}

function isCategory(value: unknown): value is Category {
  return CATEGORIES.includes(value as Category);
}

function isMention(value: unknown): value is Mention {
  const { kind, id, because } = (value ?? {}) as Partial<Record<keyof Mention, unknown>>;
  return isCategory(kind) && isId(id) && ['words', 'names', 'clear', 'cites'].includes(String(because));
}

function isRevision(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
