/**
 * Status changes from any place on, in the order of the log, with what filters ask for beside them. All of it is computed
 * from rows that never change once their event is taken in: a change is told the same whenever it is read.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { err, ok, recordingDay, refusal, type Refusal, type Result } from '#kernel';
import { type ToldChange, toldChange } from './change-columns.js';
import type { Records } from './records.js';
import { FOLD_VERSION } from './schema.js';
import { ANSWER, type AnswerColumns, answerOf, bounded } from './segment-columns.js';
import type { ChangeFilter, ChangePlace, ChangesRead, FedChange, StatusChange } from './shapes.js';

/** How many changes a page looks through at most, so that no answer holds up the others for long. */
const MOST_LOOKED_THROUGH = 5_000;
/** How many of them it looks up roles and protection for where only that tells whether they match. */
const MOST_LABELLED = 250;

const OTHER_FOLD = refusal('views-not-ready', 'The views are being folded anew; try again in a moment.');

interface Row extends ToldChange {
  readonly recorded_at: string;
  readonly known: number;
}

interface Labels {
  readonly organisations: readonly string[];
  readonly countries: readonly string[];
}

const NO_LABELS: Labels = { organisations: [], countries: [] };

const COLUMNS = `c.*, s.kind AS subject_kind, s.id AS subject_id, e.id AS cause, e.type AS cause_type,
  ifnull(e.recorded_at, h.recorded_at) AS recorded_at, ifnull(e.known, h.known) AS known
  FROM changes c JOIN subjects s ON s.sid = c.sid
  LEFT JOIN events e ON e.seq = c.seq LEFT JOIN hidden_events h ON h.seq = c.seq`;

/** Lists are JSON texts, or NULL where all values are meant. */
const MATCHES = `(:axis IS NULL OR c.axis IN (SELECT value FROM json_each(:axis)))
  AND (:from IS NULL OR c.was IN (SELECT value FROM json_each(:from)))
  AND (:to IS NULL OR c.became IN (SELECT value FROM json_each(:to)))
  AND (:kind IS NULL OR c.kind IN (SELECT value FROM json_each(:kind)))`;

export class ChangesReader {
  private readonly statements: Record<'inOrder' | 'ofSubjects' | 'bound' | 'labels', StatementSync>;
  /** Rows of another fold are served while this one's are being made; they are not its changes. */
  private readonly isOfThisFold: boolean;

  constructor(
    db: DatabaseSync,
    private readonly records: Records,
    /** By which changes are told at present. */
    fold: string,
  ) {
    const version = db.prepare("SELECT value FROM meta WHERE key = 'fold'").get()?.value;
    this.isOfThisFold = version === String(FOLD_VERSION) && records.fold === fold;
    this.statements = {
      inOrder: db.prepare(
        `SELECT ${COLUMNS}
         WHERE (c.seq, c.n) > (:seq, :n) AND (c.seq, c.n) <= (:toSeq, :toN) AND ${MATCHES}
         ORDER BY c.seq, c.n LIMIT :limit`,
      ),
      ofSubjects: db.prepare(
        `SELECT ${COLUMNS}
         WHERE c.sid IN (SELECT value FROM json_each(:sids))
           AND c.seq >= :seq AND (c.seq > :seq OR c.n > :n) AND ${MATCHES}
         ORDER BY c.seq, c.n LIMIT :limit`,
      ),
      bound: db.prepare(
        `SELECT seq, n FROM changes WHERE (seq, n) > (?, ?) ORDER BY seq, n LIMIT 1 OFFSET ${MOST_LOOKED_THROUGH - 1}`,
      ),
      labels: db.prepare(
        `SELECT ${ANSWER} FROM segments
         WHERE sid = :sid AND known_to >= :seq AND known_from <= :seq AND axis IN ('role', 'asylum')
           AND valid_from <= :day AND valid_to >= :day`,
      ),
    };
  }

  /** Refusal code: `views-not-ready`. */
  page(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangesRead, Refusal> {
    if (!this.isOfThisFold) return err(OTHER_FOLD);
    const head = this.records.head().seq;
    const read = { logId: this.records.logId(), head };
    const isLabelled = filter.organisation !== undefined || filter.country !== undefined;
    const most = isLabelled ? Math.max(MOST_LABELLED, limit) : limit;
    const { rows, bound } = this.candidates(filter, after, most + 1);
    const items: FedChange[] = [];
    let next = after;
    for (const [index, row] of rows.entries()) {
      if (index === most || items.length === limit) return ok({ ...read, items, next, atHead: false });
      const fed = this.fed(row);
      if (!isLabelled || hasLabels(fed, filter)) items.push(fed);
      next = { seq: row.seq, n: row.n };
    }
    if (bound !== undefined) return ok({ ...read, items, next: bound, atHead: false });
    return ok({ ...read, items, next: after.seq > head ? after : { seq: head, n: Infinity }, atHead: true });
  }

  /** Changes that match but for their labels; `bound`: where it ended to look, unless it came to the last one. */
  private candidates(
    { person, group, axis, from, to, kind }: ChangeFilter,
    after: ChangePlace,
    limit: number,
  ): { readonly rows: readonly Row[]; readonly bound: ChangePlace | undefined } {
    const place = { seq: after.seq, n: Math.min(after.n, Number.MAX_SAFE_INTEGER) };
    const asked = { ...place, axis: list(axis), from: list(from), to: list(to), kind: list(kind), limit };
    if (person !== undefined || group !== undefined) {
      const sids = [...this.sids('person', person), ...this.sids('group', group)];
      const rows = this.statements.ofSubjects.all({ ...asked, sids: JSON.stringify(sids) });
      return { rows: rows as unknown as Row[], bound: undefined };
    }
    const bound = this.statements.bound.get(place.seq, place.n) as unknown as ChangePlace | undefined;
    const rows = this.statements.inOrder.all({
      ...asked,
      toSeq: bound?.seq ?? Number.MAX_SAFE_INTEGER,
      toN: bound?.n ?? 0,
    });
    return { rows: rows as unknown as Row[], bound };
  }

  private sids(kind: 'person' | 'group', ids: readonly string[] = []): readonly number[] {
    return ids.flatMap((id) => this.records.subject(kind, id)?.sid ?? []);
  }

  private fed(row: Row): FedChange {
    const change = toldChange(row, this.records.fold);
    const labels = change.subject.kind === 'person' ? this.labelsOf(row, change) : NO_LABELS;
    return { change, recordedAt: row.recorded_at, ...labels };
  }

  /** What the person's answers were by the event before, and by this one, on the day by which both are judged. */
  private labelsOf({ sid, seq, known }: Row, change: StatusChange): Labels {
    const day = bounded(recordingDay(new Date(known)));
    const answers = this.statements.labels.all({ sid, seq, day }) as unknown as AnswerColumns[];
    const organisations = new Set<string>();
    const countries = new Set<string>();
    const take = (
      axis: string,
      key: string | undefined,
      values: readonly string[],
      detail: Readonly<Record<string, string>> | undefined,
    ): void => {
      if (axis === 'role' && values.includes('held') && detail?.group !== undefined) organisations.add(detail.group);
      if (axis === 'asylum' && values.includes('granted') && key !== undefined) countries.add(key);
    };
    for (const { axis, key, possible, detail } of answers.map(answerOf)) take(axis, key, possible, detail);
    for (const { value, detail } of [change.from, change.to]) take(change.axis, change.key, [value], detail);
    return { organisations: [...organisations].sort(), countries: [...countries].sort() };
  }
}

function list(values: readonly string[] | undefined): string | null {
  return values === undefined ? null : JSON.stringify(values);
}

function hasLabels({ organisations, countries }: FedChange, { organisation, country }: ChangeFilter): boolean {
  return hasAny(organisations, organisation) && hasAny(countries, country);
}

function hasAny(some: readonly string[], asked: readonly string[] | undefined): boolean {
  return asked === undefined || some.some((one) => asked.includes(one));
}
