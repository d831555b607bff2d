/**
 * Who answers what at any moment: on some days, as known at some event. Answers come from all that there ever were on an axis
 * (axis-in-time.ts); the little that persons and groups say of themselves comes as they said it then. Subjects of other kinds
 * are not listed so.
 */
import { AXES, type Axis } from '#domain';
import type { AxisInTime, DaysAsKnown } from './axis-in-time.js';
import type { Bits } from './bits.js';
import { compare } from './days.js';
import { foldText } from './fold-text.js';
import { type Column, ColumnDraft, type Hits, noHits, put } from './list-index.js';
import type { ListTraits, TraitRow } from './list-traits.js';
import { nameOf } from './naming.js';
import type { SaidThen } from './said-then.js';
import type { SubjectCategory } from './shapes.js';
import type { Subject } from './subject.js';
import { JUDGED, ownTraits } from './traits.js';

export class TraitsInTime implements ListTraits {
  private readonly columns = new Map<string, Column>();
  private readonly otherwise = new Map<SubjectCategory, ReadonlyMap<number, Subject>>();

  constructor(
    private readonly kind: SubjectCategory,
    private readonly asked: DaysAsKnown,
    readonly everyone: Bits,
    private readonly present: ListTraits,
    private readonly said: SaidThen,
    private readonly axis: (name: Axis) => AxisInTime,
  ) {}

  column(field: string): Column {
    // Whoever was judged then is among those who have been judged by now.
    if (field === JUDGED.field) return this.present.column(field);
    let column = this.columns.get(field);
    if (column === undefined) this.columns.set(field, (column = this.readColumn(field)));
    return column;
  }

  rows(field: string): readonly TraitRow[] {
    return this.anyRows(field).sort((a, b) => compare(a[0], b[0]) || a[1] - b[1]);
  }

  rowsAt(place: string, field: string): readonly TraitRow[] {
    return this.anyRows(field).filter((row) => row[3] === place);
  }

  withValue(field: string, value: string): Hits {
    const hits = noHits();
    for (const [one, sid, certain] of this.anyRows(field)) if (one === value) put(hits, sid, certain === 1);
    return hits;
  }

  valuesOf(field: string): readonly string[] {
    return [...new Set(this.anyRows(field).map(([value]) => value))];
  }

  named(kind: SubjectCategory, name: string): readonly string[] {
    const otherwise = [...this.saidOtherwise(kind).values()];
    const now = this.present.named(kind, name).filter((id) => !otherwise.some((one) => one.id === id));
    return [...now, ...otherwise.flatMap((one) => (foldText(nameOf(one) ?? '') === name ? one.id : []))];
  }

  dated(kind: SubjectCategory, from: number, to: number): Hits {
    return this.present.dated(kind, from, to);
  }

  private readColumn(field: string): Column {
    if (isAxis(field)) return this.axis(field).column(this.asked);
    const column = new ColumnDraft();
    for (const [value, sid, certain] of this.ownRows(field)) column.add(value, sid, certain === 1);
    return column;
  }

  private anyRows(field: string): TraitRow[] {
    return isAxis(field) ? this.axis(field).rows(this.asked) : this.ownRows(field);
  }

  private ownRows(field: string): TraitRow[] {
    const otherwise = this.saidOtherwise(this.kind);
    const same = [...this.present.rows(field)].filter(([, sid]) => this.everyone.has(sid) && !otherwise.has(sid));
    const others = [...otherwise].flatMap(([sid, subject]) =>
      ownTraits(subject).flatMap(({ field: one, value, certain, place }): TraitRow[] =>
        one === field ? [[value, sid, certain ? 1 : 0, place]] : [],
      ),
    );
    return [...same, ...others];
  }

  /** Those who may say something else of themselves now, as they were then. */
  private saidOtherwise(kind: SubjectCategory): ReadonlyMap<number, Subject> {
    let found = this.otherwise.get(kind);
    if (found === undefined) {
      found = new Map(this.said.changed(kind).map((row) => [row.sid, this.said.itself(row)]));
      this.otherwise.set(kind, found);
    }
    return found;
  }
}

const AXIS_NAMES: ReadonlySet<string> = new Set(AXES.map(({ axis }) => axis));

function isAxis(field: string): field is Axis {
  return AXIS_NAMES.has(field);
}
