/**
 * What is on record of a subject: its facts as corrected, with everything that was recorded about each of them. The one
 * reading of a subject's events, for decisions and for views alike.
 *
 * The rules
 * - A correction replaces the whole payload. Of several that stand, the last one counts; one that is itself corrected
 *   counts as corrected; one that is withdrawn leaves what was before.
 * - An account is another source's telling of the same fact: its days join those of the fact (the smallest bounds that
 *   hold both). One that gives no date says nothing of the days, and neither does a fact without one.
 * - A dispute is open until it is settled; settled as `undetermined` it stays open. Settled as `upheld`, the fact counts
 *   as withdrawn; as `rejected`, it stands undisputed. The last settlement that stands counts.
 * - Another reading (the alternative of a dispute) is kept with its dispute. It touches nothing else.
 */
import type { Visibility } from '#kernel';
import { definitionOf } from '../catalogue/catalogue.js';
import type { SubjectId } from '../catalogue/category.js';
import type { Data } from '../catalogue/definition.js';
import { isPlainObject } from '../validation/fields.js';
import type { Citation } from './citation.js';
import { contentHash } from './content-hash.js';
import { type Days, readDays } from './days.js';
import type { DomainEvent } from './event.js';
import { citationsOf, optional, strings, text } from './reading.js';
import { type Standing, standingOf } from './standing.js';
import { type Entry, entriesOf, entryOfEvent, isLatest, type SubjectState } from './state.js';
import { correctsA, saysTheSame } from './verified.js';

/** Something that was recorded about a fact, by its event. */
export interface ActOnFact {
  readonly id: string;
  readonly type: string;
  readonly data: Data;
  readonly recordedAt: string;
  readonly recordedBy: string;
}

export interface DisputeOfFact extends ActOnFact {
  readonly open: boolean;
  /** As settled last. */
  readonly outcome?: 'upheld' | 'rejected' | 'undetermined';
  readonly settlements: readonly ActOnFact[];
}

export interface VerificationOfFact extends ActOnFact {
  /** The fact says what it said then: nothing of it was corrected or dated otherwise since. */
  readonly current: boolean;
}

/** An event that says something of its subject by itself, as corrected. */
export interface StandingRecord {
  readonly id: string;
  readonly type: string;
  readonly subject: SubjectId;
  /** As corrected. Personal fields that were erased are missing. */
  readonly data: Data;
  /** `withdrawn`, `moved`: it counts no more; only then is it other than standing as recorded, or as corrected. */
  readonly standing: 'standing' | 'corrected' | 'withdrawn' | 'moved';
  /** The act that withdrew or moved it, or the settlement that upheld a dispute. */
  readonly withdrawnBy?: string;
  /** All that stand, in order; the payload is the last one's. */
  readonly corrections: readonly ActOnFact[];
  /** Of its recording. */
  readonly recordedAt: string;
  readonly recordedBy: string;
  /** Of its event. Who may see it by everything that was recorded since: levels.ts. */
  readonly visibility: Visibility;
}

export interface StandingFact extends StandingRecord, Days {
  readonly aspect: 'began' | 'observed';
  readonly after: readonly string[];
  /** As assigned last, else as recorded; of cases that were joined, the one with the least id. */
  readonly case?: string;
  readonly citations: readonly Citation[];
  readonly basis?: string;
  readonly confidence?: string;
  readonly note?: string;
  readonly disputed: boolean;
  readonly disputes: readonly DisputeOfFact[];
  readonly verifications: readonly VerificationOfFact[];
  readonly accounts: readonly ActOnFact[];
  /** What was said of who may see it. */
  readonly visibilityChanges: readonly ActOnFact[];
  /** Other facts of the subject that were judged to be this one, sorted. */
  readonly sameAs: readonly string[];
  readonly rank: number;
  readonly contentHash: string;
}

/** Every fact of the subject in the order of recording, withdrawn ones too. */
export function factsOf(state: SubjectState): readonly StandingFact[] {
  return ledgerOf(state).facts;
}

export function factOf(state: SubjectState, id: string): StandingFact | undefined {
  return ledgerOf(state).find(id);
}

/** What is on record beside facts and may be corrected like them: what opened the stream, identifiers. */
export function recordsOf(state: SubjectState): readonly StandingRecord[] {
  return ledgerOf(state).records;
}

/** Whether an act (a judgement of identity, an assignment, a capture) still counts. False for an event that is not there. */
export function stands(state: SubjectState, id: string): boolean {
  return entryOfEvent(state, id) !== undefined && !standingOf(state).withdrawals.has(id);
}

class Ledger {
  private byId: ReadonlyMap<string, StandingFact> | undefined;

  constructor(
    readonly facts: readonly StandingFact[],
    readonly records: readonly StandingRecord[],
    /** Nothing was recorded that speaks of facts to come: cases joined, facts judged the same. */
    readonly isPlain: boolean,
  ) {}

  find(id: string): StandingFact | undefined {
    return (this.byId ??= new Map(this.facts.map((fact) => [fact.id, fact]))).get(id);
  }

  /** With what was recorded since; undefined where that says something of what was recorded before. */
  extended(state: SubjectState, since: readonly Entry[]): Ledger | undefined {
    const isPlain = ({ foreign, definition }: Entry): boolean => !foreign && definition.role !== 'act';
    if (!this.isPlain || !since.every(isPlain)) return undefined;
    const more = new Reader(state, ALL_STANDS).ofOwn(since);
    const { facts, records } = more;
    return new Ledger(
      facts.length === 0 ? this.facts : this.facts.concat(facts),
      records.length === 0 ? this.records : this.records.concat(records),
      true,
    );
  }
}

/** What was read last of the entries that the states of one subject share: of its first so many. */
interface LastReading {
  size: number;
  ledger: Ledger;
}

const lastReadings = new WeakMap<readonly Entry[], LastReading>();
/** Of states that had been left behind when they were read. */
const ledgers = new WeakMap<SubjectState, Ledger>();

function ledgerOf(state: SubjectState): Ledger {
  if (!isLatest(state)) {
    let found = ledgers.get(state);
    if (found === undefined) ledgers.set(state, (found = new Reader(state).read()));
    return found;
  }
  const entries = entriesOf(state);
  const last = lastReadings.get(entries);
  if (last === undefined) {
    const ledger = new Reader(state).read();
    lastReadings.set(entries, { size: state.size, ledger });
    return ledger;
  }
  if (last.size !== state.size) {
    last.ledger = last.ledger.extended(state, entries.slice(last.size)) ?? new Reader(state).read();
    last.size = state.size;
  }
  return last.ledger;
}

/**
 * By the event itself: a subject is read again after each of its events, and at many moments, and of most facts nothing was
 * recorded but themselves.
 */
const untouched = new WeakMap<DomainEvent, StandingFact>();

const NONE: readonly never[] = [];
const ALL_STANDS: Standing = { withdrawals: new Map(), actsOn: () => NONE };

/** Few facts are ever compared by what they say. One descriptor for all: a getter of its own would make each fact slow. */
const HASHED_WHEN_ASKED = {
  get(this: Omit<StandingFact, 'contentHash'>): string {
    const definition = definitionOf(this.type);
    if (definition === undefined) throw new TypeError('A fact is of a type that the catalogue has.');
    return contentHash(definition, this.data);
  },
  enumerable: true,
};

class Reader {
  private readonly joined = new Classes();
  private readonly same = new Classes();

  constructor(
    private readonly state: SubjectState,
    private readonly standing: Standing = standingOf(state),
  ) {}

  read(): Ledger {
    for (const { event, foreign } of entriesOf(this.state)) {
      if (this.standing.withdrawals.has(event.id)) continue;
      const { data } = event;
      if (event.type === 'CasesJoined' && typeof data.other === 'string') {
        this.joined.join([event.subject?.id ?? this.state.id, data.other]);
      } else if (event.type === 'FactsJudgedSame' && !foreign) this.same.join(strings(data.facts));
    }
    const { facts, records } = this.ofOwn(entriesOf(this.state));
    return new Ledger(facts, records, this.joined.isEmpty && this.same.isEmpty);
  }

  /** What these entries say, as far as they are the subject's own. */
  ofOwn(entries: readonly Entry[]): Pick<Ledger, 'facts' | 'records'> {
    const facts: StandingFact[] = [];
    const records: StandingRecord[] = [];
    for (const entry of entries) {
      const { foreign, definition } = entry;
      if (foreign) continue;
      if (definition.isFact) facts.push(this.isUntouched(entry) ? this.untouched(entry) : this.fact(entry));
      else if (definition.correctable) records.push(this.record(entry));
    }
    return { facts, records };
  }

  /** Nothing was recorded about it or about what it belongs to. */
  private isUntouched({ event: { id } }: Entry): boolean {
    const { actsOn, withdrawals } = this.standing;
    return this.joined.isEmpty && this.same.isEmpty && actsOn(id).length === 0 && !withdrawals.has(id);
  }

  private untouched(entry: Entry): StandingFact {
    let found = untouched.get(entry.event);
    if (found === undefined) {
      found = this.fact(entry);
      untouched.set(entry.event, found);
    }
    return found;
  }

  private record(entry: Entry): StandingRecord {
    const { event } = entry;
    const { withdrawals } = this.standing;
    const withdrawal = withdrawals.get(event.id);
    const { data, corrections } = this.corrected(entry);
    return {
      id: event.id,
      type: event.type,
      subject: { kind: this.state.kind, id: this.state.id },
      data,
      standing: withdrawal?.how ?? (corrections.length > 0 ? 'corrected' : 'standing'),
      ...(withdrawal !== undefined && { withdrawnBy: withdrawal.by.event.id }),
      corrections: corrections.map(asAct),
      recordedAt: event.recordedAt,
      recordedBy: event.recordedBy,
      visibility: event.visibility,
    };
  }

  private fact(entry: Entry): StandingFact {
    const { event, definition } = entry;
    const record = this.record(entry);
    const acts = this.standing.actsOn(event.id);
    const accounts = acts.filter((act) => act.event.type === 'AccountAdded');
    const disputes = this.disputes(acts);
    const upheld = disputes.findLast(({ outcome }) => outcome === 'upheld');
    const { data } = record;
    const lastCorrection = record.corrections.at(-1);
    const days = readDays([
      { id: lastCorrection?.id ?? event.id, data, recordedAt: lastCorrection?.recordedAt ?? event.recordedAt },
      ...accounts.map((account) => account.event),
    ]);
    const { aspect, basis, confidence, note } = data;
    const inCase = this.caseOf(data, acts);
    const fact = {
      ...record,
      ...(record.withdrawnBy === undefined &&
        upheld !== undefined && {
          standing: 'withdrawn',
          ...optional('withdrawnBy', upheld.settlements.at(-1)?.id),
        }),
      ...days,
      aspect: aspect === 'observed' ? 'observed' : 'began',
      after: strings(data.after),
      ...optional('case', inCase),
      citations: citationsOf(data),
      ...optional('basis', text(basis)),
      ...optional('confidence', text(confidence)),
      ...optional('note', text(note)),
      disputed: disputes.some(({ open }) => open),
      disputes,
      verifications: acts
        .filter((act) => act.event.type === 'FactVerified')
        .map((act) => ({ ...asAct(act), current: saysTheSame(this.state, entry, act) })),
      accounts: accounts.map(asAct),
      visibilityChanges: acts.filter((act) => act.event.type === 'VisibilityChanged').map(asAct),
      sameAs: this.same.others(event.id),
      rank: definition.rank,
    };
    return Object.defineProperty(fact, 'contentHash', HASHED_WHEN_ASKED) as unknown as StandingFact;
  }

  /** The payload that counts, and the corrections on the way to it. */
  private corrected(entry: Entry): { readonly data: Data; readonly corrections: readonly Entry[] } {
    const corrections: Entry[] = [];
    let data = entry.event.data;
    if (this.standing.actsOn(entry.event.id).length === 0) return { data, corrections };
    let of: Entry | undefined = entry;
    while (of !== undefined) {
      const standing: readonly Entry[] = this.standing.actsOn(of.event.id).filter(correctsA(entry));
      corrections.push(...standing);
      of = standing.at(-1);
      // Later than what it corrects, so this ends.
      if (of !== undefined && isPlainObject(of.event.data.data)) data = of.event.data.data;
    }
    return { data, corrections };
  }

  private disputes(acts: readonly Entry[]): readonly DisputeOfFact[] {
    const settlements = acts.filter((act) => act.event.type === 'DisputeSettled');
    return acts
      .filter((act) => act.event.type === 'FactDisputed')
      .map((dispute) => {
        const settled = settlements.filter(
          ({ index, event: { data } }) =>
            index > dispute.index && (data.dispute === undefined || data.dispute === dispute.event.id),
        );
        const outcome = settled.at(-1)?.event.data.outcome as DisputeOfFact['outcome'];
        return {
          ...asAct(dispute),
          open: outcome === undefined || outcome === 'undetermined',
          ...optional('outcome', outcome),
          settlements: settled.map(asAct),
        };
      });
  }

  private caseOf(data: Data, acts: readonly Entry[]): string | undefined {
    const assigned = acts.findLast(({ event, foreign }) => event.type === 'FactAssignedToCase' && foreign);
    const found = assigned?.event.subject?.id ?? text(data.case);
    return found === undefined ? undefined : this.joined.least(found);
  }
}

function asAct({ event: { id, type, data, recordedAt, recordedBy } }: Entry): ActOnFact {
  return { id, type, data, recordedAt, recordedBy };
}

/** Things that are one, by what was joined to what. */
class Classes {
  private readonly members = new Map<string, Set<string>>();

  join(ids: readonly string[]): void {
    const all = new Set(ids.flatMap((id) => [...(this.members.get(id) ?? [id])]));
    for (const id of all) this.members.set(id, all);
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  least(id: string): string {
    return [...(this.members.get(id) ?? [])].sort()[0] ?? id;
  }

  others(id: string): readonly string[] {
    return [...(this.members.get(id) ?? [])].filter((other) => other !== id).sort();
  }
}
