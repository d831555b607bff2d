/** The operational state of an embedded log: its contract, and its file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { OperationalState } from '#event-store';
import { operationalStateContract } from '#event-store/contract';
import { openNodeState } from '#event-store-sqlite';
import { inFolder } from './test-support/processes.js';

operationalStateContract('node.db', {
  open: () => {
    const folder = mkdtempSync(join(tmpdir(), 'habeas-state-'));
    const opened: OperationalState[] = [];
    const again = () => {
      const state = openNodeState(folder);
      opened.push(state);
      return Promise.resolve(state);
    };
    return again().then((state) => ({
      state,
      again,
      async dispose() {
        for (const one of opened) await one.close();
        rmSync(folder, { recursive: true });
      },
    }));
  },
});

test.each<[what: string, make: (file: string) => void]>([
  ['a text', (file) => writeFileSync(file, 'Dear diary\n'.repeat(99))],
  [
    'another program’s database',
    (file) => {
      const db = new DatabaseSync(file);
      db.exec('CREATE TABLE mine (x)');
      db.close();
    },
  ],
  [
    'one of a later version',
    (file) => {
      const db = new DatabaseSync(file);
      db.exec('PRAGMA application_id = 0x4861626e; PRAGMA user_version = 2; CREATE TABLE newer (x)');
      db.close();
    },
  ],
])('%s in its place is left as it is', (_, make) =>
  inFolder((folder) => {
    const file = join(folder, 'node.db');
    make(file);
    const before = readFileSync(file);
    expect(() => openNodeState(folder)).toThrow(/^.*node\.db is not what this version of Habeas keeps there/);
    expect(readFileSync(file).equals(before)).toBe(true);
    return Promise.resolve();
  })(),
);

test.each<[what: string, make: (file: string) => void]>([
  ['that is empty', (file) => writeFileSync(file, '')],
  [
    'of which only the header was written',
    (file) => {
      const db = new DatabaseSync(file);
      db.exec('PRAGMA journal_mode = WAL');
      db.close();
      expect(readFileSync(file).length).toBeGreaterThan(0);
    },
  ],
])('one %s, as a kill leaves it, is made whole', (_, make) =>
  inFolder(async (folder) => {
    make(join(folder, 'node.db'));
    const state = openNodeState(folder);
    expect(await state.write('a', 'there', 'no-stream')).toBe(0);
    await state.close();
  })(),
);
