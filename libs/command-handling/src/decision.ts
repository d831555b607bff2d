/** The domain's decision on a payload, with everything that it asks for looked up in the log. */
import { decide, type DecideContext, referencesToResolve, type SubjectState } from '#domain';
import { streamName } from '#kernel';
import type { Prepared } from './prepare.js';
import type { Recording } from './recorder.js';
import type { SubjectStreams } from './subject-streams.js';

/** What is to be decided: what was asked for, or what follows from it. */
export type Question = Pick<Prepared, 'definition' | 'data'> & {
  readonly recording: Pick<Recording, 'recordedBy' | 'eventId' | 'visibility'>;
};

/** @param movedTo see DecideContext */
export function decisionOn(question: Question, subjects: SubjectStreams, movedTo?: string): Recording['decide'] {
  return async ({ state }, now, fresh) => {
    const context = await contextOf(question, subjects, state, now, fresh);
    return decide(question.definition, state, question.data, movedTo === undefined ? context : { ...context, movedTo });
  };
}

/**
 * Existence is checked in the log, never in a view.
 * @param fresh read again what is remembered; existence never becomes false, so it never needs to be
 */
export async function contextOf(
  { definition, data, recording: { recordedBy, eventId, visibility } }: Question,
  subjects: SubjectStreams,
  state: SubjectState | undefined,
  now: Date,
  fresh: boolean,
): Promise<DecideContext> {
  const existing = new Set<string>();
  const states = new Map<string, SubjectState>();
  for (const { kind, id, needs } of referencesToResolve(definition, state, data)) {
    const stream = streamName(kind, id);
    if (needs === 'state') {
      const found = await (fresh ? subjects.refresh(kind, id) : subjects.load(kind, id));
      if (found.state !== undefined) states.set(stream, found.state);
    } else if (await subjects.exists(kind, id)) existing.add(stream);
  }
  return {
    now,
    recordedBy,
    visibility,
    eventId,
    exists: (kind, id) => existing.has(streamName(kind, id)) || states.has(streamName(kind, id)),
    subject: (kind, id) => states.get(streamName(kind, id)),
  };
}
