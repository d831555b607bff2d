/** One question of a list: who meets all conditions, at the moment that the traits are of, and how many answer what. */
import { type DayBounds, isId } from '#kernel';
import { Bits } from './bits.js';
import type { ListFilter } from './filters.js';
import { foldText } from './fold-text.js';
import { type Column, ColumnDraft, type Hits, noHits, put } from './list-index.js';
import { type CheckedQuery, type Condition, splitAnswer } from './list-query.js';
import type { ListTraits, TraitRow } from './list-traits.js';
import { OPEN_END, OPEN_START } from './schema.js';
import type { FacetValue, FacetView, SubjectCategory } from './shapes.js';
import { byName, foldedWords, JUDGED } from './traits.js';

/** Values of a facet that has no fixed vocabulary. */
const MOST_FACET_VALUES = 100;

type Conditions = ReadonlyMap<string, Condition>;

/** What is known of subjects by what others say of them, at the same moment. */
export interface SearchLookups {
  /** Who has a part in a case, and the id that it goes by together with those that were joined to it. */
  readonly personsOfCase: (id: string) => { readonly place: string; readonly persons: readonly number[] };
  /** A person with whoever was judged to be the same; of anybody else, the one alone. By sid, and by id. */
  readonly selvesOf: (sid: number) => readonly number[];
  readonly idsOfSame: (id: string) => readonly string[];
  /** The cases in which a person has a part. */
  readonly casesOfPerson: (id: string) => readonly number[];
}

export class Search {
  private readonly found = new Map<string, Hits>();
  private readonly cases: { readonly place: string; readonly persons: readonly number[] }[];

  /** @param words who has the words that are searched for; left out where none are */
  constructor(
    private readonly traits: ListTraits,
    private readonly words: Bits | undefined,
    private readonly query: CheckedQuery,
    private readonly lookups: SearchLookups,
  ) {
    const { values = [] } = query.conditions.get('case') ?? {};
    this.cases = values.map((id) => lookups.personsOfCase(id));
  }

  /** Who meets all of these conditions, and has the words that are searched for. */
  hits(conditions: Conditions): Hits {
    const possible = this.traits.everyone.copy();
    if (this.words !== undefined) possible.cut(this.words);
    const certain = possible.copy();
    for (const condition of conditions.values()) {
      const hits = this.of(condition, conditions);
      possible.cut(hits.possible);
      certain.cut(hits.certain);
    }
    if (this.query.kind === 'person') this.keepOnce(possible, certain);
    return { possible, certain };
  }

  /** Of persons who were judged to be one, the first that was found: answers are given of all of them together. */
  private keepOnce(possible: Bits, certain: Bits): void {
    const shown = new Set<number>();
    for (const sid of this.traits.column(JUDGED.field).any.copy().cut(possible).all()) {
      if (shown.has(sid)) {
        possible.delete(sid);
        certain.delete(sid);
      } else for (const self of this.lookups.selvesOf(sid)) shown.add(self);
    }
  }

  /** Counts by value, under all conditions but those on the field itself. */
  facet(facet: ListFilter): FacetView {
    const conditions = new Map(this.query.conditions);
    conditions.delete(facet.name);
    const hits = this.hits(conditions);
    const among = this.query.certainty === 'certain' ? hits.possible.cut(hits.certain) : hits.possible;
    if (facet.takes === 'text') return this.openFacet(facet, among);
    const column = this.column(facet, conditions);
    const countOf = (value: string): FacetValue[] => {
      const { possible, certain } = column.values.get(value) ?? noHits();
      const sure = among.common(certain);
      const count = among.common(possible);
      return count === 0 ? [] : [{ value, certain: sure, possible: count - sure }];
    };
    const values = facet.words.filter((word) => word !== 'unknown' && !facet.groups.includes(word));
    return {
      values: values.flatMap(countOf),
      ...(facet.groups.length > 0 && { groups: facet.groups.flatMap(countOf) }),
      unknown: among.count() - among.common(column.any),
    };
  }

  private openFacet({ name }: ListFilter, among: Bits): FacetView {
    const values: { value: string; certain: number; possible: number }[] = [];
    const any = new Bits();
    let last: TraitRow | undefined;
    let sure = false;
    for (const row of this.traits.rows(name)) {
      const [value, sid, certain] = row;
      if (!among.has(sid)) continue;
      any.add(sid);
      let entry = values.at(-1);
      if (entry?.value !== value) values.push((entry = { value, certain: 0, possible: 0 }));
      // Rows come by value, then by subject: one who has a value twice is counted once.
      const again = last?.[0] === value && last[1] === sid;
      if (!again) sure = false;
      if (!again) entry.possible += 1;
      if (certain === 1 && !sure) {
        entry.possible -= 1;
        entry.certain += 1;
        sure = true;
      }
      last = row;
    }
    values.sort((a, b) => b.certain + b.possible - a.certain - a.possible || (a.value < b.value ? -1 : 1));
    const left = values.length - MOST_FACET_VALUES;
    return {
      values: values.slice(0, MOST_FACET_VALUES),
      unknown: among.count() - any.count(),
      ...(left > 0 && { more: left }),
    };
  }

  private of(condition: Condition, conditions: Conditions): Hits {
    const { filter } = condition;
    // A role and its organisation are one condition.
    const together = filter.name === 'role' || filter.name === 'organisation';
    const inCase = filter.per === 'case' && conditions.has('case');
    const name = together
      ? `role ${['role', 'organisation'].filter((one) => conditions.has(one)).join()}`
      : filter.name;
    const key = inCase ? `${name} in case` : name;
    let hits = this.found.get(key);
    if (hits === undefined) {
      hits = together
        ? this.roles(conditions.get('role'), conditions.get('organisation'))
        : this.evaluate(condition, conditions);
      this.found.set(key, hits);
    }
    return hits;
  }

  private evaluate(condition: Condition, conditions: Conditions): Hits {
    const { filter, values, spans } = condition;
    switch (filter.takes) {
      case 'answer':
        return this.answers(condition, conditions);
      case 'word':
        return fromColumn(this.traits.column(filter.name), values);
      case 'period':
        return this.dated(spans);
      case 'text':
        return this.withValues(filter.name, this.alike(filter.name, values));
      case 'id-or-text':
        return this.withValues(
          filter.name,
          values.flatMap((value) => this.idsOrName(['person', 'group'], value)).flatMap(this.lookups.idsOfSame),
        );
      case 'id':
        break;
    }
    if (filter.name === 'case') return sure(Bits.of(this.cases.flatMap(({ persons }) => persons)));
    if (filter.name === 'person') return sure(Bits.of(values.flatMap((person) => this.lookups.casesOfPerson(person))));
    return this.withValues(filter.name, values.flatMap(this.lookups.idsOfSame));
  }

  private answers({ filter, values }: Condition, conditions: Conditions): Hits {
    const column = this.column(filter, conditions);
    const asked = values.map((value) => splitAnswer(filter, value));
    const words = asked.flatMap(({ key, word }) => (key === undefined && word !== undefined ? [word] : []));
    const hits = fromColumn(
      column,
      words.filter((word) => word !== 'unknown'),
    );
    if (words.includes('unknown')) hits.possible.join(this.traits.everyone.copy().without(column.any));
    const keyed = asked.filter(({ key }) => key !== undefined);
    if (keyed.length === 0) return hits;
    const wanted = keyed.map(({ key = '', word }) => ({ key: foldedWords(key), word }));
    for (const [value, sid, certain, place] of this.traits.rows(filter.name)) {
      const key = foldedWords(place);
      // Certain of some answer under the key; or of the one that is asked for.
      if (wanted.some((one) => one.key === key && (one.word ?? value) === value)) put(hits, sid, certain === 1);
    }
    return hits;
  }

  private column(filter: ListFilter, conditions: Conditions): Column {
    if (filter.per !== 'case' || !conditions.has('case')) return this.traits.column(filter.name);
    const column = new ColumnDraft();
    for (const { place } of this.cases) {
      for (const [value, sid, certain] of this.traits.rowsAt(place, filter.name)) column.add(value, sid, certain === 1);
    }
    return column;
  }

  private roles(role: Condition | undefined, organisation: Condition | undefined): Hits {
    if (organisation === undefined) return this.withValues('role', (role?.values ?? []).map(foldedWords));
    const wanted = role === undefined ? undefined : new Set(role.values.map(foldedWords));
    const hits = noHits();
    for (const place of organisation.values.flatMap((value) => this.idsOrName(['group'], value))) {
      for (const [value, sid, certain] of this.traits.rowsAt(place, 'role'))
        if (wanted?.has(value) !== false) put(hits, sid, certain === 1);
    }
    return hits;
  }

  private withValues(field: string, values: readonly string[]): Hits {
    const hits = noHits();
    for (const value of new Set(values)) join(hits, this.traits.withValue(field, value));
    return hits;
  }

  /** The values of a field that are one of these texts, but for letter case and accents. */
  private alike(field: string, texts: readonly string[]): readonly string[] {
    const wanted = new Set(texts.map(foldedWords));
    return this.traits.valuesOf(field).filter((value) => wanted.has(foldedWords(value)));
  }

  /** An id as it is; else those who go by this name, and the name itself where nobody of the record was named. */
  private idsOrName(kinds: readonly SubjectCategory[], value: string): readonly string[] {
    if (isId(value)) return [value];
    return [byName(value), ...kinds.flatMap((kind) => this.traits.named(kind, foldText(value)))];
  }

  private dated(spans: readonly DayBounds[]): Hits {
    const hits = noHits();
    for (const { earliest, latest } of spans) {
      const [from, to] = [Math.max(earliest, OPEN_START), Math.min(latest, OPEN_END)];
      join(hits, this.traits.dated(this.query.kind, from, to));
    }
    return hits;
  }
}

function sure(bits: Bits): Hits {
  return { possible: bits, certain: bits };
}

function join(hits: Hits, { possible, certain }: Hits): void {
  hits.possible.join(possible);
  hits.certain.join(certain);
}

function fromColumn({ values }: Column, wanted: readonly string[]): Hits {
  const hits = noHits();
  for (const value of wanted) {
    const found = values.get(value);
    if (found !== undefined) join(hits, found);
  }
  return hits;
}
