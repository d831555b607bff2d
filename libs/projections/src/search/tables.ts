/**
 * The tables of search, and how a text's row is numbered.
 *
 * A text is a name, a title, words, a note: one free text of one event, or a piece of a long one. Its row number holds
 * its class, the event that gives it and its place in that event. So rows are the same however the record came to be
 * indexed, and in the order of their numbers, from the last to the first, each class gives its latest texts first.
 */
import type { SearchField, SubjectCategory } from '../shapes.js';

/** Where one may search. */
export const SEARCH_FIELDS: readonly SearchField[] = ['names', 'statements', 'sources', 'notes'];

export interface TextClass {
  readonly code: number;
  readonly field: SearchField;
  readonly kind: SubjectCategory;
  /** Names rank above titles, titles above all other texts. */
  readonly level: 'name' | 'title' | 'text';
}

/** The codes are part of row numbers. */
export const CLASSES = [
  { code: 1, field: 'names', kind: 'person', level: 'name' },
  { code: 2, field: 'names', kind: 'group', level: 'name' },
  { code: 3, field: 'names', kind: 'case', level: 'name' },
  { code: 4, field: 'sources', kind: 'source', level: 'title' },
  { code: 5, field: 'statements', kind: 'statement', level: 'text' },
  { code: 6, field: 'sources', kind: 'source', level: 'text' },
  { code: 7, field: 'notes', kind: 'person', level: 'text' },
  { code: 8, field: 'notes', kind: 'group', level: 'text' },
  { code: 9, field: 'notes', kind: 'case', level: 'text' },
  { code: 10, field: 'notes', kind: 'statement', level: 'text' },
  { code: 11, field: 'notes', kind: 'source', level: 'text' },
] as const satisfies readonly TextClass[];

const byCode = new Map<number, TextClass>(CLASSES.map((one) => [one.code, one]));

/** The code of the class that texts of this field and level of this kind of subject are of. */
export function classOf(field: SearchField, kind: SubjectCategory, level?: TextClass['level']): number {
  const found = CLASSES.find((one) => one.field === field && one.kind === kind && (level ?? one.level) === one.level);
  if (found === undefined) throw new RangeError(`There are no ${field} of a ${kind}.`);
  return found.code;
}

// Together within what a number holds exactly: 2^38 events of 2^11 texts each, in up to 16 classes.
export const TEXTS_PER_EVENT = 2 ** 11;
export const ROWS_PER_CLASS = 2 ** 49;
/** Events whose characters are noted together. */
const EVENTS_PER_BLOCK = 512;

export const ROWS_PER_BLOCK = EVENTS_PER_BLOCK * TEXTS_PER_EVENT;

/** @param n the text's place in its event: the first comes first, so it has the highest number */
export function rowOf(code: number, seq: number, n: number): number {
  return firstRow(code) + seq * TEXTS_PER_EVENT + (TEXTS_PER_EVENT - 1 - n);
}

/** What rows of different classes are in order by: the latest is the highest. */
export function orderOf(row: number): number {
  return row % ROWS_PER_CLASS;
}

/** The event that gives the text. */
export function seqOf(row: number): number {
  return Math.floor(orderOf(row) / TEXTS_PER_EVENT);
}

export function textClassOf(row: number): TextClass {
  const found = byCode.get(Math.floor(row / ROWS_PER_CLASS));
  if (found === undefined) throw new RangeError('A text has no class.');
  return found;
}

export function firstRow(code: number): number {
  return code * ROWS_PER_CLASS;
}

/** The table in which the trigrams of a class's texts are: of its own, so that no class waits for another. */
export function indexOf(code: number): string {
  return `search_index_${code}`;
}

export function blockOf(row: number): number {
  return Math.floor(orderOf(row) / ROWS_PER_BLOCK);
}

export const SEARCH_TABLES = `
-- Search. Every text of the events up to this one is in the tables below.
CREATE TABLE search_progress (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL);
INSERT INTO search_progress VALUES (1, 0);
-- Texts that stand. at: the seq of the fact, entry or act in which it is shown; field: JSON pointer into its payload;
-- start: where the text begins in the whole field, in code points, for pieces of long texts; folded: as it is compared,
-- with a mark at its begin (U+0002), before each word (U+0001) and at its end (U+0003).
CREATE TABLE search_texts (
  row INTEGER PRIMARY KEY, sid INTEGER NOT NULL, at INTEGER NOT NULL, start INTEGER NOT NULL,
  folded TEXT NOT NULL, text TEXT NOT NULL, field TEXT NOT NULL
);
CREATE INDEX search_texts_subject ON search_texts (sid);
-- Of each class, the trigrams of "folded" and of the signs of its words (folded-words.ts), which say what words are neighbours.
${CLASSES.map(
  ({ code }) => `CREATE VIRTUAL TABLE ${indexOf(code)} USING fts5(
  folded, content = '', tokenize = 'trigram case_sensitive 1', detail = none, columnsize = 0
);`,
).join('\n')}
-- Every three characters that follow each other in some text: what two characters are looked up by.
CREATE TABLE search_trigrams (gram TEXT PRIMARY KEY) WITHOUT ROWID;
-- In which blocks of rows of a class a character occurs: what one character is looked up by.
CREATE TABLE search_characters (
  class INTEGER NOT NULL, character TEXT NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (class, character, block)
) WITHOUT ROWID;
`;
