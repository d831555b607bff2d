/**
 * The texts in the sealed fields of a subject's events, where words stand in them, and what is left when they are blanked.
 *
 * A long text of a source goes on from event to event: it is looked through as the one text that it is, so that a name which is cut
 * in two by that is found as well.
 */
import { ERASURE_TYPES } from '#domain';
import type { SealedEvent } from '#command-handling';
import { err, type Json, jsonPointer, ok, refusal, type Refusal, type Result } from '#kernel';
import type { PersonalFields } from '#log-format';
import { blanked, FILLER, joinedRanges, type Range, type WordFinder } from './words.js';

/** Words of a text, in code points: from `start` up to, not including, `end`. */
export interface Span {
  /** The event that holds it. */
  readonly event: string;
  /** JSON pointer into the event's data as stored. */
  readonly pointer: string;
  readonly start: number;
  readonly end: number;
}

interface HeldText {
  readonly event: string;
  readonly pointer: string;
  readonly text: string;
}

/** Ranges of texts, by event and then by JSON pointer. */
export type Places = ReadonlyMap<string, ReadonlyMap<string, readonly Range[]>>;

/** Where words stand in the sealed fields of a subject's events, which come in the order of its stream. */
export function placesOf(events: readonly SealedEvent[], finder: WordFinder): Places {
  let places: Places = new Map();
  // Where one name is blanked, another that was written on to it stands by itself.
  for (;;) {
    const more = onceThrough(events, places, finder);
    if (more.size === 0) return places;
    places = together(places, more);
  }
}

/** @param known is passed over */
function onceThrough(events: readonly SealedEvent[], known: Places, finder: WordFinder): Places {
  const places = new PlacesBuilder();
  const masked = ({ event, pointer, text }: HeldText): string => maskedIn(text, known.get(event)?.get(pointer) ?? []);
  for (const held of textsOf(events)) places.add(held.event, held.pointer, finder.find(masked(held)));
  const parts = events.flatMap((event) => sourceText(event) ?? []);
  if (parts.length > 1) {
    let from = 0;
    const whole = finder.find(parts.map(masked).join(''));
    for (const { event, pointer, text } of parts) {
      const to = from + text.length;
      const within = whole.filter(({ start, end }) => from < to && start < to && end > from);
      const own = within.map(({ start, end }) => ({
        start: Math.max(start, from) - from,
        end: Math.min(end, to) - from,
      }));
      places.add(event, pointer, own);
      from = to;
    }
  }
  return places.built();
}

/** Of the same length in UTF-16 units. */
function maskedIn(text: string, ranges: readonly Range[]): string {
  return ranges.reduce(
    (masked, { start, end }) => masked.slice(0, start) + FILLER.repeat(end - start) + masked.slice(end),
    text,
  );
}

/** All of the texts. */
export function everythingIn(events: readonly SealedEvent[]): Places {
  const places = new PlacesBuilder();
  for (const { event, pointer, text } of textsOf(events)) places.add(event, pointer, [{ start: 0, end: text.length }]);
  return places.built();
}

/** Places that somebody names. Refusal code: `invalid-span`. */
export function namedPlaces(events: readonly SealedEvent[], spans: readonly Span[]): Result<Places, Refusal> {
  const texts = textsOf(events);
  const places = new PlacesBuilder();
  for (const [index, { event, pointer, start, end }] of spans.entries()) {
    const held = texts.find((one) => one.event === event && one.pointer === pointer);
    const points = Array.from(held?.text ?? '');
    const isWithin =
      Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= points.length;
    if (!isWithin) {
      const detail = 'A span names an event of the subject, a sealed text of it, and code points within that text.';
      return err(refusal('invalid-span', detail, `/spans/${index}`));
    }
    const from = points.slice(0, start).join('').length;
    places.add(event, pointer, [{ start: from, end: from + points.slice(start, end).join('').length }]);
  }
  return ok(places.built());
}

/** Several of the same subject. */
export function together(...several: readonly Places[]): Places {
  const places = new PlacesBuilder();
  for (const each of several)
    for (const [event, pointers] of each) for (const [pointer, ranges] of pointers) places.add(event, pointer, ranges);
  return places.built();
}

/** What is left of the fields of those events in which something is to be blanked. */
export function blankedFields(events: readonly SealedEvent[], places: Places): ReadonlyMap<string, PersonalFields> {
  const left = new Map<string, PersonalFields>();
  const isTextBlanked = events.some((event) => {
    const part = sourceText(event);
    return part !== undefined && (places.get(event.id)?.get(part.pointer)?.length ?? 0) > 0;
  });
  for (const { id, fields } of events) {
    const ranges = places.get(id);
    // By the hash of a text as it was, and by what is left of it, whoever guesses the words could check the guess.
    const isHash = (pointer: string): boolean => isTextBlanked && pointer === HASH;
    if (ranges === undefined && !Object.keys(fields).some(isHash)) continue;
    const kept = Object.entries(fields).filter(([pointer]) => !isHash(pointer));
    left.set(id, Object.fromEntries(kept.map(([pointer, value]) => [pointer, blankedIn(value, pointer, ranges)])));
  }
  return left;
}

/** A place as it is shown, with a little of the text around it. */
export interface ShownSpan extends Span {
  readonly words: string;
  readonly before: string;
  readonly after: string;
}

/** Code points that are shown on either side. */
const AROUND = 60;

export function shownSpans(events: readonly SealedEvent[], places: Places, most: number): readonly ShownSpan[] {
  const shown: ShownSpan[] = [];
  for (const { event, pointer, text } of textsOf(events)) {
    for (const { start, end } of places.get(event)?.get(pointer) ?? []) {
      if (shown.length === most) return shown;
      const [before, words] = [Array.from(text.slice(0, start)), Array.from(text.slice(start, end))];
      shown.push({
        event,
        pointer,
        start: before.length,
        end: before.length + words.length,
        words: words.join(''),
        before: before.slice(-AROUND).join(''),
        after: Array.from(text.slice(end, end + 2 * AROUND))
          .slice(0, AROUND)
          .join(''),
      });
    }
  }
  return shown;
}

export function countOf(places: Places): number {
  let count = 0;
  for (const pointers of places.values()) for (const ranges of pointers.values()) count += ranges.length;
  return count;
}

const HASH = '/sha256';
const SOURCE_TEXTS: ReadonlySet<string> = new Set(['SourceEntered', 'SourceTextContinued']);

function sourceText({ id, type, fields }: SealedEvent): HeldText | undefined {
  const text = SOURCE_TEXTS.has(type) ? fields['/text'] : undefined;
  return typeof text === 'string' ? { event: id, pointer: '/text', text } : undefined;
}

/** What was told again is looked for where it belongs. */
function textsOf(events: readonly SealedEvent[]): readonly HeldText[] {
  const found: HeldText[] = [];
  for (const { id, type, fields } of events) {
    if (type === ERASURE_TYPES.retold) continue;
    for (const [pointer, value] of Object.entries(fields))
      if (pointer !== HASH) eachText(value, pointer, (text, at) => found.push({ event: id, pointer: at, text }));
  }
  return found;
}

function eachText(value: Json, pointer: string, take: (text: string, pointer: string) => void): void {
  if (typeof value === 'string') take(value, pointer);
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) eachText(inner, pointer + jsonPointer([name]), take);
}

function blankedIn(value: Json, pointer: string, ranges: ReadonlyMap<string, readonly Range[]> | undefined): Json {
  if (typeof value === 'string') return blanked(value, ranges?.get(pointer) ?? []);
  if (typeof value !== 'object' || value === null) return value;
  const inner = (name: string | number, each: Json): Json => blankedIn(each, pointer + jsonPointer([name]), ranges);
  if (Array.isArray(value)) return value.map((each: Json, index) => inner(index, each));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inner(name, each)]));
}

class PlacesBuilder {
  readonly #places = new Map<string, Map<string, readonly Range[]>>();

  add(event: string, pointer: string, ranges: readonly Range[]): void {
    if (ranges.length === 0) return;
    const pointers = this.#places.get(event) ?? new Map<string, readonly Range[]>();
    this.#places.set(event, pointers);
    pointers.set(pointer, joinedRanges([...(pointers.get(pointer) ?? []), ...ranges]));
  }

  built(): Places {
    return this.#places;
  }
}
