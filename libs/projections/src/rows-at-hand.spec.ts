import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { FileVersion } from './file-version.js';
import { Records } from './records.js';
import { RowsAtHand } from './rows-at-hand.js';
import { createFile, makeReadable, openForReading } from './schema.js';

let folder: string;
let writer: DatabaseSync;
let reader: DatabaseSync;
let rows: RowsAtHand;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-rows-'));
  const path = join(folder, 'views.db');
  writer = createFile(path);
  for (let seq = 1; seq <= 6; seq++) {
    writer
      .prepare(
        `INSERT INTO events (seq, sid, revision, id, type, recorded_at, recorded_by, visibility, recorded_for, opened, known, data)
         VALUES (?, ?, ?, ?, 'PersonReleased', '', '', 'internal', 'internal', 1, 0, ?)`,
      )
      .run(seq, 1 + (seq % 2), seq, `event-${seq}`, JSON.stringify({ seq }));
  }
  makeReadable(writer);
  const opened = openForReading(path);
  if (opened === undefined) throw new Error('The file cannot be read.');
  reader = opened;
  rows = new RowsAtHand(new Records(reader), new FileVersion(reader));
});

afterEach(() => {
  reader.close();
  writer.close();
  rmSync(folder, { recursive: true });
});

const seqs = (upTo: number): readonly number[] => rows.own(2, upTo).map(({ seq }) => seq);

test('the same rows at every moment, as far as they go, whichever was asked for first', () => {
  const third = rows.own(2, 3).at(-1);
  expect(seqs(5)).toEqual([1, 3, 5]);
  expect(seqs(4)).toEqual([1, 3]);
  expect(seqs(1)).toEqual([1]);
  expect(rows.own(2, 5)[1]).toBe(third);
  expect(rows.own(2, 4)[1]).toBe(third);
  expect(rows.own(1, 6).map(({ seq }) => seq)).toEqual([2, 4, 6]);
});

test('nothing of what a commit has erased', () => {
  expect(rows.own(2, 5)[0]?.data).toEqual({ seq: 1 });
  writer.exec("UPDATE events SET data = '{}', opened = 0 WHERE seq = 1");
  expect(rows.own(2, 5)[0]).toMatchObject({ data: {}, opened: false });
  expect(rows.own(2, 3)[0]).toMatchObject({ data: {}, opened: false });
});
