/**
 * One subject as known up to some event: its ledger folded by the domain, the events of others that concern it, and
 * what follows from both. The one way from rows to facts and status, for the present, for any `validAt`, for any
 * `knownAt` and for what each event changes.
 */
import {
  computeStatus,
  definitionOf,
  evolve,
  factsOf,
  initial,
  type Inconsistency,
  references,
  type Segment,
  type StandingFact,
  type Status,
  statusFacts,
  type SubjectState,
} from '#domain';
import type { EventRow } from './records.js';
import type { SubjectCategory } from './shapes.js';

/** Which facts count: all of them, those that a reader may see, those that somebody verified. */
export type Counts = (fact: StandingFact) => boolean;

export const EVERY_FACT: Counts = () => true;

/** Another subject that an event names, and where. */
export interface Mention {
  readonly kind: SubjectCategory;
  readonly id: string;
  readonly pointer: string;
}

/** The subjects that an event names. */
export function mentionsOf(type: string, data: EventRow['data']): readonly Mention[] {
  const definition = definitionOf(type);
  return definition === undefined ? [] : references(definition, data);
}

/** An event of another subject's stream that concerns this one. */
export interface Concerning {
  readonly row: EventRow;
  readonly of: { readonly kind: SubjectCategory; readonly id: string };
}

export type Find = (kind: SubjectCategory, id: string) => Subject | undefined;

export interface SubjectRef {
  readonly sid: number;
  readonly kind: SubjectCategory;
  readonly id: string;
}

export class Subject {
  private state: SubjectState;
  private readonly rows = new Map<string, EventRow>();
  private readonly others: Concerning[];
  /** Subjects that its own events name, by kind and id. */
  private readonly mentioned = new Map<string, Mention>();
  private factsMemo: readonly StandingFact[] | undefined;
  private statusMemo: Status | undefined;
  private segmentsMemo: readonly Segment[] | undefined;

  constructor(
    readonly ref: SubjectRef,
    own: readonly EventRow[],
    concerning: readonly Concerning[],
    private readonly find: Find,
    private readonly counts: Counts,
  ) {
    this.state = initial(ref.kind, ref.id);
    this.others = [...concerning];
    for (const row of own) this.learn(row);
  }

  get kind(): SubjectCategory {
    return this.ref.kind;
  }

  get id(): string {
    return this.ref.id;
  }

  /** How many events it holds: what it costs to keep at hand. */
  get size(): number {
    return 1 + this.rows.size + this.others.length;
  }

  /** Takes in the next event of its own stream. */
  learn(row: EventRow, mentions: readonly Mention[] = mentionsOf(row.type, row.data)): void {
    this.state = evolve(this.state, row);
    this.rows.set(row.id, row);
    for (const mention of mentions) this.mentioned.set(`${mention.kind} ${mention.id}`, mention);
    this.factsMemo = undefined;
    this.forgetStatus();
  }

  /** Takes in the next event of another stream that concerns it. */
  hear(event: Concerning): void {
    this.others.push(event);
    this.forgetStatus();
  }

  /** What its answers rest on outside of its own events has changed. */
  forgetStatus(): void {
    this.statusMemo = undefined;
    this.segmentsMemo = undefined;
  }

  ledger(): SubjectState {
    return this.state;
  }

  /** Every fact of its stream, withdrawn ones too, that counts. */
  facts(): readonly StandingFact[] {
    return (this.factsMemo ??= factsOf(this.state).filter(this.counts));
  }

  /** Its own events in the order of the log. */
  events(): Iterable<EventRow> {
    return this.rows.values();
  }

  /** What it was entered with, as corrected since. */
  entry(): { readonly id: string; readonly data: EventRow['data'] } | undefined {
    return entriesOf(this.state)[0];
  }

  event(id: string): EventRow | undefined {
    return this.rows.get(id);
  }

  concerning(): readonly Concerning[] {
    return this.others;
  }

  mentions(): Iterable<Mention> {
    return this.mentioned.values();
  }

  /** Its answers; for a subject without axes, undefined. */
  status(): Status | undefined {
    if (this.kind !== 'person' && this.kind !== 'group') return undefined;
    return (this.statusMemo ??= this.computeStatus(this.kind));
  }

  segments(): readonly Segment[] {
    return (this.segmentsMemo ??= this.status()?.segments() ?? []);
  }

  inconsistencies(): readonly Inconsistency[] {
    return this.status()?.inconsistencies ?? [];
  }

  /** The case that a fact counts in: the one it was assigned to last, else its own; joined cases are one. */
  caseOf(fact: { readonly id: string; readonly case?: string }): string | undefined {
    const id = this.assignments().get(fact.id) ?? fact.case;
    return id === undefined ? undefined : oneOfJoined(id, this.find);
  }

  private computeStatus(kind: 'person' | 'group'): Status {
    const facts = statusFacts(this.state, this.counts);
    if (kind === 'group') return computeStatus(kind, facts);
    return computeStatus(
      kind,
      facts.map((fact) => {
        const inCase = this.caseOf(fact);
        return inCase === undefined || inCase === fact.case ? fact : { ...fact, case: inCase };
      }),
    );
  }

  private assignments(): ReadonlyMap<string, string> {
    const assigned = new Map<string, string>();
    for (const { row, of } of this.others) {
      const { person, fact } = row.data;
      if (row.type === 'FactAssignedToCase' && person === this.id && typeof fact === 'string') assigned.set(fact, of.id);
    }
    return assigned;
  }
}

/** Every case that was joined to this one, directly or through others, itself included. */
export function joinedCases(id: string, find: Find): ReadonlySet<string> {
  const joined = new Set([id]);
  for (const one of joined) {
    const legalCase = find('case', one);
    if (legalCase === undefined) continue;
    for (const row of legalCase.events()) {
      if (row.type === 'CasesJoined' && typeof row.data['other'] === 'string') joined.add(row.data['other']);
    }
    for (const { row, of } of legalCase.concerning()) {
      if (row.type === 'CasesJoined' && of.kind === 'case') joined.add(of.id);
    }
  }
  return joined;
}

/** The id that joined cases go by: the least, so that it does not depend on who was joined to whom. */
function oneOfJoined(id: string, find: Find): string {
  return [...joinedCases(id, find)].sort()[0] ?? id;
}
