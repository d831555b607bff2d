/** What became of a subject's facts and records between two moments, and what was recorded about each of them in between. */
import { definitionOf, type StandingFact, type StandingRecord } from '#domain';
import { Build } from '../documents/build.js';
import { actsOnSubject } from '../documents/lists.js';
import { text, texts } from '../documents/read.js';
import type { EventRow } from '../records.js';
import type { ActView, DifferenceView, FactChange, FactDifference, FactView, RecordDifference } from '../shapes.js';
import type { Concerning, Subject } from '../subject.js';

/** Of one subject at two moments; the first is left out where it was not entered yet. */
export interface Sides {
  readonly before: Build | undefined;
  readonly after: Build;
  /** Acts with a higher seq were recorded in between. */
  readonly since: number;
}

/** What was recorded in between, by the facts and records that it speaks of. */
export type ActsSince = ReadonlyMap<string, readonly ActView[]>;

/** On the timeline of the second moment; behind those what is not there any more. */
export function factDifferences({ before, after }: Sides, acts: ActsSince): readonly FactDifference[] {
  return differences(timelineOf(before), timelineOf(after), acts, {
    changes: (was, is) => factChanges(was?.fact, is?.fact),
    typeOf: ({ fact }) => fact.type,
    shown: ({ view }) => view,
  });
}

export function recordDifferences({ before, after }: Sides, acts: ActsSince): readonly RecordDifference[] {
  return differences(recordsOf(before), recordsOf(after), acts, {
    changes: recordChanges,
    typeOf: ({ type }) => type,
    shown: ({ data }) => data,
  });
}

interface Compared<T, Shown> {
  readonly changes: (was: T | undefined, is: T | undefined) => readonly FactChange[];
  readonly typeOf: (one: T) => string;
  readonly shown: (one: T) => Shown;
}

interface Difference<Shown> {
  readonly event: string;
  readonly type: string;
  readonly changes: readonly FactChange[];
  readonly by: readonly ActView[];
  readonly before?: Shown;
  readonly after?: Shown;
}

/** What is there at either moment and is not the same, in the order of the second one. */
function differences<T, Shown>(
  was: ReadonlyMap<string, T>,
  is: ReadonlyMap<string, T>,
  acts: ActsSince,
  { changes: changesOf, typeOf, shown }: Compared<T, Shown>,
): readonly Difference<Shown>[] {
  const found: Difference<Shown>[] = [];
  for (const id of new Set([...is.keys(), ...was.keys()])) {
    const [before, after] = [was.get(id), is.get(id)];
    const some = after ?? before;
    const changes = changesOf(before, after);
    if (some === undefined || changes.length === 0) continue;
    found.push({
      event: id,
      type: typeOf(some),
      changes,
      by: acts.get(id) ?? [],
      ...(before !== undefined && { before: shown(before) }),
      ...(after !== undefined && { after: shown(after) }),
    });
  }
  return found;
}

/** Acts on the subject as a whole that came or were withdrawn, but those that are records. */
export function actDifferences({ before, after }: Sides): DifferenceView['acts'] {
  const actsOf = (build: Build | undefined): readonly ActView[] => {
    const records = recordsOf(build);
    return build === undefined ? [] : actsOnSubject(build).filter(({ event }) => !records.has(event));
  };
  const [was, is] = [actsOf(before), actsOf(after)];
  const held = new Set(was.map(({ event }) => event));
  const holds = new Set(is.map(({ event }) => event));
  return [
    ...is.filter(({ event }) => !held.has(event)),
    ...was.filter(({ event }) => !holds.has(event)).map((act) => ({ ...act, withdrawn: true as const })),
  ];
}

export function concerningSince({ after, since }: Sides): DifferenceView['concerning'] {
  const found = new Map<number, DifferenceView['concerning'][number]>();
  for (const self of after.selves) {
    for (const { row, of } of self.concerning()) {
      if (row.seq <= since) continue;
      const { seq, id: event, type, recordedAt, recordedBy, visibility } = row;
      const subject = after.pointer(of.kind, of.id);
      found.set(seq, { seq, event, type, subject, recordedAt, recordedBy, visibility });
    }
  }
  return [...found.values()].sort((a, b) => a.seq - b.seq);
}

function timelineOf(
  build: Build | undefined,
): ReadonlyMap<string, { readonly fact: StandingFact; readonly view: FactView }> {
  if (build === undefined) return new Map();
  const views = build.timeline();
  return new Map(
    build.everyFact().flatMap((fact, index) => {
      const view = views[index];
      return view === undefined ? [] : [[fact.id, { fact, view }]];
    }),
  );
}

function recordsOf(build: Build | undefined): ReadonlyMap<string, StandingRecord> {
  const records = build?.selves.flatMap((self) => self.everyRecord()) ?? [];
  return new Map(records.map((record) => [record.id, record]));
}

function factChanges(before: StandingFact | undefined, after: StandingFact | undefined): readonly FactChange[] {
  if (after === undefined) return ['left'];
  /** Acts of a kind on it that were not there, or are not any more. */
  const differing = (of: (fact: StandingFact) => readonly string[]): { more: boolean; fewer: boolean } => {
    const [was, is] = [before === undefined ? [] : of(before), of(after)];
    return { more: is.some((id) => !was.includes(id)), fewer: was.some((id) => !is.includes(id)) };
  };
  const either = ({ more, fewer }: { more: boolean; fewer: boolean }): boolean => more || fewer;
  const open = differing(({ disputes }) => disputes.flatMap((one) => (one.open ? [one.id] : [])));
  const settled = differing(({ disputes }) => disputes.flatMap(({ settlements }) => settlements.map(({ id }) => id)));
  const ids = (acts: readonly { readonly id: string }[]): readonly string[] => acts.map(({ id }) => id);
  return [
    ...recordChanges(before, after),
    ...only('disputed', open.more),
    ...only('dispute-settled', open.fewer || either(settled)),
    ...only('verified', either(differing(({ verifications }) => ids(verifications)))),
    ...only('told-again', either(differing(({ accounts }) => ids(accounts)))),
    ...only('judged-same', either(differing(({ sameAs }) => sameAs))),
    ...only('assigned-to-case', before !== undefined && before.case !== after.case),
    ...only('visibility-changed', either(differing(({ visibilityChanges }) => ids(visibilityChanges)))),
  ];
}

function recordChanges(before: StandingRecord | undefined, after: StandingRecord | undefined): readonly FactChange[] {
  if (after === undefined) return ['left'];
  const counts = ({ standing }: StandingRecord): boolean => standing === 'standing' || standing === 'corrected';
  const corrected =
    before === undefined
      ? after.corrections.length > 0
      : before.data !== after.data && JSON.stringify(before.data) !== JSON.stringify(after.data);
  const ended = after.standing === 'moved' ? 'moved' : 'withdrawn';
  return [
    ...only('came', before === undefined),
    ...only('corrected', corrected),
    ...only(ended, !counts(after) && (before === undefined || counts(before))),
    ...only('restored', before !== undefined && !counts(before) && counts(after)),
  ];
}

function only(change: FactChange, is: boolean): readonly FactChange[] {
  return is ? [change] : [];
}

/** Also what speaks of a fact by way of another act on it. */
export function actsSince({ after, since }: Sides): ActsSince {
  const found = new Map<string, ActView[]>();
  const add = (facts: readonly string[], act: () => ActView): void => {
    for (const fact of facts) {
      const acts = found.get(fact);
      if (acts === undefined) found.set(fact, [act()]);
      else acts.push(act());
    }
  };
  for (const self of after.selves) {
    for (const row of self.events()) if (row.seq > since) add(spokenOf(self, row), () => after.act(self, row));
    for (const { row, of } of self.concerning()) {
      const other = row.seq > since && isOfFact(row) ? after.find(of.kind, of.id) : undefined;
      if (other !== undefined) add(targetsOf(row), () => after.act(other, row));
    }
  }
  for (const acts of found.values()) acts.sort((a, b) => a.seq - b.seq);
  return found;
}

/** A case says of a person's fact that it belongs to it. */
function isOfFact({ type }: Concerning['row']): boolean {
  return type === 'FactAssignedToCase';
}

function targetsOf({ data: { fact, facts, judgement } }: EventRow): readonly string[] {
  const named = text(fact) ?? text(judgement);
  return named === undefined ? texts(facts) : [named];
}

/** The facts and records that an act of the subject speaks of: of an act on an act, those of that one. */
function spokenOf(subject: Subject, row: EventRow): readonly string[] {
  if (definitionOf(row.type)?.role !== 'act') return [];
  return targetsOf(row).flatMap((id) => {
    const target = subject.event(id);
    // Later than what it speaks of, so this ends.
    const through = target === undefined || target.seq >= row.seq ? [] : spokenOf(subject, target);
    return through.length === 0 ? [id] : through;
  });
}
