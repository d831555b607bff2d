/**
 * One subject as known up to some event: its ledger folded by the domain, the events of others that concern it, and
 * what follows from both. The one way from rows to facts and status, for the present, for any `validAt`, for any
 * `knownAt` and for what each event changes.
 */
import {
  computeStatus,
  countsThrough,
  definitionOf,
  evolve,
  factsOf,
  type IdentityJudgement,
  initial,
  type Inconsistency,
  isVerified,
  type Lens,
  oneWith,
  type OwnLens,
  recordsOf,
  references,
  type Segment,
  sourceOf,
  type SourceRecord,
  type StandingFact,
  type StandingRecord,
  stands,
  type Status,
  statusFacts,
  statusFactsOfOne,
  type SubjectState,
} from '#domain';
import type { Visibility } from '#kernel';
import type { EventRow } from './records.js';
import type { SubjectCategory } from './shapes.js';

/** Which facts count, of those that stand. */
export interface Counting {
  readonly counts: (fact: StandingFact) => boolean;
  /** They are proposals until somebody verifies them. */
  readonly fourEyes: boolean;
}

/** @param own the record's, where another one is looked through */
export function countingThrough(lens: Lens, own: OwnLens): Counting {
  return { counts: countsThrough(lens), fourEyes: own === 'verified' };
}

/** Another subject that an event names, and where. */
export interface Mention {
  readonly kind: SubjectCategory;
  readonly id: string;
  readonly pointer: string;
}

/** The subjects that an event names, also in a payload that a correction or a dispute holds. */
export function mentionsOf(type: string, data: EventRow['data']): readonly Mention[] {
  const definition = definitionOf(type);
  return definition === undefined ? [] : references(definition, data);
}

/** An event of another subject's stream that concerns this one. */
export interface Concerning {
  readonly row: EventRow;
  readonly of: { readonly kind: SubjectCategory; readonly id: string };
}

/** A subject that cites a source, and the seq of its first event that does. */
export interface Citing {
  readonly subject: Subject;
  readonly seq: number;
}

export type Find = (kind: SubjectCategory, id: string) => Subject | undefined;

const NO_AXES: readonly (readonly Segment[])[] = [];

/** What a subject knows the others by. */
interface Others {
  readonly find: Find;
  readonly counting: Counting;
  citing(source: number, from: number): Iterable<Citing>;
  /** Told by a subject that has read more of itself, so that its size counts. */
  grew(subject: Subject): void;
}

export interface SubjectRef {
  readonly sid: number;
  readonly kind: SubjectCategory;
  readonly id: string;
}

export class Subject {
  private state: SubjectState;
  private readonly rows = new Map<string, EventRow>();
  /** Read when they are asked for: thousands may have a role in a group, and most who name it want its name alone. */
  private others: Concerning[] | undefined;
  /** Of a case: subjects that its own events name, by kind and id. */
  private readonly mentioned = new Map<string, Mention>();
  private weight = 1;
  private judged = false;
  private sourceMemo: SourceRecord | undefined;
  private factsMemo: readonly StandingFact[] | undefined;
  private statusMemo: Status | undefined;
  /** The last one that was worked out: most of it holds after one more event. */
  private earlierStatus: Status | undefined;

  constructor(
    readonly ref: SubjectRef,
    own: readonly EventRow[],
    private readonly readConcerning: () => readonly Concerning[],
    private readonly among: Others,
  ) {
    this.state = initial(ref.kind, ref.id);
    if (ref.kind === 'person') this.takeWithOthers(own, readConcerning());
    else for (const row of own) this.learn(row);
  }

  get kind(): SubjectCategory {
    return this.ref.kind;
  }

  get id(): string {
    return this.ref.id;
  }

  /** What it costs to keep at hand: one for each event, and one more for each KiB of it. */
  get size(): number {
    return this.weight;
  }

  /**
   * Takes in the next event of its own stream.
   * @param mentions whom it names, where that was worked out before
   */
  learn(row: EventRow, mentions?: readonly Mention[]): void {
    this.state = evolve(this.state, row);
    this.rows.set(row.id, row);
    this.weight += weightOf(row);
    if (row.type === 'IdentityJudged') this.judged = true;
    if (this.kind === 'case')
      for (const mention of mentions ?? mentionsOf(row.type, row.data))
        this.mentioned.set(`${mention.kind} ${mention.id}`, mention);
    this.sourceMemo = undefined;
    this.factsMemo = undefined;
    this.forgetStatus();
  }

  /** Takes in the next event of another stream that concerns it. */
  hear(event: Concerning): void {
    // What was not read yet will be read with it.
    if (this.others === undefined) return;
    this.others.push(event);
    this.weight += weightOf(event.row);
    if (event.row.type === 'IdentityJudged') this.judged = true;
    // What a case says of its facts is part of a person's ledger.
    if (this.kind === 'person' && event.of.kind === 'case') {
      this.state = evolve(this.state, { ...event.row, subject: event.of });
      this.factsMemo = undefined;
    }
    this.forgetStatus();
  }

  /** What its answers rest on outside of its own events has changed. */
  forgetStatus(): void {
    if (this.statusMemo !== undefined) this.earlierStatus = this.statusMemo;
    this.statusMemo = undefined;
  }

  /** Forgets also what makes the next answer cheap, and weighs most of all that it holds. */
  letGoOfStatus(): void {
    this.statusMemo = undefined;
    this.earlierStatus = undefined;
    this.factsMemo = undefined;
  }

  /** An act of its stream (a judgement, an assignment, a join) that was not withdrawn. */
  stands(event: string): boolean {
    return stands(this.state, event);
  }

  /** Who may see the subject: whoever may see what it was entered with. */
  visibility(): Visibility {
    const [entry] = this.rows.values();
    return entry?.visibility ?? 'confidential';
  }

  /** Every fact of its stream that counts; withdrawn ones too, where they did. */
  facts(): readonly StandingFact[] {
    return (this.factsMemo ??= factsOf(this.state).filter(this.among.counting.counts));
  }

  /** Every fact of its stream, whether it counts or not. */
  everyFact(): readonly StandingFact[] {
    return factsOf(this.state);
  }

  /** Whether a fact of its stream counts, as far as that depends on more than that it stands. */
  counts(fact: StandingFact): boolean {
    return this.among.counting.counts(fact);
  }

  /** A fact of its stream that stands, and that nobody has verified as the record asks. */
  isProposed(fact: StandingFact): boolean {
    const { standing } = fact;
    return this.among.counting.fourEyes && (standing === 'standing' || standing === 'corrected') && !isVerified(fact);
  }

  /** Its own events in the order of the log. */
  events(): Iterable<EventRow> {
    return this.rows.values();
  }

  /** What is on record beside facts, as corrected: what it was entered with, identifiers. Withdrawn ones too. */
  everyRecord(): readonly StandingRecord[] {
    return recordsOf(this.state);
  }

  /** What is on record beside facts, and not withdrawn. */
  records(): readonly StandingRecord[] {
    return this.everyRecord().filter(({ standing }) => standing === 'standing' || standing === 'corrected');
  }

  /** What it was entered with, as corrected since. */
  entry(): StandingRecord | undefined {
    const isEntry = ({ type }: StandingRecord): boolean => definitionOf(type)?.role === 'entry';
    return this.records().find(isEntry) ?? this.everyFact().find(isEntry);
  }

  /** What a source is known to be, with its text; undefined for other subjects. */
  source(): SourceRecord | undefined {
    return this.kind === 'source' ? (this.sourceMemo ??= sourceOf(this.state)) : undefined;
  }

  event(id: string): EventRow | undefined {
    return this.rows.get(id);
  }

  concerning(): readonly Concerning[] {
    if (this.others === undefined) {
      this.others = [...this.readConcerning()];
      for (const { row } of this.others) this.weight += weightOf(row);
      this.among.grew(this);
    }
    return this.others;
  }

  /** Of a source: whose events cite it, from this seq on. */
  citing(from = 0): Iterable<Citing> {
    return this.among.citing(this.ref.sid, from);
  }

  /** Of a case: whom its own events name. */
  mentions(): Iterable<Mention> {
    return this.mentioned.values();
  }

  /** Its answers; for a subject without axes, undefined. */
  status(): Status | undefined {
    if (this.kind !== 'person' && this.kind !== 'group') return undefined;
    return (this.statusMemo ??= this.computeStatus(this.kind));
  }

  segments(): readonly Segment[] {
    return this.axes().flat();
  }

  /** Its answers over all time, a list for each axis, case and key: the same object as long as they are the same. */
  axes(): readonly (readonly Segment[])[] {
    return this.status()?.axes() ?? NO_AXES;
  }

  inconsistencies(): readonly Inconsistency[] {
    return this.status()?.inconsistencies ?? [];
  }

  /** The case that a fact counts in; joined cases are one. */
  caseOf({ case: inCase }: { readonly case?: string }): string | undefined {
    return inCase === undefined ? undefined : oneOfJoined(inCase, this.among.find);
  }

  /** Somebody judged who it is, and may have revoked that. */
  get isJudged(): boolean {
    return this.judged;
  }

  /** The persons who were judged to be one with this one, itself first; for everybody else, itself alone. */
  selves(find: Find = this.among.find): readonly Subject[] {
    if (!this.judged) return [this];
    const judgements = (id: string): readonly IdentityJudgement[] =>
      (id === this.id ? this : find('person', id))?.judgements(find) ?? [];
    const [, ...others] = oneWith(this.id, judgements);
    return [this, ...others.flatMap((id) => find('person', id) ?? [])];
  }

  /** Judgements of its identity that stand, recorded of it or of others. */
  private judgements(find: Find): readonly IdentityJudgement[] {
    const found: IdentityJudgement[] = [];
    const add = (at: Subject | undefined, { id, type, data, seq }: EventRow): void => {
      const { person, verdict } = data;
      if (type !== 'IdentityJudged' || at?.stands(id) !== true) return;
      if (typeof person === 'string' && typeof verdict === 'string')
        found.push({ persons: [at.id, person], verdict, seq });
    };
    for (const row of this.rows.values()) add(this, row);
    for (const { row, of } of this.concerning()) if (row.type === 'IdentityJudged') add(find(of.kind, of.id), row);
    return found;
  }

  private computeStatus(kind: 'person' | 'group'): Status {
    const selves = this.selves();
    const { counts } = this.among.counting;
    const facts =
      selves.length === 1
        ? statusFacts(this.state, counts)
        : statusFactsOfOne(
            selves.map(({ state }) => state),
            counts,
          );
    const earlier = this.earlierStatus;
    this.earlierStatus = undefined;
    if (kind === 'group') return computeStatus(kind, facts, earlier);
    return computeStatus(
      kind,
      facts.map((fact) => {
        const inCase = this.caseOf(fact);
        return inCase === undefined || inCase === fact.case
          ? fact
          : { ...fact, contentHash: fact.contentHash, case: inCase };
      }),
      earlier,
    );
  }

  /** Both in the order of the log, as they were taken in when they came: a person's ledger holds what cases say of its facts. */
  private takeWithOthers(own: readonly EventRow[], concerning: readonly Concerning[]): void {
    this.others = [];
    let next = 0;
    for (const event of concerning) {
      for (let row = own[next]; row !== undefined && row.seq < event.row.seq; row = own[++next]) this.learn(row);
      this.hear(event);
    }
    for (const row of own.slice(next)) this.learn(row);
  }
}

function weightOf({ length }: EventRow): number {
  return 1 + (length >>> 10);
}

/** Every case that was joined to this one, directly or through others, itself included. */
export function joinedCases(id: string, find: Find): ReadonlySet<string> {
  const joined = new Set([id]);
  for (const one of joined) {
    const legalCase = find('case', one);
    if (legalCase === undefined) continue;
    for (const { id: event, type, data } of legalCase.events()) {
      if (type === 'CasesJoined' && typeof data.other === 'string' && legalCase.stands(event)) joined.add(data.other);
    }
    for (const { row, of } of legalCase.concerning()) {
      if (row.type === 'CasesJoined' && find('case', of.id)?.stands(row.id) === true) joined.add(of.id);
    }
  }
  return joined;
}

/** The id that joined cases go by: the least, so that it does not depend on who was joined to whom. */
function oneOfJoined(id: string, find: Find): string {
  return [...joinedCases(id, find)].sort()[0] ?? id;
}

/** Persons with whoever was judged to be one with them, each once; always in the same order. */
export function withSelves(subjects: readonly Subject[]): readonly Subject[] {
  if (!subjects.some(({ isJudged }) => isJudged)) return subjects;
  const all = new Map(subjects.map((one) => [one.ref.sid, one]));
  for (const one of subjects.flatMap((each) => each.selves())) if (!all.has(one.ref.sid)) all.set(one.ref.sid, one);
  return [...all.values()].sort((a, b) => a.ref.sid - b.ref.sid);
}
