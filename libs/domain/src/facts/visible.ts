/** Parts of a subject, for whoever judges what of it somebody may see. */
import type { DomainEvent } from './event.js';
import { aboutOf } from './levels.js';
import { type Entry, entriesOf, evolve, initial, isLatest, type SubjectState } from './state.js';

/** What was read of the entries that the states of one subject share: of its first so many. */
interface Reading {
  size: number;
  readonly ids: Set<string>;
  readonly events: DomainEvent[];
}

const readings = new WeakMap<readonly Entry[], Reading>();

/**
 * The events that decide who may see the subject at all: what it was entered with, first, and every act on it. Costs what was
 * recorded since it was asked last.
 */
export function entering(state: SubjectState): readonly DomainEvent[] {
  const entries = entriesOf(state);
  const known = isLatest(state) ? readings.get(entries) : undefined;
  const reading = known ?? { size: 0, ids: new Set(), events: [] };
  for (const { event, definition, foreign } of entries.slice(reading.size)) {
    if (foreign || !(definition.role === 'entry' || isAbout(event, reading.ids, true))) continue;
    reading.ids.add(event.id);
    reading.events.push(event);
  }
  reading.size = entries.length;
  if (known === undefined && isLatest(state)) readings.set(entries, reading);
  return [...reading.events];
}

/**
 * The events of these ids, and all whose levels may decide theirs: what they are about, every act on any of them, and what the
 * subject was entered with.
 */
export function relatedTo(state: SubjectState, ids: readonly string[]): readonly DomainEvent[] {
  const own = entriesOf(state).flatMap(({ event, foreign }) => (foreign ? [] : [event]));
  const found = new Set([...ids, ...entering(state).map(({ id }) => id)]);
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const event of own) {
      if (found.has(event.id)) for (const about of aboutOf(event.data)) found.add(about);
      else if (isAbout(event, found, false)) found.add(event.id);
    }
  }
  return own.filter(({ id }) => found.has(id));
}

/** What is known of a subject to whoever may not see these of its events. */
export function without(state: SubjectState, hidden: ReadonlySet<string>): SubjectState {
  if (hidden.size === 0) return state;
  return entriesOf(state).reduce(
    (known, { event }) => (hidden.has(event.id) ? known : evolve(known, event)),
    initial(state.kind, state.id),
  );
}

/** @param orWhole also a change of who may see the whole subject */
function isAbout({ type, data }: DomainEvent, ids: ReadonlySet<string>, orWhole: boolean): boolean {
  if (orWhole && type === 'VisibilityChanged' && data.fact === undefined) return true;
  return aboutOf(data).some((id) => ids.has(id));
}
