/**
 * What is on record of a subject: its facts as corrected, with everything that was recorded about each of them. The one
 * reading of a subject's events, for decisions and for views alike.
 *
 * The rules
 * - A correction replaces the whole payload. Of several that stand, the last one counts; one that is itself corrected
 *   counts as corrected; one that is withdrawn leaves what was before.
 * - An account is another source's telling of the same fact: its days join those of the fact (the smallest bounds that
 *   hold both). One that gives no date says nothing of the days, and neither does a fact without one.
 * - Days are capped by the day on which the telling was recorded (a correction's telling: the day of the correction) and
 *   by the publication of the sources that it cites; a cap before the earliest day is ignored, and marked.
 * - A dispute is open until it is settled; settled as `undetermined` it stays open. Settled as `upheld`, the fact counts
 *   as withdrawn; as `rejected`, it stands undisputed. The last settlement that stands counts.
 * - Another reading (the alternative of a dispute) is kept with its dispute. It touches nothing else.
 */
import { capBounds, type Day, type DayBounds, hullOf, parseEdtf, recordingDay, UNBOUNDED } from '#kernel';
import type { SubjectId } from '../catalogue/category.js';
import type { Data, EventDefinition } from '../catalogue/definition.js';
import { innerTypeOf } from '../catalogue/references.js';
import type { StatusFact } from '../status/index.js';
import { isPlainObject } from '../validation/fields.js';
import type { Citation } from './citation.js';
import { contentHash } from './content-hash.js';
import type { Visibility } from './event.js';
import { type Standing, standingOf } from './standing.js';
import { type Entry, entriesOf, entryOfEvent, type SubjectState } from './state.js';

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
  /** Nothing of the fact was corrected after it. */
  readonly current: boolean;
}

/** One source's telling of when it was. */
export interface Reading {
  /** The event that tells it: the fact itself, its correction or an account. */
  readonly id: string;
  readonly occurred?: string;
  readonly bounds: DayBounds;
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
  /** Of the fact or of the whole subject, whichever is stricter. */
  readonly visibility: Visibility;
}

export interface StandingFact extends StandingRecord {
  readonly occurred?: string;
  /** Of its readings, before caps. */
  readonly stated: DayBounds;
  /** Of its readings, each capped. */
  readonly bounds: DayBounds;
  readonly capIgnored: boolean;
  /** The fact's own first. */
  readonly readings: readonly Reading[];
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
  return ledgerOf(state).byId.get(id);
}

/** What is on record beside facts and may be corrected like them: what opened the stream, identifiers. */
export function recordsOf(state: SubjectState): readonly StandingRecord[] {
  return ledgerOf(state).records;
}

/** Whether an act (a judgement of identity, an assignment, a capture) still counts. False for an event that is not there. */
export function stands(state: SubjectState, id: string): boolean {
  return entryOfEvent(state, id) !== undefined && !standingOf(state).withdrawals.has(id);
}

/** Who may see what says nothing else: by the last change that stands, else as its first event was recorded. */
export function visibilityOf(state: SubjectState): Visibility {
  return ledgerOf(state).visibility ?? entriesOf(state)[0]?.event.visibility ?? 'internal';
}

/**
 * The facts that act on the status of the subject.
 *
 * Facts that were judged the same count as one: as the one with the least content hash, with the days of all of them,
 * open to dispute only if every one of them is disputed.
 *
 * @param counts which facts count at all: by who asks, by who verified them
 */
export function statusFacts(state: SubjectState, counts: (fact: StandingFact) => boolean): readonly StatusFact[] {
  const counting = factsOf(state).filter((fact) => doesStand(fact) && counts(fact));
  if (counting.every(({ sameAs }) => sameAs.length === 0)) return counting.map(alone);
  const chosen = new Map<string, StandingFact>();
  const byId = new Map(counting.map((fact) => [fact.id, fact]));
  for (const fact of counting) chosen.set(fact.id, [fact, ...others(fact, byId)].sort(byContent)[0] ?? fact);
  return counting
    .filter((fact) => chosen.get(fact.id) === fact)
    .map((fact) => statusFact(fact, others(fact, byId), (id) => chosen.get(id)?.id ?? id));
}

const alones = new WeakMap<StandingFact, StatusFact>();

function alone(fact: StandingFact): StatusFact {
  let found = alones.get(fact);
  if (found === undefined) {
    found = statusFact(fact, [], (id) => id);
    alones.set(fact, found);
  }
  return found;
}

function doesStand({ standing }: StandingRecord): boolean {
  return standing === 'standing' || standing === 'corrected';
}

function others(fact: StandingFact, byId: ReadonlyMap<string, StandingFact>): readonly StandingFact[] {
  return fact.sameAs.flatMap((id) => byId.get(id) ?? []);
}

function byContent(a: StandingFact, b: StandingFact): number {
  if (a.contentHash !== b.contentHash) return a.contentHash < b.contentHash ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function statusFact(fact: StandingFact, same: readonly StandingFact[], countsAs: (id: string) => string): StatusFact {
  const all = [fact, ...same];
  const definition = definitions.get(fact);
  const dated = all.filter(({ stated }) => stated !== UNBOUNDED);
  const tellings = dated.length === 0 ? all : dated;
  const occurred = fact.occurred ?? dated[0]?.occurred;
  const inCase = fact.case ?? all.find((each) => each.case !== undefined)?.case;
  const after = new Set(all.flatMap((each) => each.after.map(countsAs)));
  after.delete(fact.id);
  return {
    id: fact.id,
    ...(occurred !== undefined && { occurred }),
    stated: hullOf(tellings.map(({ stated }) => stated)),
    bounds: hullOf(tellings.map(({ bounds }) => bounds)),
    ...(all.some(({ capIgnored }) => capIgnored) && { capIgnored: true as const }),
    aspect: fact.aspect,
    after: [...after].sort(),
    ...(inCase !== undefined && { case: inCase }),
    effects: definition?.effects(fact.data) ?? [],
    kind: definition?.kind ?? 'other',
    presupposes: definition?.presupposes(fact.data) ?? [],
    attests: definition?.attests(fact.data) ?? [],
    rank: fact.rank,
    contentHash: fact.contentHash,
    disputed: all.every(({ disputed }) => disputed),
  };
}

/** Beside the facts, because a definition is no data. */
const definitions = new WeakMap<StandingFact, EventDefinition>();

interface Ledger {
  readonly facts: readonly StandingFact[];
  readonly byId: ReadonlyMap<string, StandingFact>;
  readonly records: readonly StandingRecord[];
  /** As it was changed for the whole subject, if it was. */
  readonly visibility: Visibility | undefined;
}

const ledgers = new WeakMap<SubjectState, Ledger>();

function ledgerOf(state: SubjectState): Ledger {
  let found = ledgers.get(state);
  if (found === undefined) {
    found = new Reader(state).read();
    ledgers.set(state, found);
  }
  return found;
}

/** A subject is read again after each of its events, and of most facts nothing was recorded but themselves. */
const untouched = new WeakMap<Entry, StandingFact>();

class Reader {
  private readonly standing: Standing;
  private readonly joined: Classes;
  private readonly same: Classes;

  constructor(private readonly state: SubjectState) {
    this.standing = standingOf(state);
    this.joined = new Classes();
    this.same = new Classes();
  }

  read(): Ledger {
    let visibility: Visibility | undefined;
    for (const { event, foreign } of entriesOf(this.state)) {
      if (this.standing.withdrawals.has(event.id)) continue;
      const { data } = event;
      if (event.type === 'CasesJoined' && typeof data.other === 'string') {
        this.joined.join([event.subject?.id ?? this.state.id, data.other]);
      } else if (event.type === 'FactsJudgedSame' && !foreign) this.same.join(strings(data.facts));
      else if (event.type === 'VisibilityChanged' && !foreign && data.fact === undefined) {
        visibility = data.visibility as Visibility;
      }
    }
    const own = entriesOf(this.state).filter(({ foreign }) => !foreign);
    const facts = own
      .filter(({ definition }) => definition.isFact)
      .map((entry) => (this.isUntouched(entry, visibility) ? this.untouched(entry) : this.fact(entry, visibility)));
    const records = own
      .filter(({ definition }) => definition.correctable && !definition.isFact)
      .map((entry) => this.record(entry, visibility));
    return { facts, byId: new Map(facts.map((fact) => [fact.id, fact])), records, visibility };
  }

  /** Nothing was recorded about it or about what it belongs to. */
  private isUntouched({ event: { id } }: Entry, ofSubject: Visibility | undefined): boolean {
    const { actsOn, withdrawals } = this.standing;
    const apart = this.joined.isEmpty && this.same.isEmpty && ofSubject === undefined;
    return apart && actsOn(id).length === 0 && !withdrawals.has(id);
  }

  private untouched(entry: Entry): StandingFact {
    let found = untouched.get(entry);
    if (found === undefined) {
      found = this.fact(entry, undefined);
      untouched.set(entry, found);
    }
    return found;
  }

  private record(entry: Entry, ofSubject: Visibility | undefined): StandingRecord {
    const { event } = entry;
    const { withdrawals, actsOn } = this.standing;
    const withdrawal = withdrawals.get(event.id);
    const { data, corrections } = this.corrected(entry);
    const changes = actsOn(event.id).filter((act) => act.event.type === 'VisibilityChanged');
    const own = (changes.at(-1)?.event.data.visibility as Visibility | undefined) ?? event.visibility;
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
      visibility: ofSubject === undefined ? own : stricter(own, ofSubject),
    };
  }

  private fact(entry: Entry, ofSubject: Visibility | undefined): StandingFact {
    const { event, definition } = entry;
    const record = this.record(entry, ofSubject);
    const acts = this.standing.actsOn(event.id);
    const corrects = correctsA(entry);
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
    const made: StandingFact = {
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
        .map((act) => ({ ...asAct(act), current: !acts.some((other) => corrects(other) && other.index > act.index) })),
      accounts: accounts.map(asAct),
      sameAs: this.same.others(event.id),
      rank: definition.rank,
      contentHash: contentHash(definition, data),
    };
    definitions.set(made, definition);
    return made;
  }

  /** The payload that counts, and the corrections on the way to it. */
  private corrected(entry: Entry): { readonly data: Data; readonly corrections: readonly Entry[] } {
    const corrections: Entry[] = [];
    let data = entry.event.data;
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

/** A correction by a payload of another type says nothing of it; none is accepted, so this only guards the fold. */
function correctsA({ event: { type } }: Entry): (act: Entry) => boolean {
  return (act) => act.event.type === 'FactCorrected' && innerTypeOf(act.event.data)?.type === type;
}

function asAct({ event: { id, type, data, recordedAt, recordedBy } }: Entry): ActOnFact {
  return { id, type, data, recordedAt, recordedBy };
}

interface Telling {
  readonly id: string;
  readonly data: Data;
  readonly recordedAt: string;
}

type Days = Pick<StandingFact, 'stated' | 'bounds' | 'capIgnored' | 'readings' | 'occurred'>;

function readDays(tellings: readonly Telling[]): Days {
  let capIgnored = false;
  const readings = tellings.map(({ id, data, recordedAt }) => {
    const occurred = text(data.occurred);
    const stated = statedBounds(occurred);
    const { bounds, ignored } = capBounds(stated, capsOf(data, recordedAt));
    capIgnored ||= ignored;
    return { id, ...optional('occurred', occurred), stated, bounds };
  });
  const dated = readings.filter(({ stated }) => stated !== UNBOUNDED);
  // Where no telling gives a date, all that is left is that it was before it was told.
  const speaking = dated.length > 0 ? dated : readings.slice(0, 1);
  return {
    ...optional('occurred', (readings[0]?.occurred === undefined ? dated[0] : readings[0])?.occurred),
    stated: dated.length > 0 ? hullOf(dated.map(({ stated }) => stated)) : UNBOUNDED,
    bounds: hullOf(speaking.map(({ bounds }) => bounds)),
    capIgnored,
    readings: readings.map(({ stated: _, ...reading }) => reading),
  };
}

/** UNBOUNDED itself where nothing is said. */
function statedBounds(occurred: string | undefined): DayBounds {
  const parsed = occurred === undefined ? undefined : parseEdtf(occurred);
  if (parsed?.ok !== true) return UNBOUNDED;
  const { bounds } = parsed.value;
  return bounds.earliest === -Infinity && bounds.latest === Infinity ? UNBOUNDED : bounds;
}

function capsOf(data: Data, recordedAt: string): readonly Day[] {
  const recorded = new Date(recordedAt);
  const published = citationsOf(data).flatMap((citation) => {
    const parsed = citation.published === undefined ? undefined : parseEdtf(citation.published);
    return parsed?.ok === true ? [parsed.value.bounds.latest] : [];
  });
  return Number.isNaN(recorded.getTime()) ? published : [recordingDay(recorded), ...published];
}

function citationsOf(data: Data): readonly Citation[] {
  return Array.isArray(data.citations) ? data.citations.filter((each): each is Citation => isPlainObject(each)) : [];
}

const STRICTNESS: readonly Visibility[] = ['public', 'internal', 'confidential'];

function stricter(a: Visibility, b: Visibility): Visibility {
  return STRICTNESS.indexOf(a) >= STRICTNESS.indexOf(b) ? a : b;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Readonly<Partial<Record<Name, Value>>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, Value>>;
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
