/**
 * The replacement of the master key, killed with SIGKILL before each of its steps in turn. After each kill every key opens, whether the
 * next start comes or the replacement is begun again, and the folder is as one that was never killed leaves it.
 *
 * HABEAS_CRASH_SEED: what chance begins with, by which one of the two comes.
 */
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { openPostgresKeyStore, openSqliteKeyStore, replaceMasterKey } from '#access';
import type { KeyStore, StreamKey } from '#log-format';
import { startPostgres, withSchema } from '../support/postgres.js';
import { realRandomness as randomness } from '../support/real.js';
import { killAll, run } from '../support/server-process.js';
import { type Random, randomOf } from './test-support/random.js';

const SEED = Number(process.env.HABEAS_CRASH_SEED ?? 2);

const PROGRAM = fileURLToPath(new URL('./test-support/replace-master-key.js', import.meta.url));

/** Enough for several rows between two steps that matter. */
const KEYS = 8;
/** A replacement that took more would be another one. */
const MOST_STEPS = 200;

interface Scene {
  /** A data folder with a key store that holds KEYS keys, as it was never touched; and where else it lies. */
  readonly make: () => Promise<{ readonly folder: string; readonly connectionString?: string }>;
  /** What lies in the folder before, and afterwards. */
  readonly files: readonly [before: readonly string[], after: readonly string[]];
  /** Keys as they were wrapped by the old master key, as far as they lie in the folder. */
  readonly wrapped: readonly Buffer[];
}

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-master-key-'));
});

afterAll(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

type Place = Awaited<ReturnType<Scene['make']>>;

async function within<Result>(
  { connectionString, ...place }: Place,
  mode: 'read' | 'write',
  work: (store: KeyStore) => Promise<Result>,
): Promise<Result> {
  const store = await (connectionString === undefined
    ? openSqliteKeyStore({ ...place, mode, randomness })
    : openPostgresKeyStore({ ...place, connectionString, mode, randomness }));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const fill = (place: Place): Promise<readonly StreamKey[]> =>
  within(place, 'write', (store) => Promise.all(Array.from({ length: KEYS }, (_, n) => store.obtain(`s-${n}`))));

/** @param meanwhile is so as soon as the key store is open */
async function expectAllOpen(
  place: Place,
  mode: 'read' | 'write',
  made: readonly StreamKey[],
  meanwhile?: () => void,
): Promise<void> {
  await within(place, mode, async (store) => {
    meanwhile?.();
    const found = await store.find(made.map(({ keyId }) => keyId));
    expect(found).toEqual(new Map(made.map((key) => [key.keyId, key])));
  });
}

const namesIn = (place: Place): readonly string[] => readdirSync(place.folder).sort();

function lyingIn(place: Place, wrapped: readonly Buffer[]): readonly Buffer[] {
  const files = namesIn(place).map((name) => readFileSync(join(place.folder, name)));
  return wrapped.filter((bytes) => files.some((content) => content.includes(bytes)));
}

/** Kills it before each step in turn. @returns after how many kills the one or the other master key held */
async function killAtEachStep(
  { make, files: [before, after], wrapped }: Scene,
  made: () => readonly StreamKey[],
  random: Random,
): Promise<{ readonly old: number; readonly new: number }> {
  const held = { old: 0, new: 0 };
  for (let step = 1; step < MOST_STEPS; step++) {
    const place = await make();
    const file = join(place.folder, 'master.key');
    const old = readFileSync(file, 'utf8');
    const killed = run(PROGRAM, [
      place.folder,
      String(step),
      ...(place.connectionString === undefined ? [] : [place.connectionString]),
    ]);
    const code = await killed.ended;
    expect([step, killed.errors()]).toEqual([step, '']);
    if (code === 0) {
      await expectAllOpen(place, 'read', made());
      expect(namesIn(place)).toEqual(after);
      return held;
    }
    // Once it has its name, all is done: to begin again would be to replace it again.
    const named = readFileSync(file, 'utf8') !== old;
    if (random.below(2) === 0) {
      // Not always, as whoever closes the key store last tidies its journal away.
      await expectAllOpen(place, 'read', made());
      if (!named) await replaceMasterKey({ of: { ...place, randomness } });
    }
    await expectAllOpen(place, 'write', made(), () => {
      if (readFileSync(file, 'utf8') !== old) expect(lyingIn(place, wrapped)).toEqual([]);
    });
    const replaced = readFileSync(file, 'utf8') !== old;
    held[replaced ? 'new' : 'old']++;
    expect([step, namesIn(place)]).toEqual([step, replaced ? after : before]);
    if (replaced) expect(readFileSync(`${file}.old`, 'utf8')).toBe(old);
    rmSync(place.folder, { recursive: true });
  }
  throw new Error('It never ended by itself.');
}

test('in keys.db', async () => {
  const template = { folder: join(folder, 'template') };
  const made = await fill(template);
  const db = new DatabaseSync(join(template.folder, 'keys.db'));
  const wrapped = db
    .prepare('SELECT wrapped FROM keys')
    .all()
    .map((row) => Buffer.from(row.wrapped as Uint8Array));
  db.close();
  expect(wrapped).toHaveLength(KEYS + 1);
  const scene: Scene = {
    make: () => {
      const place = { folder: join(folder, randomUUID()) };
      cpSync(template.folder, place.folder, { recursive: true });
      return Promise.resolve(place);
    },
    files: [
      ['keys.db', 'master.key'],
      ['keys.db', 'master.key', 'master.key.old'],
    ],
    wrapped,
  };
  const held = await killAtEachStep(scene, () => made, randomOf(SEED));
  expect(held.old).toBeGreaterThan(5);
  expect(held.new).toBeGreaterThan(2);
}, 300_000);

test('in PostgreSQL', async () => {
  const postgres = await startPostgres();
  try {
    let made: readonly StreamKey[] = [];
    const scene: Scene = {
      make: async () => {
        const place = {
          folder: mkdtempSync(join(folder, 'node-')),
          connectionString: withSchema(postgres.connectionString, `habeas_${randomUUID().replaceAll('-', '')}`),
        };
        made = await fill(place);
        return place;
      },
      files: [['master.key'], ['master.key', 'master.key.old']],
      wrapped: [],
    };
    const held = await killAtEachStep(scene, () => made, randomOf(SEED));
    expect(held.old).toBeGreaterThan(5);
    expect(held.new).toBeGreaterThan(2);
  } finally {
    await postgres.stop();
  }
}, 300_000);
