/**
 * Fills the tables of search, behind the fold: it reads what the fold wrote into `events`, so the other views never wait
 * for it. Which events it has taken in stands in `search_progress`; the texts of facts are taken as they come, and only
 * after an act that withdraws or replaces something is a subject looked at as a whole.
 */
import type { StatementSync } from 'node:sqlite';
import { Records } from '../records.js';
import type { SubjectCategory } from '../shapes.js';
import type { SubjectRef } from '../subject.js';
import type { ViewFile } from '../view-file.js';
import { wordSigns } from './folded-words.js';
import { addedTexts, changesTexts, standingTexts, type TextRow } from './standing-texts.js';
import { blockOf, CLASSES, indexOf, textClassOf } from './tables.js';

interface SubjectTexts {
  readonly ref: SubjectRef;
  readonly added: TextRow[];
  rewritten: boolean;
}

export class SearchWriter {
  private readonly records: Records;
  private readonly statements: ReturnType<typeof prepare>;
  private readonly indexes: ReadonlyMap<number, IndexStatements>;
  /** Of the table of the same name, as far as this run has met them. */
  private trigrams = new Set<number | string>();
  /** By class: the block that was written to last, with the characters that are noted for it. */
  private readonly blocks = new Map<number, { readonly block: number; readonly characters: Set<string> }>();

  constructor(private readonly file: ViewFile) {
    this.records = new Records(file.db);
    this.statements = prepare(file);
    this.indexes = new Map(CLASSES.map(({ code }) => [code, prepareIndex(file, indexOf(code))]));
  }

  /** The texts of every event up to the checkpoint are in. */
  get caughtUp(): boolean {
    return this.progress() >= this.file.checkpoint.seq;
  }

  /** Takes in the texts of the next events, at most so many; false if there are none. To be committed by the caller. */
  advance(most: number): boolean {
    const from = this.progress();
    const to = Math.min(from + most, this.file.checkpoint.seq);
    if (to <= from) return false;
    this.file.begin();
    const removed: TextRow[] = [];
    const added: TextRow[] = [];
    for (const { ref, added: ofFacts, rewritten } of this.subjectsOf(from, to).values()) {
      if (!rewritten) added.push(...ofFacts);
      else this.compare(ref, to, removed, added);
    }
    this.write(removed, added);
    this.statements.advance.run(to);
    return true;
  }

  /** Looks at subjects anew that were folded again. To be committed by the caller. */
  lookAgain(sids: ReadonlySet<number>): void {
    if (sids.size === 0) return;
    this.file.begin();
    const removed: TextRow[] = [];
    const added: TextRow[] = [];
    const to = this.progress();
    for (const sid of sids) {
      const place = this.statements.subject.get(sid) as unknown as Omit<SubjectRef, 'sid'> | undefined;
      if (place === undefined) removed.push(...this.textsOf(sid));
      else this.compare({ sid, kind: place.kind, id: place.id }, to, removed, added);
    }
    this.write(removed, added);
  }

  /** Drops what is kept in memory, after a rollback. */
  forget(): void {
    this.trigrams.clear();
    this.blocks.clear();
  }

  private progress(): number {
    return Number(this.statements.progress.get()?.seq ?? 0);
  }

  private subjectsOf(from: number, to: number): ReadonlyMap<number, SubjectTexts> {
    const subjects = new Map<number, SubjectTexts>();
    for (const event of this.records.between(from, to)) {
      const { sid } = event;
      let found = subjects.get(sid);
      if (found === undefined) {
        const { kind, id } = this.statements.subject.get(sid) as unknown as { kind: SubjectCategory; id: string };
        found = { ref: { sid, kind, id }, added: [], rewritten: false };
        subjects.set(sid, found);
      }
      if (changesTexts(event)) found.rewritten = true;
      else if (!found.rewritten) found.added.push(...addedTexts(found.ref, event));
    }
    return subjects;
  }

  private compare(ref: SubjectRef, to: number, removed: TextRow[], added: TextRow[]): void {
    const old = new Map(this.textsOf(ref.sid).map((row) => [row.row, row]));
    for (const row of standingTexts(ref, this.records.own(ref.sid, to))) {
      const before = old.get(row.row);
      if (before?.text === row.text && before.folded === row.folded && before.start === row.start) old.delete(row.row);
      else added.push(row);
    }
    removed.push(...old.values());
  }

  private textsOf(sid: number): readonly TextRow[] {
    return this.statements.ofSubject.all(sid) as unknown as TextRow[];
  }

  /** In the order of their rows, or the index would be written anew for each of them. */
  private write(removed: TextRow[], added: TextRow[]): void {
    for (const row of removed.sort(byRow)) this.remove(row);
    for (const row of added.sort(byRow)) this.add(row);
  }

  private index(row: number): IndexStatements {
    const found = this.indexes.get(textClassOf(row).code);
    if (found === undefined) throw new RangeError('A class of texts has no index.');
    return found;
  }

  private remove({ row, folded }: TextRow): void {
    this.index(row).remove.run(row, folded + wordSigns(folded));
    this.statements.remove.run(row);
  }

  private add({ row, sid, at, start, folded, text, field }: TextRow): void {
    this.statements.add.run(row, sid, at, start, folded, text, field);
    this.index(row).add.run(row, folded + wordSigns(folded));
    this.note(row, folded);
  }

  /** Its characters, and which three follow each other. What is noted stays noted: it only says where to look. */
  private note(row: number, folded: string): void {
    const { code } = textClassOf(row);
    const block = blockOf(row);
    let noted = this.blocks.get(code);
    if (noted?.block !== block) this.blocks.set(code, (noted = { block, characters: new Set() }));
    let [one, two] = [0, 0];
    for (let at = 0; at < folded.length; at++) {
      const three = folded.codePointAt(at) ?? 0;
      const size = three > 0xffff ? 2 : 1;
      const character = size === 1 ? folded.charAt(at) : folded.slice(at, at + 2);
      if (!noted.characters.has(character)) {
        noted.characters.add(character);
        this.statements.character.run(code, character, block);
      }
      if (one !== 0) this.noteTrigram(one, two, three);
      one = two;
      two = three;
      at += size - 1;
    }
  }

  private noteTrigram(one: number, two: number, three: number): void {
    const wide = one > 0xffff || two > 0xffff || three > 0xffff;
    const key = wide ? String.fromCodePoint(one, two, three) : (one * 0x1_0000 + two) * 0x1_0000 + three;
    if (this.trigrams.has(key)) return;
    if (this.trigrams.size >= TRIGRAMS_AT_HAND) this.trigrams = new Set();
    this.trigrams.add(key);
    this.statements.trigram.run(String.fromCodePoint(one, two, three));
  }
}

interface IndexStatements {
  readonly add: StatementSync;
  readonly remove: StatementSync;
}

function prepareIndex({ db }: ViewFile, table: string): IndexStatements {
  return {
    add: db.prepare(`INSERT INTO ${table} (rowid, folded) VALUES (?, ?)`),
    // An index that keeps no texts is told what it held.
    remove: db.prepare(`INSERT INTO ${table} (${table}, rowid, folded) VALUES ('delete', ?, ?)`),
  };
}

const TRIGRAMS_AT_HAND = 500_000;

function byRow(a: TextRow, b: TextRow): number {
  return a.row - b.row;
}

function prepare({
  db,
}: ViewFile): Record<
  'progress' | 'advance' | 'subject' | 'ofSubject' | 'add' | 'remove' | 'character' | 'trigram',
  StatementSync
> {
  return {
    progress: db.prepare('SELECT seq FROM search_progress'),
    advance: db.prepare('UPDATE search_progress SET seq = ?'),
    subject: db.prepare('SELECT kind, id FROM subjects WHERE sid = ?'),
    ofSubject: db.prepare('SELECT row, sid, at, start, folded, text, field FROM search_texts WHERE sid = ?'),
    add: db.prepare('INSERT INTO search_texts (row, sid, at, start, folded, text, field) VALUES (?, ?, ?, ?, ?, ?, ?)'),
    remove: db.prepare('DELETE FROM search_texts WHERE row = ?'),
    character: db.prepare('INSERT OR IGNORE INTO search_characters VALUES (?, ?, ?)'),
    trigram: db.prepare('INSERT OR IGNORE INTO search_trigrams VALUES (?)'),
  };
}
