/**
 * What lists of one kind of subject look through for words: the names, titles or words of each, folded, at hand in blocks
 * of neighbouring numbers. A block is read when it is looked through for the first time since one of its subjects changed.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Bits } from './bits.js';
import type { SubjectCategory } from './shapes.js';

/** Numbers of subjects in a block: few, since a change costs the reading of one. */
const BLOCK = 256;
/** In UTF-16 units. Kinds that have more, such as a million statements, are looked through in the file. */
const MOST_AT_HAND = 32 * 1024 * 1024;

/** Texts one after the other, each of the subject at the same place in `sids`, from the place in `starts` on. */
interface Block {
  readonly text: string;
  readonly sids: readonly number[];
  readonly starts: readonly number[];
}

export class ListTexts {
  private readonly statements: Record<'block' | 'last' | 'matching', StatementSync>;
  private readonly blocks = new Map<number, Block>();
  private atHand = 0;

  constructor(
    db: DatabaseSync,
    private readonly kind: SubjectCategory,
    private readonly most = MOST_AT_HAND,
  ) {
    this.statements = {
      // By number alone: an index by kind would pass all subjects for every block.
      block: db.prepare(
        'SELECT sid, search FROM subjects NOT INDEXED WHERE sid >= ? AND sid < ? AND kind = ? ORDER BY sid',
      ),
      last: db.prepare('SELECT ifnull(max(sid), 0) FROM subjects'),
      matching: db.prepare('SELECT sid FROM subjects WHERE kind = ? AND instr(search, ?) > 0'),
    };
    for (const statement of Object.values(this.statements)) statement.setReturnArrays(true);
  }

  /** These subjects have changed, or are new. */
  forget(sids: readonly number[]): void {
    for (const sid of sids) {
      const number = Math.floor(sid / BLOCK);
      this.atHand -= this.blocks.get(number)?.text.length ?? 0;
      this.blocks.delete(number);
    }
  }

  /** Whose texts hold what is looked for, which is folded. */
  matching(folded: string): Bits {
    const [last] = this.statements.last.get() as unknown as [number];
    const found = new Bits();
    for (let number = 0; number * BLOCK <= last; number++) {
      const block = this.blocks.get(number) ?? this.read(number);
      if (block === undefined) return this.matchingInFile(folded);
      find(block, folded, found);
    }
    return found;
  }

  /** Undefined where there are more texts than may be at hand. */
  private read(number: number): Block | undefined {
    if (this.atHand > this.most) return undefined;
    const from = number * BLOCK;
    const rows = this.statements.block.all(from, from + BLOCK, this.kind) as unknown as [number, string][];
    const starts: number[] = [];
    let length = 0;
    for (const [, text] of rows) {
      starts.push(length);
      length += text.length + 1;
    }
    // No folded text holds a line break, so nothing is found that reaches from one into the next.
    const block = { text: rows.map(([, text]) => text).join('\n'), sids: rows.map(([sid]) => sid), starts };
    this.blocks.set(number, block);
    this.atHand += block.text.length;
    return block;
  }

  private matchingInFile(folded: string): Bits {
    return Bits.of((this.statements.matching.all(this.kind, folded) as unknown as [number][]).map(([sid]) => sid));
  }
}

function find({ text, sids, starts }: Block, folded: string, found: Bits): void {
  let subject = 0;
  for (let at = text.indexOf(folded); at >= 0 && subject < sids.length;) {
    while ((starts[subject + 1] ?? Infinity) <= at) subject++;
    found.add(sids[subject] ?? 0);
    // One hit says enough: on with the next subject.
    const next = starts[++subject];
    if (next === undefined) return;
    at = text.indexOf(folded, next);
  }
}
