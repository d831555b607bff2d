import { randomUUID } from 'node:crypto';
import { appendFileSync, copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { EventStoreErrorCode } from '#event-store';
import { LOG_FILE, openSqliteLog } from '#event-store-sqlite';
import { contents, inFolder, killNow, linesOf, startChild } from './test-support/processes.js';

const MODES = ['own', 'read'] as const;

/** A closed log of some hundred pages, as somebody might have copied it: the file alone. */
async function writeLog(folder: string): Promise<string> {
  const store = await openSqliteLog({ folder, mode: 'own' });
  const events = Array.from({ length: 400 }, () => ({
    id: randomUUID(),
    type: 'Noted',
    data: JSON.stringify({ filling: 'x'.repeat(700) }),
    metadata: '{}',
  }));
  await store.append('habeasPerson-1', events, 'no-stream');
  await store.close();
  rmSync(join(folder, 'owner.lock'));
  return join(folder, LOG_FILE);
}

function sqlite(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

/** A database of another program that was not closed: its journal holds what its file does not. */
function leaveOpenDatabase(file: string): void {
  const db = new DatabaseSync(`${file}.live`);
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE mine (x); INSERT INTO mine VALUES (1)');
  for (const suffix of ['', '-wal', '-shm']) copyFileSync(`${file}.live${suffix}`, `${file}${suffix}`);
  db.close();
  rmSync(`${file}.live`);
}

const damages: readonly {
  name: string;
  code: EventStoreErrorCode;
  says: string;
  do: (file: string, folder: string) => unknown;
}[] = [
  {
    name: 'a text',
    code: 'foreign',
    says: 'not a database',
    do: (file) => {
      writeFileSync(file, 'Dear diary\n'.repeat(999));
    },
  },
  {
    name: 'a short text',
    code: 'foreign',
    says: 'not a database',
    do: (file) => {
      writeFileSync(file, 'Dear diary');
    },
  },
  {
    name: 'a database of another program',
    code: 'foreign',
    says: 'another program',
    do: (file) => {
      sqlite(file, 'CREATE TABLE mine (x)');
    },
  },
  {
    name: 'a database of another program with a journal',
    code: 'foreign',
    says: 'another program',
    do: leaveOpenDatabase,
  },
  {
    name: 'an empty database',
    code: 'corrupt',
    says: 'empty',
    do: (file) => {
      writeFileSync(file, '');
    },
  },
  {
    name: 'a log of a newer version',
    code: 'foreign',
    says: 'newer version',
    do: async (_, folder) => {
      sqlite(await writeLog(folder), 'PRAGMA user_version = 2');
    },
  },
  {
    name: 'a log of no known version',
    code: 'corrupt',
    says: 'format 0',
    do: async (_, folder) => {
      sqlite(await writeLog(folder), 'PRAGMA user_version = 0');
    },
  },
  {
    name: 'a log without its tables',
    code: 'corrupt',
    says: 'tables',
    do: async (_, folder) => {
      sqlite(await writeLog(folder), 'DROP TABLE types');
    },
  },
  ...[100, 511, 512, 3_000, 4_096, 50_000, 4_096 * 20, -1, -4_096].map((bytes) => ({
    name: bytes > 0 ? `a log of which ${bytes} bytes are left` : `a log that lost its last ${-bytes} bytes`,
    code: 'corrupt' as const,
    says: 'damaged',
    do: async (_: string, folder: string) => {
      const file = await writeLog(folder);
      truncateSync(file, bytes > 0 ? bytes : statSync(file).size + bytes);
    },
  })),
  {
    name: 'a log whose beginning was overwritten',
    code: 'foreign',
    says: 'not a database',
    do: async (_, folder) => {
      const file = await writeLog(folder);
      writeFileSync(file, Buffer.alloc(4_096, 7), { flag: 'r+' });
    },
  },
  {
    name: 'a journal without its log',
    code: 'corrupt',
    says: 'gone',
    do: (file) => {
      writeFileSync(`${file}-wal`, 'x'.repeat(9_000));
    },
  },
  {
    name: 'a log with a journal that lost pages already moved into its file',
    code: 'corrupt',
    says: 'cut off',
    do: async (_, folder) => {
      const file = await writeLog(folder);
      const child = startChild('append', folder);
      for await (const _line of linesOf(child)) break;
      await killNow(child);
      truncateSync(file, 4_096 * 20);
      for (const name of ['owner.json', 'owner.lock', `${LOG_FILE}-shm`]) rmSync(join(folder, name), { force: true });
    },
  },
];

describe.each(MODES)('opening to %s', (mode) => {
  test.each(damages)('$name is refused as $code, and left byte for byte as it is', (damage) =>
    inFolder(async (folder) => {
      await damage.do(join(folder, LOG_FILE), folder);
      const before = contents(folder);
      await expect(openSqliteLog({ folder, mode })).rejects.toMatchObject({
        code: damage.code,
        message: expect.stringContaining(damage.says) as string,
      });
      expect(Object.keys(contents(folder))).toEqual(Object.keys(before));
      expect(contents(folder)).toEqual(before);
    })(),
  );

  test(
    'a whole log copied as a single file opens',
    inFolder(async (folder) => {
      await writeLog(folder);
      await (await openSqliteLog({ folder, mode })).close();
    }),
  );
});

test(
  'a page overwritten in the middle is found when it is read, and named as damage',
  inFolder(async (folder) => {
    const file = await writeLog(folder);
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4_096 * 30, 4_096 * 34);
    writeFileSync(file, bytes);
    const store = await openSqliteLog({ folder, mode: 'read' });
    const reading = (async () => {
      for await (const event of store.readAll()) expect(event.id).toHaveLength(36);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'corrupt' });
    const following = (async () => {
      for await (const message of store.subscribeToAll()) if (message.kind === 'caught-up') break;
    })();
    await expect(following).rejects.toMatchObject({ code: 'corrupt' });
    await store.close();
  }),
);

test.each([5, 399])('a stream that lost its revision %i is named as damaged, not read with a gap', (revision) =>
  inFolder(async (folder) => {
    sqlite(await writeLog(folder), `DELETE FROM events WHERE revision = ${revision}`);
    const store = await openSqliteLog({ folder, mode: 'read' });
    for (const direction of ['forwards', 'backwards'] as const) {
      const reading = (async () => {
        for await (const event of store.readStream('habeasPerson-1', { direction })) expect(event.id).toHaveLength(36);
      })();
      await expect(reading).rejects.toMatchObject({ code: 'corrupt' });
    }
    await store.close();
  })(),
);

test(
  'a making of the log that was cut short leaves no trace in the next',
  inFolder(async (folder) => {
    for (const suffix of ['', '-journal', '-wal']) appendFileSync(join(folder, `${LOG_FILE}.new${suffix}`), 'half');
    await (await openSqliteLog({ folder, mode: 'own' })).close();
    expect(Object.keys(contents(folder)).sort()).toEqual([LOG_FILE, 'owner.lock']);
  }),
);
