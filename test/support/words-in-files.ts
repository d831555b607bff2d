/**
 * Looks for words in every byte of every file of a folder, in whatever form they may lie there: as texts in each encoding, in each
 * letter case, as search folds them; and, of files of views, in what their indices keep of them, which is no text.
 *
 * Runs as a program of its own as well: a process that opens a file which SQLite has open in it too takes SQLite's locks away.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { foldText } from '#projections';

/** Shorter ones lie in any file by chance. */
const SHORTEST = 4;

/** Each as `file: what`; empty: nowhere. Only files that were there when it was called; one that goes meanwhile is passed over. */
export function wordsInFiles(folder: string, words: readonly string[]): readonly string[] {
  const program = fileURLToPath(import.meta.url);
  const said = execFileSync(process.execPath, [program, folder], {
    input: JSON.stringify(words),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(said) as readonly string[];
}

interface Needle {
  readonly name: string;
  readonly bytes: Buffer;
}

function needlesOf(word: string): readonly Needle[] {
  const forms = new Set<string>();
  for (const cased of [word, word.toLowerCase(), word.toUpperCase(), foldText(word)])
    for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const) forms.add(cased.normalize(form));
  const needles: Needle[] = [];
  for (const form of forms) {
    if ([...form].length < SHORTEST) throw new RangeError('Such a word would be found by chance.');
    const utf16 = Buffer.from(form, 'utf16le');
    needles.push({ name: `"${form}" in UTF-8`, bytes: Buffer.from(form) });
    needles.push({ name: `"${form}" in UTF-16LE`, bytes: utf16 });
    needles.push({ name: `"${form}" in UTF-16BE`, bytes: Buffer.from(utf16).swap16() });
    const escaped = JSON.stringify(form).slice(1, -1);
    const ascii = escaped.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    needles.push({ name: `"${form}" escaped`, bytes: Buffer.from(ascii) });
    for (const shift of [0, 1, 2])
      needles.push({ name: `"${form}" in base64`, bytes: Buffer.from(base64Of(form, shift)) });
    needles.push({ name: `"${form}" in hexadecimal`, bytes: Buffer.from(Buffer.from(form).toString('hex')) });
  }
  return needles;
}

/** What of a text's base64 depends on nothing but itself, where it begins so many bytes behind a group of three. */
function base64Of(text: string, shift: number): string {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
  return bytes
    .subarray(0, bytes.length - (bytes.length % 3))
    .toString('base64')
    .slice([0, 2, 3][shift]);
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function search(folder: string, words: readonly string[]): readonly string[] {
  const needles = words.flatMap(needlesOf);
  const grams = new Set(words.flatMap(gramsOf));
  const found: string[] = [];
  for (const file of filesIn(folder)) {
    const bytes = read(file);
    if (bytes === undefined) continue;
    const name = relative(folder, file);
    for (const needle of needles) {
      const at = bytes.indexOf(needle.bytes);
      if (at >= 0) found.push(`${name}: ${needle.name}, at byte ${at}`);
    }
    if (/^views-.*\.db$/.test(basename(file))) for (const what of indexed(file, grams)) found.push(`${name}: ${what}`);
  }
  return found;
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (existsSync(file)) throw error;
    return undefined;
  }
}

/** Three characters that follow each other in a word as search folds it. */
function gramsOf(word: string): readonly string[] {
  const characters = [...foldText(word)];
  return characters.slice(2).map((_, at) => characters.slice(at, at + 3).join(''));
}

/** Which of these three characters the indices of a file of views still hold. In a copy: whoever writes it goes on. */
function indexed(file: string, grams: ReadonlySet<string>): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'habeas-views-copy-'));
  try {
    const copy = join(folder, 'copy.db');
    try {
      copyFileSync(file, copy);
      if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    } catch (error) {
      if (existsSync(file)) throw error;
      return [];
    }
    const db = new DatabaseSync(copy);
    try {
      const tables = db
        .prepare("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE search_index_%'")
        .all()
        .map(({ name }) => String(name));
      const terms = tables.flatMap((table) => {
        db.exec(`CREATE VIRTUAL TABLE temp.terms_of_${table} USING fts5vocab(main, ${table}, row)`);
        return db
          .prepare(`SELECT term FROM temp.terms_of_${table}`)
          .all()
          .map(({ term }) => ({ table, term: String(term) }));
      });
      if (tables.length > 0)
        for (const { gram } of db.prepare('SELECT gram FROM search_trigrams').all())
          terms.push({ table: 'search_trigrams', term: String(gram) });
      return terms.filter(({ term }) => grams.has(term)).map(({ table, term }) => `"${term}" in ${table}`);
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const words = JSON.parse(readFileSync(0, 'utf8')) as readonly string[];
  process.stdout.write(JSON.stringify(search(process.argv[2] ?? '', words)));
}
