/** Bytes that are kept never outlive the document that they were. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DatabaseSync } from 'node:sqlite';
import { FileVersion } from './file-version.js';
import { ReadyDocuments } from './ready-documents.js';
import { Records } from './records.js';
import { createFile, makeReadable, openForReading } from './schema.js';

let folder: string;
let writer: DatabaseSync;
let reader: DatabaseSync;
let records: Records;
let version: FileVersion;
let ready: ReadyDocuments;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-ready-'));
  const path = join(folder, 'views.db');
  writer = createFile(path);
  writer.exec(
    `INSERT INTO streams VALUES (1, 'habeasPerson-a', 4, '', 4, 'internal');
     INSERT INTO subjects (sid, kind, id, entered, search, sort) VALUES (1, 'person', 'a', 2, '', '');`,
  );
  makeReadable(writer);
  const opened = openForReading(path);
  if (opened === undefined) throw new Error('The file cannot be read.');
  reader = opened;
  records = new Records(reader);
  version = new FileVersion(reader);
  ready = new ReadyDocuments(records, version);
});

afterEach(() => {
  reader.close();
  writer.close();
  rmSync(folder, { recursive: true });
});

function put(seq: number, day: number, until: number, document: object): void {
  writer
    .prepare("INSERT OR REPLACE INTO documents VALUES (1, ?, ?, ?, '', ?)")
    .run(seq, day, until, JSON.stringify(document));
}

function find(today: number, end: string, settled = false): Buffer | undefined {
  const row = records.present('person', 'a');
  if (row === undefined) throw new Error('There is no such subject.');
  return ready.find(row, { seq: 5, settled, day: today }, end, false)?.json;
}

test('the document with another end, the same bytes as long as nothing changes', () => {
  put(5, 10, 20, { name: 'ស៊ូ' });
  const first = find(10, ',"n":1}');
  expect(first?.toString()).toBe('{"name":"ស៊ូ","n":1}');
  expect(find(11, ',"n":1}')).toBe(first);
});

test('the end moves on while the document stays; bytes that were given stay as they were', () => {
  put(5, 10, 20, { name: 'Vy' });
  const first = find(10, ',"n":1}');
  expect(find(10, ',"n":12345}')?.toString()).toBe('{"name":"Vy","n":12345}');
  expect(find(10, ',"n":2}')?.toString()).toBe('{"name":"Vy","n":2}');
  expect(first?.toString()).toBe('{"name":"Vy","n":1}');
});

test('another document of the subject: of a later seq, or of the same for another day', () => {
  put(5, 10, 20, { name: 'Vy' });
  find(10, '}');
  put(6, 10, 20, { name: 'Vy Serey' });
  expect(find(10, '}')?.toString()).toBe('{"name":"Vy Serey"}');
  put(6, 12, 20, { name: 'Vy Serey', free: true });
  expect(find(12, '}')?.toString()).toBe('{"name":"Vy Serey","free":true}');
});

test('none where none stands ready, or none for this day', () => {
  expect(find(10, '}')).toBeUndefined();
  put(5, 10, 20, { name: 'Vy' });
  expect(find(9, '}')).toBeUndefined();
  expect(find(20, '}')).toBeDefined();
  expect(find(21, '}')).toBeUndefined();
  writer.exec('DELETE FROM documents');
  expect(find(10, '}')).toBeUndefined();
});

test('what the row of a subject says', () => {
  expect(records.present('person', 'a')).toMatchObject({ sid: 1, revision: 4, seq: null, entered: 2 });
  expect(records.present('group', 'a')).toBeUndefined();
});

describe('the same answer again', () => {
  beforeEach(() => {
    put(5, 10, 20, { name: 'Vy' });
  });

  test('as long as nobody commits to the file, of this subject and on this day', () => {
    expect(ready.again('person', 'a', 10)).toBeUndefined();
    const first = find(10, '}');
    expect(ready.again('person', 'a', 10)).toEqual({ json: first, revision: 4, confidential: false });
    expect(ready.again('person', 'a', 10)).toBe(ready.again('person', 'a', 10));
    expect(ready.again('person', 'a', 11)).toBeUndefined();
    expect(ready.again('group', 'a', 10)).toBeUndefined();
    expect(ready.again('person', 'b', 10)).toBeUndefined();
  });

  test('not after a commit that somebody may have seen: from the next turn on, or once the file was looked into', async () => {
    find(10, '}');
    expect(ready.again('person', 'a', 10)).toBeDefined();
    writer.exec("UPDATE streams SET shown = 5 WHERE name = 'habeasPerson-a'");
    await nextTurn();
    expect(ready.again('person', 'a', 10)).toBeUndefined();
    find(10, '}');
    expect(ready.again('person', 'a', 10)).toMatchObject({ revision: 5 });
    writer.exec("UPDATE streams SET shown = 6 WHERE name = 'habeasPerson-a'");
    version.forget();
    expect(ready.again('person', 'a', 10)).toBeUndefined();
  });

  test('of the snapshot that it was found in, not of what was committed since', () => {
    reader.exec('BEGIN');
    find(10, '}');
    writer.exec("UPDATE streams SET shown = 5 WHERE name = 'habeasPerson-a'");
    reader.exec('COMMIT');
    expect(ready.again('person', 'a', 10)).toBeUndefined();
  });

  test('not where the clock is behind the record: what is settled changes as it goes on', () => {
    find(10, '}', true);
    expect(ready.again('person', 'a', 10)).toBeUndefined();
  });
});
