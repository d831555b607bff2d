/** What lists look through for words: the same whether it is at hand or in the file, and never older than the file. */
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { ListTexts } from './list-texts.js';

let db: DatabaseSync;
beforeEach(() => {
  db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE subjects (sid INTEGER PRIMARY KEY, kind TEXT, search TEXT)');
});
afterEach(() => {
  db.close();
});

function put(sid: number, search: string, kind = 'person'): void {
  db.prepare('INSERT OR REPLACE INTO subjects VALUES (?, ?, ?)').run(sid, kind, search);
}

test('subjects of the kind that hold it, each once, in whatever block they are', () => {
  put(1, 'sok dara\nsok');
  put(2, 'sok dara', 'group');
  put(255, 'bopha');
  put(256, 'sokha');
  put(257, 'da');
  put(5_000, 'xx sok');
  const texts = new ListTexts(db, 'person');
  expect(texts.matching('sok').all()).toEqual([1, 256, 5_000]);
  expect(texts.matching('sok dara').all()).toEqual([1]);
  expect(texts.matching('a').all()).toEqual([1, 255, 256, 257]);
  expect(texts.matching('zz').all()).toEqual([]);
});

test('nothing is found that reaches from one subject into the next', () => {
  put(1, 'ab');
  put(2, 'cd');
  put(3, '');
  put(4, 'ab');
  const texts = new ListTexts(db, 'person');
  expect(texts.matching('bc').all()).toEqual([]);
  expect(texts.matching('ab').all()).toEqual([1, 4]);
});

test('what changed is read again, what is new is found', () => {
  put(1, 'sok');
  put(2, 'dara');
  const texts = new ListTexts(db, 'person');
  expect(texts.matching('sok').all()).toEqual([1]);
  put(1, 'dara');
  put(700, 'sok');
  texts.forget([1, 700]);
  expect(texts.matching('sok').all()).toEqual([700]);
  expect(texts.matching('dara').all()).toEqual([1, 2]);
});

test('more texts than may be at hand are looked through in the file, with the same answer', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'ស'), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), word, fc.nat(20), (words, wanted, most) => {
      db.exec('DELETE FROM subjects');
      for (const [at, text] of words.entries()) put(1 + at * 40, text);
      fc.pre(wanted !== '');
      const few = new ListTexts(db, 'person', most);
      expect(few.matching(wanted).all()).toEqual(new ListTexts(db, 'person').matching(wanted).all());
      expect(few.matching(wanted).all()).toEqual(
        words.flatMap((text, at) => (text.includes(wanted) ? [1 + at * 40] : [])),
      );
    }),
  );
});
