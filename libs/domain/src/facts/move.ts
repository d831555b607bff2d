/** Moves: a fact that was recorded of the wrong subject is recorded of the right one, then withdrawn from where it was. */
import { err, ok, type Refusal, type Result } from '#kernel';
import type { SubjectId } from '../catalogue/category.js';
import { definitionOf } from '../catalogue/catalogue.js';
import type { Data, EventDefinition } from '../catalogue/definition.js';
import { subjectOf } from './act-check.js';
import type { DecideContext, NewEvent } from './context.js';
import { decide } from './decide.js';
import { drawnBack } from './default-visibility.js';
import { factOf } from './ledger.js';
import { refuseMissing, refusingInto } from './refusing.js';
import type { SubjectState } from './state.js';

/** A fact that is to be recorded elsewhere, as the first half of a move. */
export interface PlannedMove {
  readonly target: SubjectId;
  readonly definition: EventDefinition;
  /** To be recorded at the target as it is: its citations are already resolved. */
  readonly data: Data;
}

/**
 * The first half of a move: what is to be recorded at the target, by {@link decideMoved}. The second half is
 * {@link decide} on the same payload with `movedTo` in its context. Both halves say where the other is, so a sequence that
 * was interrupted is taken up by doing both again under the same ids.
 *
 * The fact goes as corrected. `after` stays behind, since it names facts of this subject.
 */
export function planMove(
  state: SubjectState,
  move: Data,
  context: DecideContext,
): Result<PlannedMove, readonly Refusal[]> {
  const definition = definitionOf('FactMoved');
  if (definition === undefined) throw new Error('The catalogue has no moves.');
  const allowed = decide(definition, state, move, { ...context, movedTo: context.eventId(0) });
  if (!allowed.ok) return allowed;
  const fact = factOf(state, String(move.fact));
  const ofFact = fact === undefined ? undefined : definitionOf(fact.type);
  const target = subjectOf(move.to);
  if (fact === undefined || ofFact === undefined || target === undefined) {
    throw new Error('A move that was allowed has a fact and a target.');
  }
  const { after: _, ...data } = fact.data;
  return ok({ target, definition: ofFact, data: { ...data, movedFrom: { [state.kind]: state.id, fact: fact.id } } });
}

/** The first half of a move, at the target. */
export function decideMoved(
  { definition, target, data }: PlannedMove,
  state: SubjectState | undefined,
  context: Pick<DecideContext, 'eventId' | 'now' | 'visibility'>,
): Result<readonly NewEvent[], readonly Refusal[]> {
  if (state?.exists !== true) {
    const refusals: Refusal[] = [];
    refuseMissing(refusingInto(refusals), target.kind, ['to']);
    return err(refusals);
  }
  const event = { id: context.eventId(0), type: definition.type, data };
  return ok([event, ...drawnBack(state, event, context)]);
}
