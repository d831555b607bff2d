/**
 * Who was shown what is confidential, and when: written down before they are, so that nobody sees it unnoticed. Ids and routes, never a
 * name or a word of the record.
 *
 * What comes while the trail is being written goes into it together, at the next turn.
 */
import { EventStoreError, MAX_APPEND_BYTES, type Trail, type TrailEntry } from '#event-store';
import { type Clock, err, ok, type Refusal, refusal, type Result } from '#kernel';
import { checkLimit } from '#projections';
import { keyOf } from './access-key.js';
import type { AccessEntry, AccessPage, AccessQuery, AccessTrail, ConfidentialRead } from './types.js';

/** Entries that one page looks through at most: one that finds little among them still says where to go on. */
const MOST_LOOKED_THROUGH = 5_000;
const READ_AT_A_TIME = 500;
/** In characters, which take at most three bytes each. */
const MOST_AT_A_TIME = MAX_APPEND_BYTES / 4;
/** An answer shows no more subjects than that. */
const MOST_SUBJECTS = 200;

const DAY_MS = 86_400_000;

interface Waiting {
  readonly text: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export function openAccessTrail(trail: Trail, clock: Clock): AccessTrail {
  return new TrailOfReads(trail, clock);
}

class TrailOfReads implements AccessTrail {
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(
    private readonly trail: Trail,
    private readonly clock: Clock,
  ) {}

  record({ subjects, ...read }: ConfidentialRead): Promise<void> {
    const entry: Omit<AccessEntry, 'more'> = {
      at: this.clock.now().toISOString(),
      ...read,
      subjects: subjects.slice(0, MOST_SUBJECTS).map(({ kind, id }) => ({ kind, id })),
    };
    const more = subjects.length - entry.subjects.length;
    const text = JSON.stringify(more > 0 ? { ...entry, more } : entry);
    return new Promise((done, failed) => {
      this.#waiting.push({ text, done, failed });
      this.#writing ??= this.#write();
    });
  }

  async page(query: AccessQuery): Promise<Result<AccessPage, Refusal>> {
    const limit = checkLimit(query.limit);
    if (!limit.ok) return limit;
    if (query.cursor !== undefined && !/^\d{1,15}$/.test(query.cursor))
      return err(refusal('invalid-cursor', 'Give a cursor exactly as a page of this list gave it.', '/cursor'));
    const bounds = { from: instant(query.from), to: instant(query.to) };
    for (const name of ['from', 'to'] as const) {
      if (Number.isNaN(bounds[name]))
        return err(refusal('invalid-moment', 'Give an instant such as 2026-11-23T00:00:00Z.', `/${name}`));
    }
    const items: AccessEntry[] = [];
    let place = query.cursor === undefined ? undefined : Number(query.cursor);
    for (let looked = 0; looked < MOST_LOOKED_THROUGH;) {
      const found = await this.trail.before(place, READ_AT_A_TIME);
      for (const one of found) {
        place = one.place;
        looked++;
        const entry = readEntry(one);
        // Nodes' clocks differ a little: one that is older by a day has none behind it that are not.
        if (bounds.from !== undefined && Date.parse(entry.at) < bounds.from - DAY_MS) return ok({ items });
        if (matches(entry, query, bounds)) items.push(entry);
        if (items.length === limit.value) return ok({ items, next: String(place) });
      }
      if (found.length < READ_AT_A_TIME) return ok({ items });
    }
    return ok({ items, next: String(place) });
  }

  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.trail.close();
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      let size = 0;
      let count = 0;
      while (count < this.#waiting.length && (count === 0 || size < MOST_AT_A_TIME)) {
        size += this.#waiting[count]?.text.length ?? 0;
        count++;
      }
      const together = this.#waiting.splice(0, count);
      try {
        await this.trail.append(together.map(({ text }) => text));
        for (const { done } of together) done();
      } catch (error) {
        for (const { failed } of together) failed(error);
      }
    }
    // At once: whoever comes from here on begins anew.
    this.#writing = undefined;
  }
}

function instant(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
}

/** @throws EventStoreError `corrupt` */
function readEntry({ place, text }: TrailEntry): AccessEntry {
  try {
    return JSON.parse(text) as AccessEntry;
  } catch {
    throw new EventStoreError('corrupt', `Entry ${place} of the trail of reads cannot be read.`);
  }
}

function matches(
  { at, by, subjects, more, everything }: AccessEntry,
  { key, subject }: AccessQuery,
  { from = -Infinity, to = Infinity }: { readonly from: number | undefined; readonly to: number | undefined },
): boolean {
  const when = Date.parse(at);
  if (when < from || when > to || (key !== undefined && keyOf(by) !== keyOf(key))) return false;
  if (subject === undefined || more !== undefined || everything === true) return true;
  return subjects.some(({ id }) => id === subject);
}
