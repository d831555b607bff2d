import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLog } from '#event-store-sqlite';
import { contents, inFolder, linesOf, startChild } from './test-support/processes.js';

/** A test that needs something of the machine; where that is missing it is skipped, and says so. */
function testWhere(probe: string, needs: string): (name: string, body: () => Promise<void>) => void {
  if (spawnSync('bash', ['-c', probe]).status === 0) return test;
  console.warn(`Skipped below, because this machine does not allow it: ${needs}.`);
  return test.skip;
}

async function only<T>(what: string, folder: string, scene: string): Promise<T[]> {
  const lines: T[] = [];
  for await (const line of linesOf<T>(startChild(what, folder, scene))) lines.push(line);
  return lines;
}

interface RanOut {
  readonly acknowledged: number;
  readonly codes: readonly string[];
  readonly readWhileFull: number;
  readonly readAfterwards: number;
  readonly readAgain: number;
}

function expectNothingLost([outcome]: readonly RanOut[]): void {
  const acknowledged = outcome!.acknowledged;
  expect(acknowledged).toBeGreaterThan(10);
  expect(outcome).toEqual({
    acknowledged,
    codes: ['disk-full', 'disk-full', 'disk-full'],
    readWhileFull: acknowledged,
    readAfterwards: acknowledged + 1,
    readAgain: acknowledged + 1,
  });
}

const MOUNT = 'mount -t tmpfs -o size=4m tmpfs';
testWhere(`unshare -rm ${MOUNT} /mnt`, 'a small file system in a mount namespace')(
  'a full disk: the append is refused as disk-full, all acknowledged are there, and with space it goes on',
  inFolder(async (folder) => {
    const scene = `exec unshare -rm bash -c '${MOUNT} ${folder} && exec "$@"' bash "$@"`;
    expectNothingLost(await only<RanOut>('full-disk', folder, scene));
  }),
);

testWhere('prlimit --version', 'prlimit')(
  'a limit on the size of files: as a full disk',
  inFolder(async (folder) => {
    expectNothingLost(await only<RanOut>('file-limit', folder, 'ulimit -S -f 1000; exec "$@"'));
  }),
);

/** Rights do not bind root, unless it gives up the capability to pass over them. */
const WITHOUT_PRIVILEGE =
  process.getuid?.() === 0 ? 'exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"' : 'exec "$@"';

testWhere(
  `bash -c '${WITHOUT_PRIVILEGE}' bash bash -c 'd=$(mktemp -d) && chmod 555 $d && ! touch $d/x 2>/dev/null'`,
  'a folder that cannot be written',
)(
  'a folder that cannot be written: owning it is refused as read-only, a closed log in it can be read, nothing changes',
  inFolder(async (folder) => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const full = join(folder, 'full');
    const store = await openSqliteLog({ folder: full, mode: 'own' });
    await store.append(
      'habeasPerson-1',
      [{ id: crypto.randomUUID(), type: 'Noted', data: '{}', metadata: '{}' }],
      'no-stream',
    );
    await store.close();
    const before = contents(full);
    for (const path of [join(full, 'log.db'), join(full, 'owner.lock')]) chmodSync(path, 0o444);
    for (const path of [empty, full]) chmodSync(path, 0o555);
    try {
      expect(await only('open', empty, WITHOUT_PRIVILEGE)).toEqual([
        { mode: 'own', code: 'read-only' },
        { mode: 'read', code: 'unavailable' },
      ]);
      expect(await only('open', full, WITHOUT_PRIVILEGE)).toEqual([
        { mode: 'own', code: 'read-only' },
        { mode: 'read', read: 1 },
      ]);
      expect(await only('open', join(empty, 'new'), WITHOUT_PRIVILEGE)).toEqual([
        { mode: 'own', code: 'read-only' },
        { mode: 'read', code: 'unavailable' },
      ]);
      expect(contents(full)).toEqual(before);
      expect(contents(empty)).toEqual({});
    } finally {
      for (const path of [empty, full]) chmodSync(path, 0o755);
    }
  }),
);
