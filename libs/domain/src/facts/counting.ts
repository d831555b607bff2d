/** Which facts count: all that stand, or only those of which one is surer. */
import type { StandingFact } from './ledger.js';

/**
 * `all`: every fact that stands. `verified`: those that somebody who neither recorded nor corrected them has compared with their
 * evidence, as they are. `official`: those of the records of an authority.
 */
export type Lens = 'all' | 'verified' | 'official';

export const LENSES: readonly Lens[] = ['all', 'verified', 'official'];

/** What a record may be answered through, where nobody asks for another: every fact, or under four eyes the verified ones. */
export type OwnLens = Exclude<Lens, 'official'>;

const COUNTS: Readonly<Record<Lens, (fact: StandingFact) => boolean>> = {
  all: () => true,
  verified: isVerified,
  official: ({ basis }) => basis === 'official-record',
};

/** Through a lens; whether the facts stand is asked besides. */
export function countsThrough(lens: Lens): (fact: StandingFact) => boolean {
  return COUNTS[lens];
}

export function isLens(value: unknown): value is Lens {
  return LENSES.includes(value as Lens);
}

export function isVerified({ verifications, recordedBy, corrections }: StandingFact): boolean {
  const recorders = [recordedBy, ...corrections.map((correction) => correction.recordedBy)];
  // Decisions see to that; a log that came from elsewhere may hold other things.
  return verifications.some((each) => each.current && !recorders.includes(each.recordedBy));
}
