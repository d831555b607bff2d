/** What a source is known to be, from its events: its details as corrected last, and its text. */
import { parseEdtf } from '#kernel';
import { standingOf } from '../facts/standing.js';
import { textHash } from './text-hash.js';
import { ERASURE_TYPES } from '../facts/erasure.js';
import { entriesOf, type SubjectState } from '../facts/state.js';

export interface SourceRecord {
  readonly type: string;
  readonly lang: string;
  /** Left out where it was erased. */
  readonly title?: string;
  readonly publisher?: string;
  readonly author?: string;
  /** EDTF. */
  readonly published?: string;
  readonly url?: string;
  /** The whole text as it is held; left out where none is, or where it was erased. */
  readonly text?: string;
  /**
   * What positions in the text count in. Text is only ever added behind, and what is blanked in it keeps its length, so those of
   * every version hold in every other.
   */
  readonly textVersion: number;
  readonly sha256?: string;
}

const DETAILS = ['type', 'title', 'publisher', 'author', 'published', 'url', 'lang'] as const;

const SAYS_HASH = new Set(['SourceEntered', 'SourceTextContinued', 'SourceDetailsCorrected']);

const read = new WeakMap<SubjectState, SourceRecord | undefined>();

/** Undefined: there is no such source. Asked for each citation of it, so a state is read once. */
export function sourceOf(state: SubjectState): SourceRecord | undefined {
  if (!read.has(state)) read.set(state, readSource(state));
  return read.get(state);
}

function readSource(state: SubjectState): SourceRecord | undefined {
  const { withdrawals } = standingOf(state);
  const details: Record<string, string> = {};
  const parts: string[] = [];
  let sha256: string | undefined;
  let entered = false;
  let redactions = 0;
  for (const { event, definition } of entriesOf(state)) {
    if (withdrawals.has(event.id)) continue;
    const { data } = event;
    entered ||= definition.type === 'SourceEntered';
    if (definition.type === ERASURE_TYPES.redacted) redactions++;
    if (event.type === 'SourceEntered' || event.type === 'SourceDetailsCorrected') {
      for (const name of DETAILS) if (typeof data[name] === 'string') details[name] = data[name];
    }
    if (event.type === 'SourceEntered' || event.type === 'SourceTextContinued') {
      if (typeof data.text === 'string') parts.push(data.text);
    }
    if (typeof data.sha256 === 'string' && SAYS_HASH.has(event.type)) sha256 = data.sha256;
  }
  if (!entered) return undefined;
  const { type = 'other', lang = 'und', ...rest } = details;
  const text = parts.length > 0 ? parts.join('') : undefined;
  // Of a text that is held it is computed: where words of it were blanked, what its events say is the hash of what stood there.
  const hash = text === undefined ? sha256 : textHash(text);
  return {
    type,
    lang,
    ...rest,
    ...(text !== undefined && { text }),
    textVersion: 1 + redactions,
    ...(hash !== undefined && { sha256: hash }),
  };
}

/** The latest day on which it may have been published; undefined where that is open. */
export function latestPublication(source: SourceRecord): number | undefined {
  const parsed = source.published === undefined ? undefined : parseEdtf(source.published);
  const latest = parsed?.ok === true ? parsed.value.bounds.latest : Infinity;
  return Number.isFinite(latest) ? latest : undefined;
}
