/**
 * What is possible where there are too many worlds to enumerate: less is said to be certain than is so, and never more.
 */
import type { Day } from '#kernel';
import { nth } from './nth.js';
import { comesBefore } from './order.js';
import { NOTHING, type Piece, type Question } from './readings.js';
import { type CellPlace, libertyBy, type Track } from './state.js';
import { vocabularyOf } from './vocabulary.js';

/** A value that may be the last one set, on the days on which that may be. */
interface Candidate {
  readonly value: string;
  readonly from: Day;
  readonly to: Day;
  /** Undefined: nothing has happened yet. */
  readonly fact: number | undefined;
}

/**
 * The pieces of a question where there are too many worlds to enumerate. A fact can be the last one on d if and only
 * if it may have happened and no fact that surely acts on the same cell comes after it and must have happened: exact
 * where no effect is guarded. Else more becomes possible than is so (a guarded effect may or may not take place), and
 * never less.
 */
export function approximate(question: Question): Piece[] {
  const { track, cell } = question;
  return cell === undefined ? approximateLiberty(track) : approximateCell(track, cell);
}

function approximateCell(track: Track, cell: number): Piece[] {
  const candidates = candidatesOf(track, cell);
  // Many facts, few values: runs of days are joined by what they say, so that there are few pieces.
  const runs = new Map<string, Run[]>();
  const addRun = (first: string, second: string, from: Day, to: Day): void => {
    const key = first < second ? `${first} ${second}` : `${second} ${first}`;
    const known = runs.get(key);
    if (known === undefined) runs.set(key, [{ from, to }]);
    else known.push({ from, to });
  };
  for (const [index, one] of candidates.entries()) {
    addRun(one.value, one.value, one.from, one.to);
    if (one.fact === undefined) continue;
    for (let next = index + 1; next < candidates.length; next++) {
      const other = nth(candidates, next);
      if (other.fact === undefined || other.fact === one.fact || other.value === one.value) continue;
      const from = Math.max(one.from, other.from);
      const to = Math.min(one.to, other.to);
      if (from > to) continue;
      const [a, b] = [nth(track.facts, one.fact).ordered, nth(track.facts, other.fact).ordered];
      if (comesBefore(a, b) || comesBefore(b, a)) continue;
      addRun(one.value, other.value, from, to);
    }
  }
  return [...runs].flatMap(([key, ofKey]) => {
    const [first = '', second = ''] = key.split(' ');
    if (first === second) return joined(ofKey).flatMap((run) => split(first, run, fadesAtMost(track, cell, first)));
    return joined(ofKey).map(({ from, to }): Piece => ({ from, to, values: [], held: [], readings: [first, second] }));
  });
}

interface Run {
  readonly from: Day;
  readonly to: Day;
}

/** The same days in as few runs as possible. */
function joined(runs: readonly Run[]): Run[] {
  const result: { from: Day; to: Day }[] = [];
  for (const { from, to } of runs.toSorted((a, b) => (a.from === b.from ? 0 : a.from < b.from ? -1 : 1))) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

function split(value: string, { from, to }: Run, fades: Day): Piece[] {
  const piece = (first: Day, last: Day, held: string): Piece[] =>
    first > last ? [] : [{ from: first, to: last, values: [value], held: [held], readings: [] }];
  return [...piece(from, Math.min(to, fades - 1), value), ...piece(Math.max(from, fades), to, NOTHING)];
}

function candidatesOf(track: Track, cell: number): Candidate[] {
  const onCell = track.facts.flatMap((fact, index) => {
    const operations = fact.operations.filter((operation) => operation.cell === cell);
    return operations.length === 0 ? [] : [{ index, fact: fact.ordered, operations }];
  });
  // A fact surely acts if it has an unguarded operation, and surely leaves one value if all its operations set that.
  const sure = onCell.filter(
    ({ fact, operations }) => !fact.fact.disputed && operations.some((operation) => !operation.guarded),
  );
  const values = [
    ...new Set(['unknown', ...onCell.flatMap(({ operations }) => operations.flatMap(({ value }) => value ?? []))]),
  ];
  const candidates: Candidate[] = [];
  for (const { index, fact, operations } of onCell) {
    let to = Infinity;
    for (const later of sure) if (comesBefore(fact, later.fact)) to = Math.min(to, later.fact.latest - 1);
    const set = new Set(operations.flatMap(({ value }) => (value === undefined ? values : [value])));
    for (const value of set) if (fact.earliest <= to) candidates.push({ value, from: fact.earliest, to, fact: index });
  }
  const to = sure.reduce((least, { fact }) => Math.min(least, fact.latest - 1), Infinity);
  candidates.push({ value: 'unknown', from: -Infinity, to, fact: undefined });
  return candidates;
}

/** A day that is not after any on which the value fades in some world. */
function fadesAtMost(track: Track, cell: number, value: string): Day {
  const place = nth(track.cells, cell);
  if (place.axis === 'atLarge') return Infinity;
  const horizon = vocabularyOf(place.axis).horizons.find((entry) => entry.value === value);
  if (horizon === undefined) return Infinity;
  const effects = track.facts.flatMap((fact) =>
    fact.operations.map((operation) => ({ operation, effect: operation.effect, earliest: fact.ordered.earliest })),
  );
  if (horizon.ends === 'until') {
    const own = effects.flatMap(({ operation, effect }) =>
      operation.cell === cell ? (effect.horizon?.until ?? []) : [],
    );
    return own.length === 0 ? Infinity : Math.min(...own) + 1;
  }
  // Where a term is known at all, nothing is taken for certain once it may have begun.
  const timed = effects.some(({ effect }) => effect.detail?.term !== undefined);
  return timed ? -Infinity : Infinity;
}

function approximateLiberty(track: Track): Piece[] {
  const cells = track.cells.map((place, cell) => ({ place, cell, candidates: candidatesOf(track, cell) }));
  const starts = new Set<Day>();
  for (const { candidates } of cells) {
    for (const { from, to } of candidates) {
      starts.add(from);
      if (to !== Infinity) starts.add(to + 1);
    }
  }
  const days = [...starts].sort((a, b) => a - b);
  return days.map((from, index): Piece => {
    const values = strictestOf(cells.map(({ place, candidates }) => saidBy(place, candidates, from)));
    const held = strictestOf(
      cells.map(({ place, cell, candidates }) => {
        const now = candidates.filter((one) => one.from <= from && from <= one.to);
        const certain = now.filter(({ value }) => fadesAtMost(track, cell, value) > from);
        const said = saidBy(place, certain, from);
        if (certain.length < now.length || said.size === 0) said.add('unknown');
        return said;
      }),
    );
    const left = [...held].map((value) =>
      values.has(value) && (value !== 'unknown' || values.size === 1) ? value : NOTHING,
    );
    const next = days[index + 1];
    return {
      from,
      to: next === undefined ? Infinity : next - 1,
      values: [...values],
      held: [...new Set(left)],
      readings: values.size > 1 ? [...values] : [],
    };
  });
}

/** What a cell may say about liberty on a day. */
function saidBy(place: CellPlace, candidates: readonly Candidate[], day: Day): Set<string> {
  const said = new Set<string>();
  for (const { value, from, to } of candidates) if (from <= day && day <= to) said.add(libertyBy(place, { value }));
  // An escape ends by facts on other cells.
  if (place.axis === 'atLarge') said.add('unknown');
  return said;
}

/** All values that may be the strictest, if each cell says one of its own. */
function strictestOf(said: readonly ReadonlySet<string>[]): Set<string> {
  const order = [...vocabularyOf('liberty').values, 'unknown'];
  let values = new Set(['unknown']);
  for (const options of said) {
    const next = new Set<string>();
    for (const value of values) {
      for (const option of options) next.add(order.indexOf(option) < order.indexOf(value) ? option : value);
    }
    values = next;
  }
  return values;
}
