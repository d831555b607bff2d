/** The domain's decision on a payload, with everything that it asks for looked up in the log. */
import { aboutOf, decide, type DecideContext, referencesToResolve, type SubjectState } from '#domain';
import { streamName } from '#kernel';
import type { Prepared } from './prepare.js';
import type { Recording, Seen } from './recorder.js';
import type { Sight } from './sight.js';

/** What is to be decided: what was asked for, or what follows from it. */
export type Question = Pick<Prepared, 'definition' | 'data'> & {
  readonly recording: Pick<Recording, 'recordedBy' | 'eventId' | 'visibility'>;
};

/** @param movedTo see DecideContext */
export function decisionOn(question: Question, movedTo?: string): Recording['decide'] {
  return async (seen, now, sight) => {
    const context = await contextOf(question, seen, now, sight);
    const { definition, data } = question;
    return decide(definition, seen.state, data, movedTo === undefined ? context : { ...context, movedTo });
  };
}

/** Existence is checked in the log, never in a view. */
export async function contextOf(
  { definition, data, recording: { recordedBy, eventId, visibility } }: Question,
  { state, whole }: Seen,
  now: Date,
  sight: Sight,
): Promise<DecideContext> {
  const existing = new Set<string>();
  const states = new Map<string, SubjectState>();
  for (const { kind, id, needs } of referencesToResolve(definition, state, data)) {
    const stream = streamName(kind, id);
    if (needs === 'state') {
      const found = await sight.state(kind, id, aboutOf(data));
      if (found !== undefined) states.set(stream, found);
    } else if (await sight.exists(kind, id)) existing.add(stream);
  }
  return {
    now,
    whole,
    recordedBy,
    visibility,
    eventId,
    exists: (kind, id) => existing.has(streamName(kind, id)) || states.has(streamName(kind, id)),
    subject: (kind, id) => states.get(streamName(kind, id)),
  };
}
