/** The trail of an embedded log: its contract, and its file. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Trail } from '#event-store';
import { trailContract } from '#event-store/contract';
import { openNodeTrail } from '#event-store-sqlite';
import { inFolder } from './test-support/processes.js';

const DAY_MS = 86_400_000;
let now = Date.parse('2026-11-26T12:00:00Z');
const clock = { now: () => new Date(now) };
const days = 400;

trailContract('reads.db', {
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'habeas-trail-'));
    const opened: Trail[] = [];
    // eslint-disable-next-line @typescript-eslint/require-await
    const again = async (): Promise<Trail> => {
      const trail = openNodeTrail({ folder, clock, days });
      opened.push(trail);
      return trail;
    };
    return {
      trail: await again(),
      again,
      dispose: async () => {
        for (const one of opened) await one.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
});

const texts = async (trail: Trail): Promise<readonly string[]> =>
  (await trail.before(undefined, 100)).map(({ text }) => text);

test('what was appended is in the files as a kill leaves them', () =>
  inFolder(async (folder) => {
    const trail = openNodeTrail({ folder, clock, days });
    await trail.append(['one', 'two']);
    const left = join(folder, 'left');
    mkdirSync(left);
    for (const name of ['reads.db', 'reads.db-wal']) {
      if (existsSync(join(folder, name))) cpSync(join(folder, name), join(left, name));
    }
    const found = openNodeTrail({ folder: left, clock, days });
    expect(await texts(found)).toEqual(['two', 'one']);
    await found.close();
    await trail.close();
  })());

test('entries are kept for so many days, and no place is given twice', () =>
  inFolder(async (folder) => {
    const trail = openNodeTrail({ folder, clock, days: 2 });
    await trail.append(['first']);
    const [first] = await trail.before(undefined, 1);
    now += 2 * DAY_MS;
    await trail.append(['second']);
    expect(await texts(trail)).toEqual(['second', 'first']);
    now += DAY_MS;
    await trail.append(['third']);
    expect(await texts(trail)).toEqual(['third', 'second']);
    await trail.close();
    now += 9 * DAY_MS;
    const later = openNodeTrail({ folder, clock, days: 2 });
    expect(await texts(later)).toEqual([]);
    await later.append(['fourth']);
    expect((await later.before(undefined, 1))[0]?.place).toBeGreaterThan((first?.place ?? 0) + 2);
    await later.close();
  })());
