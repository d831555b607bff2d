/**
 * The state of one subject: the events of its stream, and those of other streams that speak of its facts (of cases that
 * they were assigned to). What follows from them is computed when it is asked for, from all of them together: acts can be
 * withdrawn by later acts, so hardly anything could be settled event by event.
 */
import type { Category, SubjectId } from '../catalogue/category.js';
import { definitionOf } from '../catalogue/catalogue.js';
import type { EventDefinition } from '../catalogue/definition.js';
import type { DomainEvent } from './event.js';

/** An event with what the catalogue says of it. */
export interface Entry {
  readonly event: DomainEvent;
  readonly definition: EventDefinition;
  /** Its place among the events of the state. */
  readonly index: number;
  /** Of another subject's stream. */
  readonly foreign: boolean;
}

/** What is known of one subject. Immutable; made by {@link initial} and {@link evolve}. */
export interface SubjectState {
  readonly kind: Category;
  readonly id: string;
  /** Something was recorded in its stream. */
  readonly exists: boolean;
  /** How many events it holds. */
  readonly size: number;
}

/**
 * Shared by all states of one subject that grew out of each other: each sees its own first `size` entries. So a step
 * costs the same however long the stream is, and older states stay what they were.
 */
interface Log {
  readonly entries: Entry[];
  readonly byId: Map<string, Entry>;
}

class State implements SubjectState {
  readonly #log: Log;

  constructor(
    readonly kind: Category,
    readonly id: string,
    readonly exists: boolean,
    readonly size: number,
    log: Log,
  ) {
    this.#log = log;
  }

  static logOf(state: SubjectState): Log {
    if (!(#log in state)) throw new TypeError('A state is made by initial() and evolve() alone.');
    return state.#log;
  }
}

function logOf(state: SubjectState): Log {
  return State.logOf(state);
}

/** Nothing is known yet. */
export function initial(kind: Category, id: string): SubjectState {
  return new State(kind, id, false, 0, { entries: [], byId: new Map() });
}

/**
 * What is known after one more event. An event that it holds already changes nothing; neither does one of a type that
 * the catalogue does not have. Never throws on a well-formed event.
 */
export function evolve(state: SubjectState, event: DomainEvent): SubjectState {
  const definition = definitionOf(event.type);
  if (definition === undefined || entryOfEvent(state, event.id) !== undefined) return state;
  const log = logOf(state);
  // Another state has already grown out of this one: leave that one's entries alone.
  const own = log.entries.length === state.size ? log : copyOf(log, state.size);
  const foreign = event.subject !== undefined && !isSubject(state, event.subject);
  const entry: Entry = { event, definition, index: state.size, foreign };
  own.entries.push(entry);
  own.byId.set(event.id, entry);
  return new State(state.kind, state.id, state.exists || !foreign, state.size + 1, own);
}

/** All its events, in the order in which it took them. */
export function entriesOf(state: SubjectState): readonly Entry[] {
  const { entries } = logOf(state);
  return entries.length === state.size ? entries : entries.slice(0, state.size);
}

/** No other state has grown out of it yet. */
export function isLatest(state: SubjectState): boolean {
  return logOf(state).entries.length === state.size;
}

export function entryOfEvent(state: SubjectState, id: string): Entry | undefined {
  const found = logOf(state).byId.get(id);
  return found !== undefined && found.index < state.size ? found : undefined;
}

function isSubject(state: SubjectState, subject: SubjectId): boolean {
  return subject.kind === state.kind && subject.id === state.id;
}

function copyOf(log: Log, size: number): Log {
  const entries = log.entries.slice(0, size);
  return { entries, byId: new Map(entries.map((entry) => [entry.event.id, entry])) };
}
