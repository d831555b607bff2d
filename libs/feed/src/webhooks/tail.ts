/** Reads what is new once for all webhooks, and says whom it concerns: the others need not be woken. */
import { FilterIndex } from '../filter-index.js';
import type { ChangeFilter, ChangePlace, ChangeSource } from '../ports.js';

/** Events at a time beyond which it is not worth to ask whom each concerns; and more changes than so many events have. */
const MANY_EVENTS = 500;
const MANY_CHANGES = 1_000;

export class Tail<T> {
  readonly #index = new FilterIndex<T>();
  readonly #all = new Set<T>();
  #read: ChangePlace | undefined;

  constructor(private readonly source: Pick<ChangeSource, 'page'>) {}

  /** @returns what takes it out again */
  add(filter: ChangeFilter, holder: T): () => void {
    const leave = this.#index.add(filter, holder);
    this.#all.add(holder);
    return () => {
      leave();
      this.#all.delete(holder);
    };
  }

  /** Everybody whom changes of the events up to this seq concern, since it was asked last; or who may be concerned. */
  concerned(seq: number): ReadonlySet<T> {
    const from = this.#read;
    this.#read = { seq, n: Infinity };
    if (this.#all.size === 0 || from === undefined || seq < from.seq || seq - from.seq > MANY_EVENTS) return this.#all;
    const page = this.source.page({}, from, MANY_CHANGES);
    if (!page.ok || !page.value.atHead) return this.#all;
    this.#read = page.value.next;
    return new Set(page.value.items.flatMap((fed) => [...this.#index.matching(fed)]));
  }
}
