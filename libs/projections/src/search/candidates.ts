/**
 * Finds the texts of one class that contain something, the latest first, each as it is asked for: however many there are,
 * the first cost the same. Three characters and more are looked up in the index of trigrams, several words also by which of
 * them are neighbours; two characters by all trigrams that begin with them; one in the blocks of rows in which it occurs.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { wordGramsOf } from './folded-words.js';
import { CLASSES, firstRow, indexOf, ROWS_PER_BLOCK, ROWS_PER_CLASS, type TextClass } from './tables.js';

/** A text that holds what is looked for. */
export interface Candidate {
  readonly row: number;
  readonly sid: number;
}

/**
 * What a text must hold, and what it must not hold besides, or a better rank would have it. The reader judges that anew
 * with all texts of the subject; but if these were given to it all the same, a page far behind would have it read the
 * subjects of every better text again.
 */
export interface Wanted {
  readonly needle: string;
  readonly without: string | undefined;
}

/** A few trigrams leave few candidates; each more costs the reading of all texts that it is in. */
const TRIGRAMS_LOOKED_UP = 4;
/** Among which the rarest are chosen, and by how many of the latest texts that hold them. */
const TRIGRAMS_WEIGHED = 20;
/** So many signs of neighbouring words are rarer than any characters are. */
const WORD_GRAMS_ENOUGH = 2;
const TEXTS_WEIGHED = 200;
/** They overlap, so that fewer texts hold all of them but not the needle. */
const STEP = 2;
/** More trigrams that begin with the same two characters there are in no script. */
const TRIGRAMS_OF_PAIR = 2_000;

export class Candidates {
  private readonly indexes: ReadonlyMap<number, Record<'lookUp' | 'weigh' | 'byCharacter', StatementSync>>;
  private readonly trigramsFrom: StatementSync;
  /** What was found of the trigrams of each class in the open transaction. */
  private readonly weighed = new Map<string, Weight>();

  constructor(db: DatabaseSync) {
    this.indexes = new Map(
      CLASSES.map(({ code }) => [
        code,
        {
          lookUp: db.prepare(lookUp(indexOf(code))),
          weigh: db.prepare(weigh(indexOf(code))),
          byCharacter: db.prepare(byCharacter(code)),
        },
      ]),
    );
    this.trigramsFrom = db.prepare('SELECT gram FROM search_trigrams WHERE gram >= ? AND gram < ? LIMIT ?');
  }

  /** To be called when the file may have changed. */
  forget(): void {
    this.weighed.clear();
  }

  /**
   * The candidates of the class whose order is below this one, the highest first. One such reading at a time of a class, to be
   * ended within the snapshot that it began in.
   */
  latest({ code }: TextClass, { needle, without = '' }: Wanted, below: number): Iterable<Candidate> {
    const index = this.indexes.get(code);
    if (index === undefined) return [];
    const end = firstRow(code) + Math.min(below, ROWS_PER_CLASS);
    const characters = Array.from(needle);
    if (characters.length === 1) {
      return index.byCharacter.iterate(needle, end, without) as unknown as Iterable<Candidate>;
    }
    const pair = characters.length === 2;
    const grams = pair ? this.gramsFrom(needle) : this.rarest(code, needle, characters);
    if (grams.length === 0) return [];
    const match = grams.map(quoted).join(pair ? ' OR ' : ' AND ');
    return index.lookUp.iterate(match, end, needle, without) as unknown as Iterable<Candidate>;
  }

  private gramsFrom(pair: string): readonly string[] {
    return (this.trigramsFrom.all(pair, `${pair}\u{10ffff}`, TRIGRAMS_OF_PAIR) as unknown as { gram: string }[]).map(
      ({ gram }) => gram,
    );
  }

  /** Trigrams that few texts have together, of those that the needle has; none where one of them is in no text. */
  private rarest(code: number, needle: string, characters: readonly string[]): readonly string[] {
    const ofWords = wordGramsOf(needle).slice(0, TRIGRAMS_WEIGHED);
    const grams = ofWords.length >= WORD_GRAMS_ENOUGH ? ofWords : [...ofWords, ...gramsOf(characters)];
    if (grams.length === 1) return grams;
    const weighed: Weight[] = [];
    for (const gram of grams) {
      const weight = this.weigh(code, gram);
      if (weight.texts === 0) return [];
      // So few are soon looked at themselves.
      if (weight.texts < TEXTS_WEIGHED) return [gram];
      weighed.push(weight);
    }
    return weighed
      .sort((a, b) => a.earliest - b.earliest)
      .slice(0, TRIGRAMS_LOOKED_UP)
      .map(({ gram }) => gram);
  }

  private weigh(code: number, gram: string): Weight {
    const key = `${code} ${gram}`;
    let weight = this.weighed.get(key);
    if (weight === undefined) {
      const found = this.indexes.get(code)?.weigh.get(quoted(gram)) as unknown as Omit<Weight, 'gram'>;
      this.weighed.set(key, (weight = { gram, ...found }));
    }
    return weight;
  }
}

interface Weight {
  readonly gram: string;
  /** Which hold it: as many as are weighed, or all. */
  readonly texts: number;
  /** The earliest of these: the higher, the more texts hold it. */
  readonly earliest: number;
}

/** Block by block: the character stands somewhere in its texts. */
function byCharacter(code: number): string {
  const [first, size] = [firstRow(code), ROWS_PER_BLOCK];
  return `SELECT t.row, t.sid FROM search_characters c
    CROSS JOIN search_texts t ON t.row >= ${first} + c.block * ${size} AND t.row < ${first} + (c.block + 1) * ${size}
    WHERE c.class = ${code} AND c.character = ?1 AND c.block <= (?2 - 1 - ${first}) / ${size} AND t.row < ?2
      AND instr(t.folded, ?1) > 0 AND (?3 = '' OR instr(t.folded, ?3) = 0)
    ORDER BY c.block DESC, t.row DESC`;
}

/** In this order (CROSS JOIN), and seen in the text whether it really stands there: trigrams may stand apart. */
function lookUp(index: string): string {
  return `SELECT t.row, t.sid FROM ${index} i CROSS JOIN search_texts t ON t.row = i.rowid
    WHERE ${index} MATCH ?1 AND i.rowid < ?2 AND instr(t.folded, ?3) > 0 AND (?4 = '' OR instr(t.folded, ?4) = 0)
    ORDER BY i.rowid DESC`;
}

/** How far back its latest texts reach: the rarer a trigram, the further. */
function weigh(index: string): string {
  return `SELECT count(*) AS texts, ifnull(min(rowid), 0) AS earliest
    FROM (SELECT rowid FROM ${index} WHERE ${index} MATCH ? ORDER BY rowid DESC LIMIT ${TEXTS_WEIGHED})`;
}

/** As a string of FTS5: nothing in it is an operator. */
function quoted(gram: string): string {
  return `"${gram.replaceAll('"', '""')}"`;
}

/** Trigrams that cover the needle; of a very long one, some of them. */
function gramsOf(characters: readonly string[]): readonly string[] {
  const last = characters.length - 3;
  const step = Math.max(STEP, Math.ceil(last / TRIGRAMS_WEIGHED));
  const starts = new Set([last]);
  for (let at = 0; at < last; at += step) starts.add(at);
  return [...new Set([...starts].map((at) => characters.slice(at, at + 3).join('')))];
}
