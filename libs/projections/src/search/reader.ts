/** Answers searches from the tables that the writer fills. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ok, type Refusal, type Result } from '#kernel';
import type { SearchQuery } from '../ports.js';
import type { ListItem, SearchHit, SearchMatch, SearchPage } from '../shapes.js';
import { type Candidate, Candidates } from './candidates.js';
import { needlesOf } from './folded-words.js';
import { type Asked, readAsked, readCursor, writeCursor } from './query.js';
import { snippetOf } from './snippet.js';
import { classOf, CLASSES, orderOf, seqOf, textClassOf, TEXTS_PER_EVENT } from './tables.js';
import { type Spelling, type Tier, tiersOf } from './tiers.js';

/** Texts shown of one subject; how many hold what was searched for is said beside them. */
const MATCHES_SHOWN = 3;
/** Bearers of a name whose other names are searched for too, and how many names. */
const BEARERS = 20;
const SPELLINGS = 8;
/** In code points. A shorter name is found in too much. */
const SHORTEST_SPELLING = 3;

/** A text of a subject, in the best tier that it belongs to. */
interface Found {
  readonly row: number;
  readonly tier: number;
}

/** What is the same for all pages of one search. */
interface Search {
  readonly asked: Asked;
  readonly tiers: readonly Tier[];
  /** What was recorded later is left out, so that nothing moves between two pages. */
  readonly upTo: number;
  readonly known: Map<number, readonly Found[]>;
}

export class SearchReader {
  private readonly candidates: Candidates;
  private readonly statements: ReturnType<typeof prepare>;

  constructor(db: DatabaseSync) {
    this.candidates = new Candidates(db);
    this.statements = prepare(db);
  }

  /** @param itemOf the line that lists show of a subject */
  page(query: SearchQuery, itemOf: (sid: number) => ListItem): Result<SearchPage, Refusal> {
    const asked = readAsked(query);
    if (!asked.ok) return asked;
    const { log, head, done } = this.statements.state.get() as unknown as { log: string; head: number; done: number };
    const after = query.cursor === undefined ? ok(undefined) : readCursor(query.cursor, log, asked.value);
    if (!after.ok) return after;
    this.candidates.forget();
    const upTo = after.value?.upTo ?? done;
    const spellings = this.spellings(asked.value, upTo);
    const tiers = tiersOf(asked.value.needles, asked.value.classes, spellings);
    const search: Search = { asked: asked.value, tiers, upTo, known: new Map() };
    const { limit } = asked.value;
    const hits: { readonly sid: number; readonly best: Found }[] = [];
    for (const hit of this.hits(search, after.value)) {
      hits.push(hit);
      // One more than asked for tells whether there is another page.
      if (hits.length > limit) break;
    }
    const last = hits.length > limit ? hits[limit - 1]?.best : undefined;
    const lastTier = last === undefined ? undefined : tiers[last.tier];
    return ok({
      items: hits.slice(0, limit).map(({ sid }) => this.hit(search, sid, itemOf)),
      spellings: spellings.map((spelling) => shown(spelling, itemOf)),
      asOf: { seq: upTo, complete: done >= head },
      ...(last !== undefined &&
        lastTier !== undefined && {
          next: writeCursor(log, asked.value, {
            upTo,
            spelling: lastTier.spelling?.row ?? 0,
            tier: lastTier.number,
            order: orderOf(last.row),
          }),
        }),
    });
  }

  /** The seq up to which the texts of all events can be found. */
  done(): number {
    return Number(this.statements.state.get()?.done ?? 0);
  }

  /** The other names of those who are called just this. */
  private spellings({ needles }: Asked, upTo: number): readonly Spelling[] {
    const found = new Map<string, Spelling>();
    const below = (upTo + 1) * TEXTS_PER_EVENT;
    const bearers = NAMES.flatMap((one) =>
      firstOf(BEARERS, this.candidates.latest(one, { needle: needles.whole, without: undefined }, below)),
    );
    for (const sid of new Set(bearers.sort(latestFirst).map((bearer) => bearer.sid))) {
      for (const { row, text } of this.statements.names.all(sid) as unknown as { row: number; text: string }[]) {
        const other = needlesOf(text);
        if (other === undefined || other.plain === needles.plain || found.has(other.plain)) continue;
        if (seqOf(row) > upTo || Array.from(other.plain).length < SHORTEST_SPELLING) continue;
        found.set(other.plain, { row, sid, text, needles: other });
        if (found.size === SPELLINGS) return [...found.values()];
      }
    }
    return [...found.values()];
  }

  /** Subjects in the order of their ranks, each once. */
  private *hits(
    search: Search,
    after: { readonly spelling: number; readonly tier: number; readonly order: number } | undefined,
  ): Iterable<{ readonly sid: number; readonly best: Found }> {
    const { tiers, upTo } = search;
    const begin =
      after === undefined
        ? 0
        : tiers.findIndex((tier) => (tier.spelling?.row ?? 0) === after.spelling && tier.number === after.tier);
    // A spelling that was withdrawn since leaves nothing to go on with.
    if (begin < 0) return;
    for (let index = begin; index < tiers.length; index++) {
      const tier = tiers[index];
      if (tier === undefined) return;
      const below = index === begin && after !== undefined ? after.order : (upTo + 1) * TEXTS_PER_EVENT;
      for (const { row, sid } of this.inOrder(tier, below)) {
        const [best] = this.found(search, sid);
        if (best?.row === row && best.tier === index) yield { sid, best };
      }
    }
  }

  /** The tier's texts of all its classes, the latest first. */
  private *inOrder(tier: Tier, below: number): Iterable<Candidate> {
    const sources = tier.classes.map((one) => this.candidates.latest(one, tier.wanted, below)[Symbol.iterator]());
    const next = sources.map((source) => source.next());
    try {
      for (;;) {
        let latest = -1;
        for (const [index, { done, value }] of next.entries()) {
          if (done === true) continue;
          const best = next[latest]?.value as Candidate | undefined;
          if (best === undefined || latestFirst(value, best) < 0) latest = index;
        }
        const [source, found] = [sources[latest], next[latest]];
        if (source === undefined || found === undefined || found.done === true) return;
        yield found.value;
        next[latest] = source.next();
      }
    } finally {
      // Else the snapshot would stay open.
      for (const source of sources) source.return?.();
    }
  }

  /** The subject's texts that belong to some tier, the best first. */
  private found({ tiers, upTo, known }: Search, sid: number): readonly Found[] {
    let found = known.get(sid);
    if (found !== undefined) return found;
    const texts = this.statements.texts.all(sid) as unknown as { row: number; folded: string }[];
    found = texts
      .flatMap(({ row, folded }): Found[] => {
        if (seqOf(row) > upTo) return [];
        const ofText = textClassOf(row);
        const tier = tiers.findIndex(
          ({ classes, wanted: { needle, without } }) =>
            classes.includes(ofText) && folded.includes(needle) && (without === undefined || !folded.includes(without)),
        );
        return tier < 0 ? [] : [{ row, tier }];
      })
      .sort((a, b) => a.tier - b.tier || latestFirst(a, b));
    known.set(sid, found);
    return found;
  }

  private hit(search: Search, sid: number, itemOf: (sid: number) => ListItem): SearchHit {
    const found = this.found(search, sid);
    const best = search.tiers[found[0]?.tier ?? 0];
    return {
      ...itemOf(sid),
      matches: found.slice(0, MATCHES_SHOWN).flatMap((one) => this.match(search, one)),
      matchCount: found.length,
      ...(best?.spelling !== undefined && { spelling: shown(best.spelling, itemOf) }),
    };
  }

  private match({ tiers, asked }: Search, { row, tier }: Found): readonly SearchMatch[] {
    const text = this.statements.text.get(row) as unknown as TextToShow | undefined;
    const of = tiers[tier];
    if (text === undefined || of === undefined) return [];
    const { plain } = of.spelling?.needles ?? asked.needles;
    return [
      {
        in: textClassOf(row).field,
        field: text.field,
        how: of.how,
        event: text.id,
        type: text.type,
        ...snippetOf(text.text, plain, of.how === 'word', text.start),
      },
    ];
  }
}

interface TextToShow {
  readonly text: string;
  readonly start: number;
  readonly field: string;
  readonly id: string;
  readonly type: string;
}

const NAMES = CLASSES.filter(({ code }) => code === classOf('names', 'person') || code === classOf('names', 'group'));

function firstOf<T>(count: number, values: Iterable<T>): T[] {
  const first: T[] = [];
  for (const value of values) if (first.push(value) === count) break;
  return first;
}

function latestFirst(a: { readonly row: number }, b: { readonly row: number }): number {
  return orderOf(b.row) - orderOf(a.row);
}

function shown({ text, sid }: Spelling, itemOf: (sid: number) => ListItem): SearchPage['spellings'][number] {
  const { kind, id, name } = itemOf(sid);
  return { text, of: { kind, id, ...(name !== undefined && { name }) } };
}

function prepare(db: DatabaseSync): Record<'state' | 'names' | 'texts' | 'text', StatementSync> {
  return {
    state: db.prepare(
      `SELECT coalesce(c.log_id, '') AS log, c.seq AS head, p.seq AS done FROM checkpoint c, search_progress p`,
    ),
    names: db.prepare(
      `SELECT row, text FROM search_texts WHERE sid = ? AND (field = '/name/text' OR field LIKE '/names/%')
       ORDER BY row DESC`,
    ),
    texts: db.prepare('SELECT row, folded FROM search_texts WHERE sid = ?'),
    text: db.prepare(
      `SELECT t.text, t.start, t.field, e.id, e.type FROM search_texts t JOIN events e ON e.seq = t.at WHERE t.row = ?`,
    ),
  };
}
