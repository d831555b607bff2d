/** The changes of a webhook that were not tried yet, fetched a page at a time. */
import { setImmediate as turn } from 'node:timers/promises';
import { placeOf } from '../place.js';
import type { ChangeFilter, ChangePlace, ChangeSource, FedChange } from '../ports.js';

/** Changes that are fetched together. */
const PAGE = 50;

export class NewChanges {
  #fetched: FedChange[] = [];
  /** Behind everything that was looked at. */
  #behind: ChangePlace;
  #position: ChangePlace;
  #more = true;
  #away = false;

  constructor(
    private readonly source: ChangeSource,
    position: ChangePlace,
  ) {
    this.#behind = this.#position = position;
  }

  /** Behind everything that was taken, and what did not match. */
  get position(): ChangePlace {
    return this.#position;
  }

  /** The views could not be read when they were last asked. */
  get away(): boolean {
    return this.#away;
  }

  /** There may be more by now. */
  lookAgain(): void {
    this.#more = true;
  }

  goTo(position: ChangePlace): void {
    this.#fetched = [];
    this.#behind = this.#position = position;
    this.#more = true;
  }

  /** The first that is left; undefined: there is none at present. */
  async first(filter: ChangeFilter, ended: AbortSignal): Promise<FedChange | undefined> {
    while (this.#fetched.length === 0 && this.#more && !ended.aborted) {
      this.#more = false;
      const page = this.source.page(filter, this.#behind, PAGE);
      this.#away = !page.ok;
      if (!page.ok) break;
      const { items, next, atHead } = page.value;
      this.#fetched = [...items];
      this.#behind = next;
      this.#more ||= !atHead;
      if (items.length > 0) break;
      this.#position = next;
      // A long way on which nothing matches leaves room for others.
      if (!atHead) await turn();
    }
    return this.#fetched[0];
  }

  /** The first one was tried. */
  take(): void {
    const taken = this.#fetched.shift();
    if (taken !== undefined) this.#position = this.#fetched.length > 0 ? placeOf(taken) : this.#behind;
  }
}
