/**
 * The specification of the status engine, as slow and plain as it can be written: every world of a small story is
 * played through, day by day. It shares no code with the engine, so that the two can be held against each other.
 */
import type { Effect, StatusFact, SubjectKind } from '../types.js';

/** What is to be said of one axis on one day. */
export interface Verdict {
  readonly possible: readonly string[];
  /** The only value of all worlds, if there is just one and it is known. */
  readonly certain: string | undefined;
  readonly deprived: { readonly certain: boolean; readonly possible: boolean };
  readonly orderUncertain: boolean;
  /** The same as `certain` and `deprived.certain`, but a value beyond its horizon that nothing attests counts for nothing. */
  readonly heldCertain: string | undefined;
  readonly heldDeprived: boolean;
}

interface Now {
  readonly value: string;
  /** Values before, oldest first. */
  readonly runs: readonly string[];
  /** Of a hold: the day on which the present deprivation began; left out where nothing bounds that from below. */
  readonly since?: number;
  /** Of a sentence, in days. */
  readonly term?: number;
}

type Play = Map<string, Now>;

/** `axis/case/key` -> what is to be said of it on each day. */
export type Verdicts = ReadonlyMap<string, ReadonlyMap<number, Verdict>>;

const DEPRIVED = ['imprisoned', 'pretrial-detention', 'police-custody', 'detained-unspecified', 'house-arrest'];
const LIBERTY = [...DEPRIVED, 'sentence-not-enforced', 'wanted', 'conditional-release', 'free', 'unknown'];
const CASE_AXES = ['hold', 'stage', 'verdict', 'finality', 'sentence', 'escape'];

/** Days of facts lie between `first` and `last`; open sides are played as days outside of them. */
export function byForce(kind: SubjectKind, facts: readonly StatusFact[], first: number, last: number): Verdicts {
  const cases = [...new Set(facts.flatMap((fact) => fact.case ?? []))].sort();
  const home = cases.length === 0 ? 'only' : cases.length === 1 ? cases[0]! : 'unassigned';
  const caseOf = (fact: StatusFact): string => fact.case ?? home;
  const slots =
    cases.length === 0
      ? ['only']
      : facts.some((fact) => caseOf(fact) === 'unassigned')
        ? [...cases, 'unassigned']
        : cases;

  const { before, earliest, latest } = order(facts, caseOf);
  const startOf = (index: number, on: number): number | undefined => (earliest[index] === -Infinity ? undefined : on);
  const days = Array.from({ length: last - first + 4 }, (_, index) => first - 1 + index);
  const disputed = facts.flatMap((fact, index) => (fact.disputed ? [index] : []));

  // axis -> day -> set of facts that have happened -> values
  const seen = new Map<string, Map<number, Map<string, Set<string>>>>();
  const held = new Map<string, Map<number, Set<string>>>();
  const noteHeld = (axis: string, day: number, value: string): void => {
    const ofAxis = held.get(axis) ?? new Map<number, Set<string>>();
    held.set(axis, ofAxis);
    ofAxis.set(day, (ofAxis.get(day) ?? new Set<string>()).add(value));
  };
  const note = (axis: string, day: number, happened: string, value: string): void => {
    const ofAxis = seen.get(axis) ?? new Map<number, Map<string, Set<string>>>();
    seen.set(axis, ofAxis);
    const ofDay = ofAxis.get(day) ?? new Map<string, Set<string>>();
    ofAxis.set(day, ofDay);
    const values = ofDay.get(happened) ?? new Set<string>();
    ofDay.set(happened, values);
    values.add(value);
  };
  const axes = new Set<string>(['liberty//']);
  for (const fact of facts) {
    for (const effect of fact.effects) {
      if (effect.axis === 'liberty') continue;
      const perCase = CASE_AXES.includes(effect.axis);
      const targets = perCase ? (everywhere(effect, caseOf(fact)) ? slots : [caseOf(fact)]) : [''];
      for (const target of targets)
        if (target !== 'unassigned') axes.add(`${effect.axis}/${target}/${effect.key ?? ''}`);
    }
  }

  for (let choice = 0; choice < 1 << disputed.length; choice++) {
    const out = new Set(disputed.filter((_, bit) => (choice & (1 << bit)) !== 0));
    const play = (sequence: readonly number[], onDay: readonly number[]): void => {
      if (sequence.length < facts.length) {
        const today = onDay.at(-1) ?? -Infinity;
        for (const next of facts.keys()) {
          if (sequence.includes(next)) continue;
          const waits = [...facts.keys()].some((other) => !sequence.includes(other) && before(other, next));
          if (waits) continue;
          for (const day of days) {
            if (day < today || day < earliest[next]! || day > latest[next]!) continue;
            play([...sequence, next], [...onDay, day]);
          }
        }
        return;
      }
      for (const day of days) {
        const state: Play = new Map();
        const happened: number[] = [];
        const ahead: { fact: StatusFact; day: number | undefined }[] = [];
        for (const [place, index] of sequence.entries()) {
          const fact = facts[index]!;
          if (out.has(index)) continue;
          if (onDay[place]! > day) {
            ahead.push({ fact, day: startOf(index, onDay[place]!) });
            continue;
          }
          happened.push(index);
          happen(fact, caseOf(fact), slots, state, startOf(index, onDay[place]!));
        }
        const set = happened.sort((a, b) => a - b).join();
        const faded = slots.filter((slot) => isFaded(slot, state, day, ahead, caseOf, slots));
        for (const axis of axes) {
          const value = axis === 'liberty//' ? liberty(state, slots) : (state.get(axis)?.value ?? 'unknown');
          note(axis, day, set, value);
          if (axis === 'liberty//' && DEPRIVED.includes(value)) {
            const left = liberty(
              new Map([...state].filter(([at]) => !faded.some((slot) => at === `hold/${slot}/`))),
              slots,
            );
            noteHeld(axis, day, DEPRIVED.includes(left) ? left : '');
          } else noteHeld(axis, day, faded.some((slot) => axis === `hold/${slot}/`) ? '' : value);
        }
      }
    };
    play([], []);
  }

  const verdicts = new Map<string, Map<number, Verdict>>();
  for (const [axis, ofAxis] of seen) {
    if (axis === 'liberty//' && kind === 'group') continue;
    const ofDays = new Map<number, Verdict>();
    for (const [day, sets] of ofAxis) {
      const all = new Set([...sets.values()].flatMap((values) => [...values]));
      const certain = held.get(axis)?.get(day) ?? new Set<string>();
      const known = [...all].filter((value) => value !== 'unknown').sort();
      ofDays.set(day, {
        possible: known,
        certain: all.size === 1 ? known[0] : undefined,
        deprived: {
          certain: [...all].every((value) => DEPRIVED.includes(value)),
          possible: known.some((value) => DEPRIVED.includes(value)),
        },
        heldCertain: all.size === 1 && certain.size === 1 && certain.has(known[0] ?? '') ? known[0] : undefined,
        heldDeprived: [...all, ...certain].every((value) => DEPRIVED.includes(value)),
        orderUncertain: [...sets.values()].some((values) => values.size > 1),
      });
    }
    verdicts.set(axis, ofDays);
  }
  return verdicts;
}

function happen(
  fact: StatusFact,
  ownCase: string,
  slots: readonly string[],
  state: Play,
  day: number | undefined,
): void {
  const valueAt = (axis: string, target: string, key: string): string =>
    state.get(`${axis}/${target}/${key}`)?.value ?? 'unknown';
  const changes: { at: string; effect: Effect; target: string; own: boolean }[] = [];
  for (const effect of fact.effects) {
    const perCase = CASE_AXES.includes(effect.axis);
    const axis = effect.axis === 'liberty' ? 'escape' : effect.axis;
    const targets = perCase || axis === 'escape' ? (everywhere(effect, ownCase) ? slots : [ownCase]) : [''];
    for (const target of targets) {
      const guard = valueAt(effect.guardAxis ?? axis, target, effect.key ?? '');
      if (effect.onlyFrom && !effect.onlyFrom.includes(guard)) continue;
      if (effect.notFrom?.includes(guard)) continue;
      changes.push({ at: `${axis}/${target}/${effect.key ?? ''}`, effect, target, own: true });
    }
  }
  // Escapes end by what the fact does, unless it is one itself.
  for (const slot of slots) {
    const escape = `escape/${slot}/`;
    if (!state.has(escape) || changes.some((change) => change.at === escape)) continue;
    const heldAgain = changes.some(
      ({ effect }) => effect.axis === 'hold' && typeof effect.set === 'string' && DEPRIVED.includes(effect.set),
    );
    const releasedFromAll = fact.effects.some((effect) => effect.axis === 'hold' && everywhere(effect, ownCase));
    const endedHere = changes.some(({ effect, target }) => {
      if (target !== slot || typeof effect.set !== 'string') return false;
      if (effect.axis === 'sentence') return ['served', 'pardoned', 'annulled'].includes(effect.set);
      const guarded = effect.onlyFrom !== undefined || effect.notFrom !== undefined;
      return effect.axis === 'hold' && effect.set !== 'wanted' && !(guarded && effect.set === 'none');
    });
    if (heldAgain || releasedFromAll || endedHere) state.delete(escape);
  }
  const after: Play = new Map();
  for (const { at, effect } of changes) {
    const now = state.get(at) ?? { value: 'unknown', runs: [] };
    const same = effect.set === now.value;
    const [value, runs] =
      typeof effect.set !== 'string'
        ? [now.runs.at(-1) ?? 'unknown', now.runs.slice(0, -1)]
        : [effect.set, same ? now.runs : [...now.runs, now.value]];
    const since = DEPRIVED.includes(value) ? (now.since ?? day) : undefined;
    const given = effect.detail?.term;
    const kept = effect.detail?.penalty === undefined ? now.term : undefined;
    const term = given === undefined ? kept : Number(/\d+/.exec(given)?.[0]);
    after.set(at, { value, runs, ...(since !== undefined && { since }), ...(term !== undefined && { term }) });
  }
  for (const [at, now] of after) state.set(at, now);
}

function everywhere({ allCases }: Effect, ownCase: string): boolean {
  return allCases === 'if-unassigned' ? ownCase === 'unassigned' : allCases === true;
}

/** Imprisoned beyond the term, and no later fact tells that it went on until then. */
function isFaded(
  slot: string,
  state: Play,
  day: number,
  ahead: readonly { fact: StatusFact; day: number | undefined }[],
  caseOf: (fact: StatusFact) => string,
  slots: readonly string[],
): boolean {
  const hold = state.get(`hold/${slot}/`);
  const term = state.get(`sentence/${slot}/`)?.term;
  if (hold?.value !== 'imprisoned' || term === undefined || day < (hold.since ?? -Infinity) + term) return false;
  const later: Play = new Map(state);
  for (const { fact, day: onDay } of ahead) {
    const deprivedIn = slots.filter((one) => DEPRIVED.includes(later.get(`hold/${one}/`)?.value ?? ''));
    if (!deprivedIn.includes(slot)) return true;
    const meansThis = caseOf(fact) === slot || deprivedIn.length === 1;
    if (meansThis && fact.attests !== undefined) return false;
    happen(fact, caseOf(fact), slots, later, onDay);
  }
  return true;
}

function liberty(state: ReadonlyMap<string, { value: string }>, slots: readonly string[]): string {
  const said = slots.flatMap((slot) => {
    const hold = state.get(`hold/${slot}/`)?.value ?? 'unknown';
    return [
      hold === 'none' ? 'free' : hold,
      state.get(`sentence/${slot}/`)?.value === 'unserved' || state.has(`escape/${slot}/`)
        ? 'sentence-not-enforced'
        : 'unknown',
    ];
  });
  return LIBERTY.find((value) => said.includes(value)) ?? 'unknown';
}

/** < as the specification words it: closed and tightened until nothing changes, links of cycles dropped together. */
function order(
  facts: readonly StatusFact[],
  caseOf: (fact: StatusFact) => string,
): { before: (a: number, b: number) => boolean; earliest: number[]; latest: number[] } {
  const count = facts.length;
  const earliest = facts.map((fact) => fact.bounds.earliest);
  const latest = facts.map((fact) => fact.bounds.latest);
  let links: [number, number][] = [];
  for (const [g, fact] of facts.entries()) {
    for (const [f, other] of facts.entries()) {
      const alone = facts.filter((one) => one.kind === other.kind && caseOf(one) === caseOf(other)).length === 1;
      const presupposed =
        f !== g &&
        fact.presupposes.includes(other.kind) &&
        caseOf(fact) === caseOf(other) &&
        caseOf(fact) !== 'unassigned' &&
        alone;
      if (fact.after.includes(other.id) || presupposed) links.push([f, g]);
    }
  }
  links = links.filter(([f, g]) => f !== g && !(latest[g]! < earliest[f]!));
  const dated = (f: number, g: number): boolean => latest[f]! < earliest[g]!;
  const close = (): boolean[][] => {
    const reach = Array.from({ length: count }, (_, f) =>
      Array.from({ length: count }, (_, g) => dated(f, g) || links.some(([a, b]) => a === f && b === g)),
    );
    for (let k = 0; k < count; k++)
      for (let f = 0; f < count; f++)
        for (let g = 0; g < count; g++) if (reach[f]?.[k] && reach[k]?.[g]) reach[f]![g] = true;
    return reach;
  };
  const withCycles = close();
  links = links.filter(([f, g]) => !withCycles[g]?.[f]);
  let reach = close();
  for (let changed = true; changed;) {
    changed = false;
    for (let f = 0; f < count; f++)
      for (let g = 0; g < count; g++) {
        if (!reach[f]?.[g]) continue;
        if (earliest[g]! < earliest[f]!) [earliest[g], changed] = [earliest[f]!, true];
        if (latest[f]! > latest[g]!) [latest[f], changed] = [latest[g]!, true];
      }
    reach = close();
  }
  return { before: (f, g) => reach[f]?.[g] === true, earliest, latest };
}
