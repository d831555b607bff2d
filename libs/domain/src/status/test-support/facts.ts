/** Facts for specs, written as a story: a date, what it does, and only what matters beside. */
import { parseEdtf, UNBOUNDED, type Day } from '#kernel';
import type { AxisAnswer, Effect, Segment, Status, StatusFact } from '../types.js';
import { DEPRIVED } from '../vocabulary.js';

/** A day as EDTF, as its number. */
export function day(text: string): Day {
  const parsed = parseEdtf(text);
  if (!parsed.ok) throw new Error(`no date: ${text}`);
  return parsed.value.bounds.earliest;
}

/** `when` in EDTF; undefined: unknown. The content hash is made of what is given, not of the id. */
export function fact(
  id: string,
  when: string | undefined,
  effects: readonly Effect[],
  more: Partial<StatusFact> = {},
): StatusFact {
  const parsed = when === undefined ? undefined : parseEdtf(when);
  if (parsed?.ok === false) throw new Error(`no date: ${when ?? ''}`);
  const stated = parsed?.value.bounds ?? UNBOUNDED;
  return {
    id,
    ...(when !== undefined && { occurred: when }),
    stated,
    bounds: stated,
    aspect: 'began',
    after: [],
    effects,
    kind: 'other',
    presupposes: [],
    rank: 50,
    contentHash: `${when ?? ''} ${JSON.stringify(effects)}`,
    disputed: false,
    ...more,
  };
}

const ATTESTS_DEPRIVATION = [{ axis: 'hold', values: DEPRIVED }] as const;

export function arrest(id: string, when: string | undefined, more: Partial<StatusFact> = {}): StatusFact {
  return fact(id, when, [{ axis: 'hold', set: 'police-custody' }], { rank: 20, ...more });
}

export function sentence(
  id: string,
  when: string | undefined,
  detail: Readonly<Record<string, string>>,
  more: Partial<StatusFact> = {},
): StatusFact {
  const inAbsentia = detail.presence === 'in-absentia';
  const effects: Effect[] = [
    { axis: 'stage', set: 'decided' },
    { axis: 'verdict', set: 'convicted', detail: { presence: detail.presence ?? 'unknown' } },
    { axis: 'finality', set: 'appealable' },
    { axis: 'sentence', set: inAbsentia ? 'unserved' : 'imposed', detail: { penalty: 'custodial', ...detail } },
  ];
  if (!inAbsentia) {
    effects.push({
      axis: 'hold',
      set: 'imprisoned',
      onlyFrom: ['police-custody', 'pretrial-detention', 'detained-unspecified'],
    });
  }
  return fact(id, when, effects, { kind: 'sentence', presupposes: ['trial'], rank: 55, ...more });
}

export function release(
  id: string,
  when: string | undefined,
  reason: 'served' | 'bail' | 'unknown',
  more: Partial<StatusFact> = {},
): StatusFact {
  const effects: Effect[] = [
    { axis: 'hold', set: reason === 'bail' ? 'conditional-release' : 'none' },
    { axis: 'hold', set: 'none', allCases: true, onlyFrom: DEPRIVED },
  ];
  if (reason === 'bail') effects.reverse();
  if (reason === 'served') effects.push({ axis: 'sentence', set: 'served' });
  const presupposes = reason === 'served' ? (['sentence'] as const) : [];
  return fact(id, when, effects, { presupposes, rank: 95, attests: ATTESTS_DEPRIVATION, ...more });
}

export function escape(id: string, when: string | undefined, more: Partial<StatusFact> = {}): StatusFact {
  const effects: readonly Effect[] = [
    { axis: 'hold', set: 'none' },
    { axis: 'hold', set: 'none', allCases: true, onlyFrom: DEPRIVED },
    { axis: 'liberty', set: 'sentence-not-enforced' },
  ];
  return fact(id, when, effects, { rank: 97, attests: ATTESTS_DEPRIVATION, ...more });
}

export function pick(answers: readonly AxisAnswer[], axis: string, at?: { case?: string; key?: string }): AxisAnswer {
  const found = answers.filter(
    (answer) =>
      answer.axis === axis &&
      (at?.case === undefined || answer.case === at.case) &&
      (at?.key === undefined || answer.key === at.key),
  );
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${String(found.length)} answers for ${axis}`);
  return found[0];
}

/** The answer on a day, or over a span (EDTF, such as `2018` or `2017-05-01/2017-05-14`). */
export function on(status: Status, when: string, axis: string, at?: { case?: string; key?: string }): AxisAnswer {
  const parsed = parseEdtf(when);
  if (!parsed.ok) throw new Error(`no date: ${when}`);
  return pick(status.at(parsed.value.bounds.earliest, parsed.value.bounds.latest), axis, at);
}

/** The values of an axis over time, in the main reading. */
export function course(status: Status, axis: string): string[] {
  const values = status.segments().filter((segment: Segment) => segment.axis === axis);
  return values.map(({ value }) => value).filter((value, index, all) => value !== all[index - 1]);
}
