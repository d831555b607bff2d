/** Effects that several events of a person share. */
import { parseEdtf } from '#kernel';
import { DEPRIVED, type Effect, SENTENCE_OVER, vocabularyOf } from '../status/index.js';

/**
 * Ends the deprivation: whatever the hold of its own case is (also where no arrest is on record), and every other hold
 * that deprives. A warrant in another case stays.
 */
export const DEPRIVATION_ENDED: readonly Effect[] = [
  { axis: 'hold', set: 'none', onlyFrom: DEPRIVED, allCases: true },
  { axis: 'hold', set: 'none' },
];

/**
 * Bail and provisional release are given in a case: whoever is held in another stays held there. Where it is not told
 * in which of several cases, the person walked out, and is held in none.
 */
export const RELEASED_CONDITIONALLY: readonly Effect[] = [
  { axis: 'hold', set: 'none', onlyFrom: DEPRIVED, allCases: 'if-unassigned' },
  { axis: 'hold', set: 'conditional-release' },
];

export const ATTESTS_DEPRIVATION = [{ axis: 'hold', values: DEPRIVED }] as const;

/** Sentences that a change of their length leaves what they are. */
const RUNNING_SENTENCES = vocabularyOf('sentence').values.filter(
  (value) => value !== 'none' && !SENTENCE_OVER.includes(value),
);

/** The sentence stays what it is; its length is another. */
export function termChanged(term: string | undefined): readonly Effect[] {
  if (term === undefined) return [];
  return RUNNING_SENTENCES.map((value) => ({ axis: 'sentence', set: value, detail: { term }, onlyFrom: [value] }));
}

/** A shorter sentence; one that was not being enforced is not enforced any more for being shorter. */
export function reduced(term: string | undefined): readonly Effect[] {
  const detail = term === undefined ? {} : { detail: { term } };
  return [
    { axis: 'sentence', set: 'reduced', ...detail, notFrom: ['unserved'] },
    { axis: 'sentence', set: 'unserved', ...detail, onlyFrom: ['unserved'] },
  ];
}

/** The last day that a date may mean, for values that hold until then. */
export function untilHorizon(until: string | undefined): Pick<Effect, 'horizon'> {
  const day = until === undefined ? undefined : boundsOf(until)?.latest;
  return day === undefined || !Number.isFinite(day) ? {} : { horizon: { until: day } };
}

/** The first day that a date may mean, for terms that count from then. */
export function termFromHorizon(from: string | undefined): Pick<Effect, 'horizon'> {
  const day = from === undefined ? undefined : boundsOf(from)?.earliest;
  return day === undefined || !Number.isFinite(day) ? {} : { horizon: { termFrom: day } };
}

function boundsOf(edtf: string): { readonly earliest: number; readonly latest: number } | undefined {
  const parsed = parseEdtf(edtf);
  return parsed.ok ? parsed.value.bounds : undefined;
}

/** Whether two ISO 8601 durations say the same length: months by months, days by days. */
export function sameLength(a: string, b: string): boolean {
  const [x, y] = [lengthOf(a), lengthOf(b)];
  return x.months === y.months && x.days === y.days;
}

function lengthOf(duration: string): { readonly months: number; readonly days: number } {
  const of = (unit: string): number => Number(new RegExp(`(\\d+)${unit}`).exec(duration)?.[1] ?? 0);
  return { months: 12 * of('Y') + of('M'), days: 7 * of('W') + of('D') };
}
