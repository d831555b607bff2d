/**
 * What of the evidence a bundle holds that is made for a ceiling. The views of that ceiling have chosen events that may be seen; but an
 * event is given as it is stored, and may name what its readers are not to know of: the fact that came before it, the person whom it was
 * moved from, what it was caused by. Such an event is withheld as a whole, for any part of it would not prove anything.
 */
import { ERASURE_TYPES } from '#domain';
import { ok, type Refusal, type Result, type Visibility } from '#kernel';
import type { Retold } from '#log-format';
import type { RawEvent } from '../raw-event.js';

export interface UpTo {
  readonly ceiling: Visibility;
  /** Those among these ids that are of events or subjects above it. Refusal codes: those of the views. */
  readonly hidden: (ids: Iterable<string>) => Result<ReadonlySet<string>, Refusal>;
  /** What was told again of a stream's events. */
  readonly retold: (stream: string) => Promise<Retold>;
}

export interface Shown {
  readonly shown: readonly RawEvent[];
  readonly withheld: readonly RawEvent[];
}

/** Everything, where there is no ceiling. */
export function shownOf(events: readonly RawEvent[], upTo: UpTo | undefined): Result<Shown, Refusal> {
  if (upTo === undefined) return ok({ shown: events, withheld: [] });
  // One that tells again opens what others hold, whatever level it has itself.
  const candidates = events.filter(({ type }) => type !== ERASURE_TYPES.retold);
  const hidden = upTo.hidden(candidates.flatMap(idsIn));
  if (!hidden.ok) return hidden;
  const names = (event: RawEvent): boolean => idsIn(event).some((id) => hidden.value.has(id));
  return ok({ shown: candidates.filter((event) => !names(event)), withheld: candidates.filter(names) });
}

const ID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g;

/** Wherever they stand in what is stored, so that nothing depends on knowing all fields that may name something. */
function idsIn({ data, metadata }: RawEvent): readonly string[] {
  return [...(data.match(ID) ?? []), ...(metadata.match(ID) ?? [])];
}

/** The revisions of events of one stream, in order, before which something is not there. */
export function gapsIn(events: readonly RawEvent[]): readonly number[] {
  return events.flatMap(({ revision }, at) => (revision === (events[at - 1]?.revision ?? -1) + 1 ? [] : [revision]));
}
