/**
 * A move spans two streams, so it is two recordings: the fact is recorded at its new place first, then withdrawn at its
 * old one; each names the other. Whatever interrupts it between the two, the fact is on record, at worst twice, and the
 * same move, asked for again by whomever, goes on where it ended: the id at the new place follows from the fact and the
 * two places alone. If the fact can no longer be withdrawn at its old place (it was, meanwhile), the first half is undone.
 */
import {
  type Data,
  decideMoved,
  definitionOf,
  levelsOf,
  type PlannedMove,
  planMove,
  stands,
  type SubjectId,
} from '#domain';
import { canonicalJson, type Clock, derivedId, streamName, type Visibility } from '#kernel';
import { contextOf, decisionOn } from './decision.js';
import type { KeyedLock } from './keyed-lock.js';
import type { Prepared } from './prepare.js';
import type { Outcome, Recorder, Recording } from './recorder.js';
import { ERASED, NOT_FOUND, PRECONDITION_FAILED } from './refusals.js';
import { Sight } from './sight.js';
import type { LoadedSubject, SubjectStreams } from './subject-streams.js';

export interface Tools {
  readonly subjects: SubjectStreams;
  readonly recorder: Recorder;
  readonly locks: KeyedLock;
  readonly clock: Clock;
}

export function isMove({ definition }: Prepared): boolean {
  return definition.type === 'FactMoved';
}

export async function moveFact(move: Prepared, tools: Tools): Promise<Outcome> {
  const { kind, id } = targetOf(move.data);
  return tools.locks.runAll([move.recording.stream, streamName(kind, id)], () => inTwoHalves(move, tools));
}

async function inTwoHalves(move: Prepared, { subjects, recorder, clock }: Tools): Promise<Outcome> {
  const { recording, data } = move;
  const origin = await subjects.refresh(recording.category, recording.id);
  const repeated = await recorder.findRepeat(recording, origin);
  if (repeated !== undefined) return repeated;
  const sight = new Sight(subjects, recording.ceiling, true);
  const state = await sight.stateOf(origin, recording.about);
  if (origin.state === undefined || state === undefined) return NOT_FOUND;
  if (origin.sealing.erased) return ERASED;
  if (recording.ifMatch?.(await sight.revisionOf(origin)) === false) return PRECONDITION_FAILED;

  const context = await contextOf(move, { state, whole: origin.state }, clock.now(), sight);
  const plan = planMove(state, data, context);
  if (!plan.ok) return plan;
  const fact = String(data.fact);
  // As visible there as it is here, whoever may see that it was moved.
  const visibility = levelsOf(origin.state, () => 'public').get(fact) ?? recording.visibility;
  const target = await subjects.refresh(plan.value.target.kind, plan.value.target.id);
  const movedTo = idAtTarget(fact, origin.stream, target);

  const first = await recorder.record(recordingAtTarget(plan.value, move, movedTo, target.stream, visibility));
  if (!first.ok) return first;
  const second = await recorder.record({ ...recording, decide: decisionOn(move, movedTo) });
  if (!second.ok) await recorder.record(undoing(first.value, move, movedTo));
  return second;
}

/** The first half, the same whoever asks for it. */
function recordingAtTarget(
  plan: PlannedMove,
  { recording, data }: Prepared,
  movedTo: string,
  stream: string,
  visibility: Visibility | undefined,
): Recording {
  const eventId = (index: number): string => (index === 0 ? movedTo : derivedId('moved fact', movedTo, index));
  return {
    ...ofMove(recording),
    visibility,
    category: plan.target.kind,
    id: plan.target.id,
    stream,
    eventId,
    request: canonicalJson({ fact: data.fact, from: recording.stream, moved: true }),
    decide: ({ state }, now) => Promise.resolve(decideMoved(plan, state, { eventId, now, visibility })),
  };
}

function undoing(
  { category, subject, stream }: Pick<Recording, 'stream'> & { category: Recording['category']; subject: string },
  { recording }: Prepared,
  movedTo: string,
): Recording {
  const definition = definitionOf('FactRetracted');
  if (definition === undefined) throw new Error('The catalogue has no retractions.');
  const data = { fact: movedTo, reason: 'The move that brought it here could not be completed.' };
  const eventId = (index: number): string => derivedId('undone move', movedTo, index);
  const undone = {
    ...ofMove(recording),
    // Whatever became of it meanwhile, it does not stay there.
    ceiling: 'confidential' as const,
    about: [movedTo],
    category,
    id: subject,
    stream,
    eventId,
    request: canonicalJson(data),
  };
  return { ...undone, decide: decisionOn({ definition, data, recording: undone }) };
}

/** What both sides share: who asked, and the move as the cause. */
function ofMove({ recordedBy, ceiling, visibility, correlationId, eventId }: Prepared['recording']) {
  const asked = { recordedBy, ceiling, about: [], visibility, correlationId, causationId: eventId(0) };
  return { isEntry: false, repeatable: true, ...asked };
}

/** Not under an id that was withdrawn there since: such a fact was moved back, or its move was undone. */
function idAtTarget(fact: string, origin: string, { stream, state, revisions }: LoadedSubject): string {
  for (let n = 0; ; n++) {
    const id = derivedId(`move of ${fact} from ${origin} to ${stream}`, '', n);
    if (state === undefined || !revisions.has(id) || stands(state, id)) return id;
  }
}

function targetOf({ to }: Data): SubjectId {
  const { person, group } = to as { readonly person?: string; readonly group?: string };
  return person === undefined ? { kind: 'group', id: group ?? '' } : { kind: 'person', id: person };
}
