/** Which scope an event asks of whoever records it: data, so that the documentation can list it. */
import type { EventDefinition } from '#domain';
import type { Scope } from './principal.js';

/** Judging what others recorded is a task of its own; whoever records may correct, dispute and withdraw. */
const NEEDS_REVIEW: ReadonlySet<string> = new Set([
  'FactVerified',
  'DisputeSettled',
  'FactsJudgedSame',
  'FactsJudgementRevoked',
  'IdentityJudged',
  'IdentityJudgementRevoked',
  'VisibilityChanged',
]);

export function scopeToRecord(definition: Pick<EventDefinition, 'type'>): Scope {
  return NEEDS_REVIEW.has(definition.type) ? 'review' : 'record';
}
