/**
 * What is shown beside status changes and is as it is now: names, and the words of the citations of their causes. Words that
 * were erased since are gone.
 */
import { citationView } from './documents/citation.js';
import { type Data, object, objects, optional } from './documents/read.js';
import type { Records } from './records.js';
import { SaidThen } from './said-then.js';
import type { CitationView, FedChange, ShownChange, SubjectCategory, SubjectPointer } from './shapes.js';

export function shownChanges(records: Records, changes: readonly FedChange[]): readonly ShownChange[] {
  const showing = new Showing(records);
  return changes.map((change) => showing.of(change));
}

/** Looks up each cause and each source once. */
class Showing {
  private readonly citations = new Map<number, readonly CitationView[]>();
  private readonly texts = new Map<string, string | undefined>();
  private readonly now: SaidThen;

  constructor(private readonly records: Records) {
    this.now = new SaidThen(records, Number.MAX_SAFE_INTEGER);
  }

  of({ change: { subject, seq } }: FedChange): ShownChange {
    let citations = this.citations.get(seq);
    if (citations === undefined) this.citations.set(seq, (citations = this.citationsOf(seq)));
    return { subject: this.pointer(subject.kind, subject.id), citations };
  }

  /** Those of the event, then those of what it puts in place of a fact or beside it. */
  private citationsOf(seq: number): readonly CitationView[] {
    const data = this.records.dataAt(seq);
    return [data, object(data.data), object(object(data.alternative).data)].flatMap((part: Data) =>
      objects(part.citations).map((citation) =>
        citationView(
          citation,
          (id) => this.textOf(id),
          (id) => this.pointer('source', id),
        ),
      ),
    );
  }

  private textOf(source: string): string | undefined {
    if (!this.texts.has(source)) {
      const row = this.records.subject('source', source);
      this.texts.set(source, row === undefined ? undefined : this.now.subject(row).source()?.text);
    }
    return this.texts.get(source);
  }

  private pointer(kind: SubjectCategory, id: string): SubjectPointer {
    return { kind, id, ...optional('name', this.records.subject(kind, id)?.name ?? undefined) };
  }
}
