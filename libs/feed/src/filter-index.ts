/**
 * Many filters at once: which of them a change meets, without asking each. Every filter lies under the values of one of its
 * fields, the one that fewest changes share; equal filters lie there once.
 */
import type { ChangeFilter, FedChange } from '#projections';
import { type FilterField, meets, valuesOf } from './filter.js';

/** By how many values there are of each in a record: a filter that names persons is looked at for their changes alone. */
const MOST_TELLING: readonly (readonly FilterField[])[] = [
  ['person', 'group'],
  ['organisation'],
  ['country'],
  ['to'],
  ['from'],
  ['axis'],
  ['kind'],
];

/** Those who gave one filter. */
interface Holders<T> {
  readonly filter: ChangeFilter;
  readonly all: Set<T>;
}

export class FilterIndex<T> {
  /** By the filter as JSON. */
  private readonly byFilter = new Map<string, Holders<T>>();
  private readonly byValue = new Map<string, Set<Holders<T>>>();
  private readonly everywhere = new Set<Holders<T>>();

  /** @returns what takes it out again */
  add(filter: ChangeFilter, holder: T): () => void {
    const key = JSON.stringify(filter);
    let holders = this.byFilter.get(key);
    if (holders === undefined) {
      holders = { filter, all: new Set() };
      this.byFilter.set(key, holders);
      this.place(holders);
    }
    holders.all.add(holder);
    return () => {
      if (holders.all.delete(holder) && holders.all.size === 0) {
        this.byFilter.delete(key);
        this.remove(holders);
      }
    };
  }

  /** The filters that are held against this change: every one that it meets, and few others. */
  candidates(fed: FedChange): ReadonlySet<{ readonly filter: ChangeFilter }> {
    return this.near(valuesOf(fed));
  }

  /** Whose filters this change meets, each once. */
  *matching(fed: FedChange): Generator<T> {
    const values = valuesOf(fed);
    for (const { filter, all } of this.near(values)) if (meets(filter, values)) yield* all;
  }

  private near(values: ReturnType<typeof valuesOf>): ReadonlySet<Holders<T>> {
    const found = new Set(this.everywhere);
    for (const [field, own] of Object.entries(values))
      for (const value of own) for (const holders of this.byValue.get(`${field} ${value}`) ?? []) found.add(holders);
    return found;
  }

  private place(holders: Holders<T>): void {
    const keys = placesOf(holders.filter);
    if (keys === undefined) this.everywhere.add(holders);
    else
      for (const key of keys) {
        const bucket = this.byValue.get(key);
        if (bucket === undefined) this.byValue.set(key, new Set([holders]));
        else bucket.add(holders);
      }
  }

  private remove(holders: Holders<T>): void {
    this.everywhere.delete(holders);
    for (const key of placesOf(holders.filter) ?? []) {
      const bucket = this.byValue.get(key);
      bucket?.delete(holders);
      if (bucket?.size === 0) this.byValue.delete(key);
    }
  }
}

/** Under which values a filter lies; undefined for one that says nothing. */
function placesOf(filter: ChangeFilter): readonly string[] | undefined {
  const fields = MOST_TELLING.find((some) => some.some((field) => filter[field] !== undefined));
  return fields?.flatMap((field) => (filter[field] ?? []).map((value) => `${field} ${value}`));
}
