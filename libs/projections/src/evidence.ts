/**
 * Which events prove what is said of a subject, as known at a seq: its own stream, the statements that bear on it, what else
 * other subjects' streams hold that concerns it, with who those are and what was recorded about those very events since; and
 * every source that any of them names.
 */
import { definitionOf, ERASURE_TYPES } from '#domain';
import { streamName } from '#kernel';
import { partiesOf } from './documents/parties.js';
import { Knowledge } from './knowledge.js';
import type { Evidence, EvidenceStream } from './ports.js';
import type { EventRow, Records, SubjectRow } from './records.js';
import { joinedCases, mentionsOf, type Subject } from './subject.js';

const EVENTS_AT_HAND = 20_000;
const ALL = Number.MAX_SAFE_INTEGER;

export function evidenceOf(records: Records, row: SubjectRow, seq: number): Omit<Evidence, 'document'> {
  if (row.entered > seq) return { streams: [], sources: [], later: records.history(row.sid, seq, ALL).length };
  // What proves something is there whether it counts already or not.
  const knowledge = new Knowledge(records, EVENTS_AT_HAND, seq, 'all');
  const gathering = new Gathering(records, seq);
  const selves = selvesOf(row, knowledge);
  for (const self of selves) gathering.takeWhole(self.ref.sid);
  let later = 0;
  for (const self of selves) {
    for (const event of records.history(self.ref.sid, 0, ALL)) {
      if (event.seq > seq) later++;
      else gathering.take(event);
    }
  }
  if (row.kind === 'case') {
    for (const event of factsOfCases(selves, knowledge)) gathering.take(event);
  }
  return { later, ...gathering.complete() };
}

/** Those that are shown as one. */
function selvesOf({ sid, kind, id }: SubjectRow, knowledge: Knowledge): readonly Subject[] {
  const { find } = knowledge;
  const subject = knowledge.bySid(sid);
  if (subject === undefined) throw new RangeError('The subject was not there yet.');
  if (kind !== 'case') return subject.selves(find);
  return [...joinedCases(id, find)].flatMap((joined) => find('case', joined) ?? []);
}

/** The facts that belong to cases, also those that came to do so by an event of the case alone. */
function factsOfCases(cases: readonly Subject[], { find }: Knowledge): readonly EventRow[] {
  const ids = cases.map(({ id }) => id).sort();
  const parties = (['person', 'group'] as const).flatMap((kind) => partiesOf(kind, ids, find));
  return parties.flatMap((party) =>
    party.facts().flatMap((fact) => {
      const inCase = party.caseOf(fact);
      return inCase !== undefined && ids.includes(inCase) ? (party.event(fact.id) ?? []) : [];
    }),
  );
}

class Gathering {
  /** Streams that are taken whole, in the order in which they were found to be needed. */
  private readonly whole = new Map<number, SubjectRow>();
  /** Of other streams, some events, by their ids. */
  private readonly parts = new Map<number, Map<string, EventRow>>();

  constructor(
    private readonly records: Records,
    private readonly seq: number,
  ) {}

  takeWhole(sid: number): void {
    const subject = this.records.subjectBySid(sid);
    if (subject !== undefined) this.whole.set(sid, subject);
  }

  /** Of a statement all is taken: whoever made it may have taken it back. */
  take(event: EventRow): void {
    const kind = this.records.subjectBySid(event.sid)?.kind;
    if (kind === 'statement' || kind === 'source') this.takeWhole(event.sid);
    else if (kind !== undefined && !this.whole.has(event.sid)) {
      const part = this.parts.get(event.sid) ?? new Map<string, EventRow>();
      this.parts.set(event.sid, part.set(event.id, event));
    }
  }

  complete(): Pick<Evidence, 'streams' | 'sources'> {
    for (const [sid, part] of this.parts) {
      for (const row of this.rowsOf(sid)) if (belongsTo(row, part)) part.set(row.id, row);
      this.takeSourcesOf(part.values());
    }
    // Grows while it is gone through: a source may say that it depends on another.
    for (const sid of this.whole.keys()) this.takeSourcesOf(this.rowsOf(sid));
    const sources = [...this.whole.values()].filter(({ kind }) => kind === 'source').map(({ id }) => id);
    return { streams: [...this.start(), ...this.wholeStreams(), ...this.partsOfStreams()], sources };
  }

  private rowsOf(sid: number): readonly EventRow[] {
    return this.records.own(sid, this.seq);
  }

  private takeSourcesOf(rows: Iterable<EventRow>): void {
    for (const { type, data } of rows) {
      for (const { kind, id } of mentionsOf(type, data)) {
        const source = kind === 'source' ? this.records.subject(kind, id) : undefined;
        if (source !== undefined) this.takeWhole(source.sid);
      }
    }
  }

  /** What gives the log the id that every hash covers. */
  private start(): readonly EvidenceStream[] {
    const stream = this.records.placeOf(1)?.stream;
    return stream === undefined ? [] : [this.wholeStream(stream)];
  }

  private wholeStreams(): readonly EvidenceStream[] {
    return [...this.whole.values()].map(({ kind, id }) => this.wholeStream(streamName(kind, id)));
  }

  private wholeStream(stream: string): EvidenceStream {
    return { stream, whole: true, events: this.records.placesIn(stream, 1, this.seq, ALL) };
  }

  private partsOfStreams(): readonly EvidenceStream[] {
    return [...this.parts.values()].map((part) => {
      const seqs = [...part.values()].map(({ seq }) => seq).sort((a, b) => a - b);
      const events = seqs.map((seq) => ({ seq, revision: this.records.placeOf(seq)?.revision ?? 0 }));
      return { stream: this.records.placeOf(seqs[0] ?? 0)?.stream ?? '', whole: false, events };
    });
  }
}

/**
 * It says who the stream is about, or it was recorded about what is taken of it (what it is about comes before it), or it says which
 * words of it were told again.
 */
function belongsTo({ type, data }: EventRow, taken: ReadonlyMap<string, EventRow>): boolean {
  const role = definitionOf(type)?.role;
  if (role !== 'act') return role === 'entry';
  if (type === ERASURE_TYPES.redacted) return true;
  return Object.values(data).some((value) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).some((one) => typeof one === 'string' && taken.has(one)),
  );
}
