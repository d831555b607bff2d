/** Search: how fast texts are taken in, apart from the other views, and how long searches over HTTP take. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { SCHEMA_VERSION } from '#projections';
import { openForWriting } from '../../libs/projections/src/schema.js';
import { SearchWriter } from '../../libs/projections/src/search/writer.js';
import { ViewFile } from '../../libs/projections/src/view-file.js';
import type { Benchmark, Context, Figure } from '../figure.js';
import { ready } from './get.js';
import { type Connection, connections } from '../load.js';
import { benchLog } from '../log/bench-log.js';
import { AUTHORIZED, startHabeas } from '../server.js';
import { median, ms, perSecond, quantile, timed } from '../stats.js';

const QUERIES: readonly (readonly [what: string, q: string])[] = [
  ['a name that many have', 'Sok Dara'],
  ['a part of many names', 'ara'],
  ['a word of many notes', 'court'],
  ['a part of many notes', 'ourt'],
  ['words that few texts have together', 'neighbours were refused'],
  ['very common words that seldom stand together', 'the that the that'],
  ['very common words that nowhere stand together', 'the court of the law'],
  ['one very common word, four times', 'court court court court'],
  ['a phrase that begins and ends within words', 'ourt court th'],
  ['nothing has it', 'qwertyuiop'],
  ['one character', 'k'],
  ['two characters', 'ou'],
  ['a name in Khmer', 'ចាន់ វណ្ណ'],
  ['one character of Khmer', 'ស'],
];

async function run(context: Context): Promise<readonly Figure[]> {
  const { quick, cache, report } = context;
  // The log that "get" reads from, so that its views are there already.
  const size = quick ? { events: 4_500, persons: 640 } : { events: 110_000, persons: 100_000 };
  const log = await benchLog(cache, size, report);
  const habeas = await startHabeas(log.folder);
  const [lane] = await connections(habeas.url, 1);
  const figures: Figure[] = [];
  try {
    if (lane === undefined) throw new RangeError('There is no connection.');
    await ready(lane, log.folder, report);
    await complete(lane);
    for (const [what, q] of QUERIES) figures.push(await search(lane, what, q, quick ? 5 : 60));
  } finally {
    lane?.close();
    await habeas.stop();
  }
  return [filling(log.folder, context), ...figures];
}

async function search(lane: Connection, what: string, q: string, rounds: number): Promise<Figure> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await timed(() => answer(lane, q)));
  const p50 = median(times);
  return {
    what: `search: ${what}`,
    measured: `p50 ${ms(p50)}`,
    goal: 'p50 < 20 ms',
    met: p50 < 20,
    values: { p50Ms: p50, p99Ms: quantile(times, 0.99) },
  };
}

async function answer(lane: Connection, q: string): Promise<{ readonly asOf: { readonly complete: boolean } }> {
  const path = `/v1/search?q=${encodeURIComponent(q)}`;
  const { status, body } = await lane.send({ method: 'GET', path, headers: AUTHORIZED });
  if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
  return JSON.parse(body) as { asOf: { complete: boolean } };
}

async function complete(lane: Connection): Promise<void> {
  while (!(await answer(lane, 'x')).asOf.complete) await delay(500);
}

const EVENTS_PER_SLICE = 200;
const EVENTS_PER_COMMIT = 20_000;

/** Search is filled once more, in a copy of the views: what that takes alone, without the fold. */
function filling(folder: string, { temporary }: Context): Figure {
  const path = join(temporary, 'views-copy.db');
  copyFileSync(join(folder, readFileSync(join(folder, `views-${SCHEMA_VERSION}.current`), 'utf8').trim()), path);
  empty(path);
  const db = openForWriting(path);
  if (typeof db === 'string') throw new Error(`The copy of the views is ${db}.`);
  const file = new ViewFile(path, db);
  const writer = new SearchWriter(file);
  const events = file.checkpoint.seq;
  const before = process.cpuUsage();
  const start = performance.now();
  for (let taken = EVENTS_PER_SLICE; writer.advance(EVENTS_PER_SLICE); taken += EVENTS_PER_SLICE) {
    if (taken % EVENTS_PER_COMMIT === 0) file.commit();
  }
  file.commit();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  const texts = Number(db.prepare('SELECT count(*) AS n FROM search_texts').get()?.n);
  file.close();
  return {
    what: `fill search: ${events.toLocaleString('en')} events, ${texts.toLocaleString('en')} texts`,
    measured: `${perSecond(events / seconds)} events, ${perSecond(texts / seconds)} texts`,
    note: `filling search: ${perSecond(events / cpuSeconds)} events of CPU time; no other view waits for it`,
    values: { events, texts, seconds, cpuSeconds },
  };
}

function empty(path: string): void {
  const db = new DatabaseSync(path);
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%USING fts5%'").all();
  db.exec(
    `BEGIN; ${tables.map(({ name }) => `INSERT INTO ${String(name)} (${String(name)}) VALUES ('delete-all');`).join(' ')}
     DELETE FROM search_texts; DELETE FROM search_trigrams; DELETE FROM search_characters;
     UPDATE search_progress SET seq = 0; COMMIT; VACUUM;`,
  );
  db.close();
}

export const searching: Benchmark = { name: 'search', about: 'filling search, and searching over HTTP', run };
