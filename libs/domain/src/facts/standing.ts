/**
 * Which events stand: the acts that withdraw others are themselves acts that can be withdrawn.
 *
 * An act speaks of events recorded before it; what it says of others is ignored. So one pass from the last event to the
 * first settles everything: whatever could undo an event has been settled before.
 */
import { type Entry, entriesOf, entryOfEvent, type SubjectState } from './state.js';

export interface Withdrawal {
  readonly how: 'withdrawn' | 'moved';
  /** The act that withdrew it; where several did, the first. */
  readonly by: Entry;
}

/** What stands in a state, and what else was recorded about it. */
export interface Standing {
  /** By event id. What is not among them stands. */
  readonly withdrawals: ReadonlyMap<string, Withdrawal>;
  /** Standing acts that name an event (as `fact`, `judgement` or among `facts`), in order, by that event's id. */
  readonly actsOn: (id: string) => readonly Entry[];
}

const known = new WeakMap<SubjectState, Standing>();
const NONE: readonly Entry[] = [];

export function standingOf(state: SubjectState): Standing {
  let found = known.get(state);
  if (found === undefined) {
    found = settle(state);
    known.set(state, found);
  }
  return found;
}

/** What was an act on an event, as of the event at this place in the state: acts that stood then, in order. */
export function actsAt(state: SubjectState, id: string, index: number): readonly Entry[] {
  const acts = everyAct(state).get(id) ?? NONE;
  return acts.filter((act) => act.index <= index && !isWithdrawnAt(state, act, index));
}

function isWithdrawnAt(state: SubjectState, entry: Entry, index: number): boolean {
  return actsAt(state, entry.event.id, index).some((act) => withdraws(act, entry) !== undefined);
}

const acts = new WeakMap<SubjectState, ReadonlyMap<string, readonly Entry[]>>();

/** All acts, also withdrawn ones, by what they name. */
function everyAct(state: SubjectState): ReadonlyMap<string, readonly Entry[]> {
  let found = acts.get(state);
  if (found === undefined) {
    const byTarget = new Map<string, Entry[]>();
    for (const entry of entriesOf(state)) {
      for (const target of targetsOf(entry)) {
        if (targetOf(state, entry, target) === undefined) continue;
        const named = byTarget.get(target);
        if (named === undefined) byTarget.set(target, [entry]);
        else named.push(entry);
      }
    }
    acts.set(state, (found = byTarget));
  }
  return found;
}

function settle(state: SubjectState): Standing {
  const withdrawals = new Map<string, Withdrawal>();
  const backwards = new Map<string, Entry[]>();
  for (const entry of entriesOf(state).toReversed()) {
    if (withdrawals.has(entry.event.id)) continue;
    for (const target of targetsOf(entry)) {
      const on = targetOf(state, entry, target);
      if (on === undefined) continue;
      const how = withdraws(entry, on);
      if (how !== undefined) withdrawals.set(target, { how, by: entry });
      const acts = backwards.get(target);
      if (acts === undefined) backwards.set(target, [entry]);
      else acts.push(entry);
    }
  }
  const acts = new Map([...backwards].map(([id, entries]) => [id, entries.toReversed()]));
  return { withdrawals, actsOn: (id) => acts.get(id) ?? NONE };
}

/** What an act names, if it may speak of it. */
function targetOf(state: SubjectState, act: Entry, target: string): Entry | undefined {
  const on = entryOfEvent(state, target);
  return on === undefined || on.index >= act.index || !maySpeakOf(act, on) ? undefined : on;
}

/** Another stream's acts speak of that stream's events; only a case takes up a fact of this one. */
function maySpeakOf(act: Entry, on: Entry): boolean {
  return act.foreign === on.foreign || act.event.type === 'FactAssignedToCase';
}

function withdraws({ event: { type } }: Entry, { definition, event }: Entry): Withdrawal['how'] | undefined {
  switch (type) {
    // What opens a stream is never undone: others may name the subject.
    case 'FactRetracted':
      return definition.role === 'entry' ? undefined : 'withdrawn';
    case 'FactMoved':
      return definition.role === 'fact' ? 'moved' : undefined;
    case 'FactsJudgementRevoked':
      return event.type === 'FactsJudgedSame' ? 'withdrawn' : undefined;
    case 'IdentityJudgementRevoked':
      return event.type === 'IdentityJudged' ? 'withdrawn' : undefined;
    default:
      return undefined;
  }
}

function targetsOf({ event: { data }, definition }: Entry): readonly string[] {
  if (definition.role !== 'act') return [];
  const { fact, judgement, facts } = data;
  if (typeof fact === 'string') return [fact];
  if (typeof judgement === 'string') return [judgement];
  return Array.isArray(facts) ? [...new Set(facts.filter((each): each is string => typeof each === 'string'))] : [];
}
