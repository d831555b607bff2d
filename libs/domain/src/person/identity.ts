/**
 * Which persons of the record are one, by what was judged of their identity.
 *
 * The rules
 * - Only `same` makes one of two. Of several judgements of one pair that stand, the one recorded last counts.
 * - Who is one with another is one with whoever that one is one with.
 * - Where that would make one of two who were judged to be different, somebody is wrong and the record cannot say who:
 *   then nobody of all those is one with another until it is settled.
 * - Nothing is moved: each fact stays where it was recorded, and a judgement that is revoked parts them again.
 */
import type { StandingFact } from '../facts/ledger.js';
import type { SubjectState } from '../facts/state.js';
import { statusFacts } from '../facts/status-facts.js';
import type { StatusFact } from '../status/index.js';

/** A judgement that stands. */
export interface IdentityJudgement {
  readonly persons: readonly [string, string];
  readonly verdict: string;
  /** Its place in the log: the last one of a pair counts. */
  readonly seq: number;
}

/**
 * The persons who are one with this one, itself first, the others sorted.
 *
 * @param judgementsOf every judgement that stands and names this person, of whichever of the two it was recorded
 */
export function oneWith(id: string, judgementsOf: (person: string) => readonly IdentityJudgement[]): readonly string[] {
  const one = new Set([id]);
  const different: (readonly [string, string])[] = [];
  for (const person of one) {
    const lasting = new Map<string, IdentityJudgement>();
    for (const judgement of judgementsOf(person)) {
      const other = judgement.persons.find((each) => each !== person) ?? person;
      if ((lasting.get(other)?.seq ?? -1) < judgement.seq) lasting.set(other, judgement);
    }
    for (const [other, { verdict }] of lasting) {
      if (verdict === 'same') one.add(other);
      if (verdict === 'different') different.push([person, other]);
    }
  }
  if (different.some(([, other]) => one.has(other))) return [id];
  return [id, ...[...one].filter((other) => other !== id).sort()];
}

/**
 * What the status of persons who are one is computed from: the facts of all of them, as if of one. The order of the
 * states changes nothing.
 */
export function statusFactsOfOne(
  states: readonly SubjectState[],
  counts: (fact: StandingFact) => boolean,
): readonly StatusFact[] {
  return states.flatMap((state) => statusFacts(state, counts));
}
