/** What all builders of documents share: pointers to other subjects, citations with their words, facts on a timeline. */
import { type ActOnFact, ERASURE_TYPES, type StandingFact } from '#domain';
import type { Day, DayBounds } from '#kernel';
import { byBounds, compare, daysView } from '../days.js';
import { nameOf } from '../naming.js';
import type { EventRow } from '../records.js';
import type {
  ActView,
  CitationView,
  DisputeView,
  Document,
  FactView,
  HistoryEntry,
  SubjectCategory,
  SubjectPointer,
} from '../shapes.js';
import { type Find, mentionsOf, type Subject } from '../subject.js';
import { Answers } from './answers.js';
import type { Built } from './built.js';
import { citationView } from './citation.js';
import { type Data, object, objects, optional, text, texts } from './read.js';

/** Everything that a document is a function of. */
export interface BuildInput {
  /** As known then, like everything that `find` gives. */
  readonly subject: Subject;
  readonly find: Find;
  /** The day that `present` means. */
  readonly day: Day;
  /** Where it is asked what was so in the world on some other day or span of days. */
  readonly span?: DayBounds;
}

/** Fields that every fact has, that stand elsewhere in its view, or that are for nobody who reads. */
const COMMON = new Set([
  'occurred',
  'aspect',
  'after',
  'case',
  'citations',
  'basis',
  'confidence',
  'note',
  'sealed',
  'factType',
  // How the log holds what was erased: it counts everything that the stream holds, hidden events too.
  'redaction',
  'events',
  'key',
  'keys',
]);

/** Where data name events, or what is nowhere else a reference. */
const NAMING_MORE = ['after', 'movedFrom', 'movedTo', 'data', 'alternative'] as const;

export class Build {
  readonly subject: Subject;
  readonly find: Find;
  /** The last day on which the document stays as it is. */
  until: Day = Infinity;
  /** The subject, and the persons who were judged to be one with it: a document shows what is known of all of them. */
  readonly selves: readonly Subject[];
  private readonly answered = new Map<Subject, Answers>();
  private readonly pointers = new Map<string, SubjectPointer>();
  private inOrder: readonly StandingFact[] | undefined;
  private everyInOrder: readonly StandingFact[] | undefined;

  constructor(private readonly input: BuildInput) {
    this.subject = input.subject;
    this.find = input.find;
    this.selves = input.subject.selves(input.find);
  }

  /** The document, once it is put together. */
  finish<D extends Document>(document: Omit<D, 'asOf'>): Built<D> {
    const { kind, id } = this.subject;
    const name = nameOf(this.subject);
    const isRedacted = [...this.subject.events()].some(({ type }) => type === ERASURE_TYPES.redacted);
    return {
      document: isRedacted ? { ...document, redacted: true } : document,
      item: { kind, id, ...optional('name', name), summary: document.summary },
      until: this.until,
    };
  }

  /** Answers of any subject that the document shows answers of. */
  answers(subject: Subject): Answers {
    let found = this.answered.get(subject);
    if (found === undefined) {
      found = Answers.of(subject, this.input.day, this.input.span);
      this.until = Math.min(this.until, found.until);
      this.answered.set(subject, found);
    }
    return found;
  }

  pointer(kind: SubjectCategory, id: string): SubjectPointer {
    const key = `${kind} ${id}`;
    let found = this.pointers.get(key);
    if (found === undefined) {
      const subject = this.find(kind, id);
      found = { kind, id, ...optional('name', subject === undefined ? undefined : nameOf(subject)) };
      this.pointers.set(key, found);
    }
    return found;
  }

  /** What `{person}` or `{group}` in event data points at. */
  pointed(value: unknown): SubjectPointer | undefined {
    const { person, group } = object(value);
    if (typeof person === 'string') return this.pointer('person', person);
    return typeof group === 'string' ? this.pointer('group', group) : undefined;
  }

  /** Who `{person}`, `{group}` or `{name}` in event data speaks of, by name. */
  named(value: unknown): string | undefined {
    return this.pointed(value)?.name ?? text(object(value).name) ?? text(value);
  }

  /** `{group}` or `{name}` in event data, with the group's name. */
  organisation(value: unknown): { readonly id?: string; readonly name?: string } {
    const { group, name } = object(value);
    if (typeof group !== 'string') return optional('name', text(name));
    return { id: group, ...optional('name', this.pointer('group', group).name) };
  }

  citations(value: unknown): readonly CitationView[] {
    return objects(value).map((citation) => this.citation(citation));
  }

  citation(citation: Data): CitationView {
    return citationView(
      citation,
      (id) => this.find('source', id)?.source()?.text,
      (id) => this.pointer('source', id),
    );
  }

  /** The subject's facts that count, in the order in which they happened, as far as that is known. */
  facts(): readonly StandingFact[] {
    return (this.inOrder ??= inOrder(
      this.subject,
      this.selves.flatMap((one) => one.facts()),
    ));
  }

  /** All of them, also those that do not count. */
  everyFact(): readonly StandingFact[] {
    return (this.everyInOrder ??= inOrder(
      this.subject,
      this.selves.flatMap((one) => one.everyFact()),
    ));
  }

  timeline(): readonly FactView[] {
    return this.everyFact().map((fact) => this.fact(this.ofFact(fact), fact));
  }

  /** How a fact of the subject stands, as documents show it. */
  standing(fact: StandingFact, of: Subject = this.ofFact(fact)): FactView['standing'] {
    return of.isProposed(fact) ? 'proposed' : fact.standing;
  }

  /**
   * Data without ids of what is not there for the reader, also in payloads inside of them: facts that came before, and from where to
   * where a fact was moved. An id alone would tell that there is more.
   */
  private seen(of: Subject, data: Data): Data {
    if (!NAMING_MORE.some((name) => name in data)) return data;
    const { after, movedFrom, movedTo, data: inner, alternative, ...rest } = data;
    return {
      ...rest,
      ...optional('after', after === undefined ? undefined : this.known(of, texts(after))),
      ...optional('movedFrom', this.place(movedFrom) === undefined ? undefined : movedFrom),
      ...optional('movedTo', this.place(data.to)?.event(String(movedTo)) === undefined ? undefined : movedTo),
      ...optional('data', inner === undefined ? undefined : this.seen(of, object(inner))),
      ...optional('alternative', alternative === undefined ? undefined : this.seen(of, object(alternative))),
    };
  }

  private known(of: Subject, ids: readonly string[]): readonly string[] {
    return ids.filter((id) => of.event(id) !== undefined || this.selves.some((one) => one.event(id) !== undefined));
  }

  /** What `{person}` or `{group}` in event data is, if it is there for the reader. */
  private place(named: unknown): Subject | undefined {
    const { person, group } = object(named);
    if (typeof person === 'string') return this.find('person', person);
    return typeof group === 'string' ? this.find('group', group) : undefined;
  }

  /** In whose stream it is recorded. */
  private ofFact({ subject: { id } }: StandingFact): Subject {
    return this.selves.find((one) => one.id === id) ?? this.subject;
  }

  fact(subject: Subject, fact: StandingFact): FactView {
    const inCase = subject.caseOf(fact);
    return {
      event: fact.id,
      seq: subject.event(fact.id)?.seq ?? 0,
      type: fact.type,
      subject: this.pointer(subject.kind, subject.id),
      ...optional('occurred', fact.occurred),
      bounds: daysView(boundsOf(subject, fact)),
      aspect: fact.aspect,
      after: this.known(subject, fact.after),
      ...optional('case', inCase === undefined ? undefined : this.pointer('case', inCase)),
      data: own(this.seen(subject, fact.data)),
      mentions: this.mentions(fact),
      citations: this.citations(fact.data.citations),
      ...optional('basis', text(fact.data.basis)),
      ...optional('confidence', text(fact.data.confidence)),
      ...optional('note', text(fact.data.note)),
      standing: this.standing(fact, subject),
      ...(stands(fact) && !subject.counts(fact) && { counts: false }),
      disputed: fact.disputed,
      readings: fact.readings.map(({ id, occurred, bounds }) => ({
        event: id,
        ...optional('occurred', occurred),
        bounds: daysView(bounds),
      })),
      corrections: fact.corrections.map((act) => this.act(subject, act)),
      disputes: this.disputes(subject, fact),
      verifications: fact.verifications.map((act) => this.act(subject, act)),
      accounts: fact.accounts.map((act) => this.act(subject, act)),
      sameAs: fact.sameAs,
      recordedAt: fact.recordedAt,
      recordedBy: fact.recordedBy,
      visibility: fact.visibility,
    };
  }

  disputes(subject: Subject, fact: StandingFact): readonly DisputeView[] {
    return fact.disputes.map((dispute) => {
      const { kind, by, alternative } = dispute.data;
      const { subject: other, data } = object(alternative);
      const pointer = this.pointed(other);
      return {
        ...this.act(subject, dispute),
        kind: text(kind) ?? '',
        ...optional('by', this.named(by)),
        open: dispute.open,
        ...optional('outcome', dispute.outcome),
        settlements: dispute.settlements.map((act) => this.act(subject, act)),
        ...optional(
          'alternative',
          pointer === undefined ? undefined : { subject: pointer, data: own(this.seen(subject, object(data))) },
        ),
      };
    });
  }

  /** An event as it was recorded. */
  event(subject: Subject, row: EventRow): Omit<HistoryEntry, 'changes'> {
    const { reason, ...data } = row.data;
    const inCase = text(data.case);
    return {
      seq: row.seq,
      event: row.id,
      type: row.type,
      subject: this.pointer(subject.kind, subject.id),
      recordedAt: row.recordedAt,
      recordedBy: row.recordedBy,
      visibility: row.visibility,
      ...optional('occurred', text(data.occurred)),
      ...optional('aspect', text(data.aspect)),
      after: this.known(subject, texts(data.after)),
      ...optional('case', inCase === undefined ? undefined : this.pointer('case', inCase)),
      data: this.withWords(own(this.seen(subject, data))),
      mentions: this.mentions(row),
      citations: this.citations(data.citations),
      ...optional('basis', text(data.basis)),
      ...optional('confidence', text(data.confidence)),
      ...optional('note', text(data.note)),
      ...optional('reason', text(reason)),
      ...(!row.opened && { erased: true }),
    };
  }

  /** What a correction or another reading puts in place of a fact, with the words that it cites. */
  private withWords(data: Data): Data {
    const inner = (value: unknown): unknown => {
      const held = object(value);
      if (held.citations !== undefined) return { ...held, citations: this.citations(held.citations) };
      return held.data === undefined ? value : { ...held, data: inner(held.data) };
    };
    return Object.fromEntries(
      Object.entries(data).map(([name, value]) => [
        name,
        name === 'data' || name === 'alternative' ? inner(value) : value,
      ]),
    );
  }

  private mentions({ type, data }: Pick<EventRow, 'type' | 'data'>): FactView['mentions'] {
    return mentionsOf(type, data)
      .filter(({ kind, pointer }) => kind !== 'source' && pointer !== '/case')
      .map(({ kind, id, pointer }) => ({ ...this.pointer(kind, id), pointer }));
  }

  act(subject: Subject, { id, type, data, recordedAt, recordedBy }: ActOnFact): ActView {
    const { reason, citations, ...rest } = data;
    return {
      event: id,
      seq: subject.event(id)?.seq ?? 0,
      type,
      recordedAt,
      recordedBy,
      ...optional('reason', text(reason)),
      citations: this.citations(citations),
      data: own(this.seen(subject, rest)),
    };
  }
}

/** Facts of a subject in the order in which they happened; never in the order in which they were recorded. */
function inOrder(subject: Subject, facts: readonly StandingFact[]): readonly StandingFact[] {
  return [...facts].sort(
    (a, b) =>
      byBounds(boundsOf(subject, a), boundsOf(subject, b)) ||
      compare(a.rank, b.rank) ||
      compare(a.contentHash, b.contentHash) ||
      compare(a.id, b.id),
  );
}

/** The days of a fact after tightening, where it acts on a status. */
export function boundsOf(subject: Subject, fact: StandingFact): DayBounds {
  return subject.status()?.bounds.get(fact.id) ?? fact.bounds;
}

/** Facts that count as having happened, disputed ones too. */
export function stands(fact: StandingFact): boolean {
  return fact.standing === 'standing' || fact.standing === 'corrected';
}

function own(data: Data): Data {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !COMMON.has(name)));
}
