/**
 * What a verification is worth: it holds for what the fact said when it was made. Who corrects the fact afterwards, adds another
 * day to it, or takes such a thing back, makes it say what nobody has compared yet; undone, it says again what was compared.
 */
import { innerTypeOf } from '../catalogue/references.js';
import { actsAt } from './standing.js';
import type { Entry, SubjectState } from './state.js';

/** Whether the fact says now what it said up to an event. */
export function saysTheSame(state: SubjectState, fact: Entry, since: Entry): boolean {
  return tellings(state, fact, since.index).join() === tellings(state, fact, Infinity).join();
}

/** By which events a fact said what it says of itself, as of the event at this place. */
function tellings(state: SubjectState, fact: Entry, at: number): readonly string[] {
  const dated = actsAt(state, fact.event.id, at).filter(
    ({ event: { type, data } }) => type === 'AccountAdded' && data.occurred !== undefined,
  );
  let payload = fact;
  for (let next: Entry | undefined = fact; next !== undefined;) {
    payload = next;
    next = actsAt(state, payload.event.id, at).findLast(correctsA(fact));
  }
  return [payload, ...dated].map(({ event }) => event.id);
}

/** A correction by a payload of another type says nothing of it; none is accepted, so this only guards the fold. */
export function correctsA({ event: { type } }: Entry): (act: Entry) => boolean {
  return (act) => act.event.type === 'FactCorrected' && innerTypeOf(act.event.data)?.type === type;
}
