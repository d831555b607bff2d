/** Which rows of two view files of the same events must be alike: read from the files themselves, with what is said here of exceptions. */
import type { DatabaseSync } from 'node:sqlite';

export interface ComparedTable {
  readonly name: string;
  /** The columns by which rows are found, and in the order of which they are read. Several rows may share them. */
  readonly key: readonly string[];
  /** All that are compared, the key first. */
  readonly columns: readonly string[];
  /** The served file may hold rows that a fresh one does not. */
  readonly mayHaveMore: boolean;
}

interface Exception {
  /** Where the primary key says nothing. */
  readonly key?: readonly string[];
  /** What depends on when and how often the file was written. */
  readonly ignored?: readonly string[];
  readonly mayHaveMore?: boolean;
}

const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  // Behind the last event it may point at something that is no event.
  checkpoint: { ignored: ['position'] },
  segments: { key: ['sid'], ignored: ['row'] },
  // A document holds until something in it changes, whenever it was made.
  documents: { ignored: ['seq', 'day'] },
  // They say where to look, and may say more than there is.
  search_trigrams: { mayHaveMore: true },
  search_characters: { mayHaveMore: true },
};

/**
 * What is still to be done; which documents are to be made anew after which events, where the documents themselves are compared
 * and what they were made from depends on when that was; the insides of the indices of search.
 */
const LEFT_OUT = /^(stale|search_progress|document_reads|search_index_.*|sqlite_.*)$/;

/** @param search whether the tables of search, which are filled behind the others, are to be compared as well */
export function comparedTables(db: DatabaseSync, search: boolean): readonly ComparedTable[] {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid").all();
  return names
    .map(({ name }) => String(name))
    .filter((name) => !LEFT_OUT.test(name) && (search || !name.startsWith('search_')))
    .map((name) => {
      const { key, ignored = [], mayHaveMore = false } = EXCEPTIONS[name] ?? {};
      const all = db.prepare('SELECT name, pk FROM pragma_table_info(?) ORDER BY cid').all(name) as unknown as {
        name: string;
        pk: number;
      }[];
      const primary = all.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
      const keys = key ?? primary.map((column) => column.name);
      const others = all.map((column) => column.name).filter((one) => !keys.includes(one) && !ignored.includes(one));
      return { name, key: keys, columns: [...keys, ...others], mayHaveMore };
    });
}

export function countOf(db: DatabaseSync, { name }: ComparedTable): number {
  return Number(db.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.n);
}
