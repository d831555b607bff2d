/** What is confidential is shown to nobody before it is written down that it was. */
import type { SubjectRef } from '#projections';
import type { FastifyRequest } from 'fastify';
import type { Level } from '../levels.js';
import type { Habeas } from './habeas.js';
import { ProblemError } from './problem.js';
import { principalOf } from './scopes.js';

/**
 * To be awaited before an answer that shows these subjects: those of which something is confidential are written down, if there are any.
 * Whoever has a lower ceiling is shown nothing of the kind, and of nobody else anything is looked up.
 *
 * @throws EventStoreError it cannot be written down: nothing is to be answered
 */
export async function watched(
  habeas: Habeas,
  { views }: Level,
  request: FastifyRequest,
  operation: string,
  subjects: readonly SubjectRef[],
): Promise<void> {
  if (principalOf(request).ceiling !== 'confidential') return;
  const found = views.confidential(subjects);
  // They could be read a moment ago.
  if (!found.ok) throw new ProblemError([found.error], { 'retry-after': '1' });
  if (found.value.length > 0) await writeDown(habeas, request, operation, found.value);
}

/** The same, of subjects that are known to have something confidential. */
export function writeDown(
  habeas: Habeas,
  request: FastifyRequest,
  operation: string,
  subjects: readonly SubjectRef[],
): Promise<void> {
  return habeas.trail.record({ by: principalOf(request).id, operation, request: request.id, subjects });
}

/** The same, of an answer that may show anything. */
export async function everythingWatched(habeas: Habeas, request: FastifyRequest, operation: string): Promise<void> {
  const { id: by, ceiling } = principalOf(request);
  if (ceiling !== 'confidential') return;
  await habeas.trail.record({ by, operation, request: request.id, subjects: [], everything: true });
}
