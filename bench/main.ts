/** `npm run bench [-- --quick] [name…]`: measures, prints a table, and keeps the numbers as JSON. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { append } from './figures/append.js';
import { batch } from './figures/batch.js';
import { emmett } from './figures/emmett.js';
import { eventstoredb } from './figures/eventstoredb.js';
import { feed } from './figures/feed.js';
import { get } from './figures/get.js';
import { post } from './figures/post.js';
import { open, read } from './figures/read.js';
import { searching } from './figures/search.js';
import { time } from './figures/time.js';
import { trust } from './figures/trust.js';
import { verify } from './figures/verify.js';
import { views } from './figures/views.js';
import type { Benchmark, Context, Figure } from './figure.js';

const BENCHMARKS: readonly Benchmark[] = [
  append,
  post,
  batch,
  read,
  verify,
  open,
  views,
  get,
  time,
  searching,
  feed,
  trust,
  eventstoredb,
  emmett,
];

// Everything lies on the disk of the project: what is in memory alone (/tmp on many machines) has no durability to measure.
const FOLDER = join(process.cwd(), 'bench');

async function main(args: readonly string[]): Promise<void> {
  const quick = args.includes('--quick');
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = names.find((name) => !BENCHMARKS.some((one) => one.name === name));
  if (args.includes('--help') || unknown !== undefined) {
    if (unknown !== undefined) console.error(`There is no benchmark ${unknown}.`);
    console.log(
      `npm run bench -- [--quick] [name…]\n${BENCHMARKS.map(({ name, about }) => `  ${name.padEnd(8)}${about}`).join('\n')}`,
    );
    process.exitCode = unknown === undefined ? 0 : 1;
    return;
  }
  const cache = join(FOLDER, '.cache');
  const results = join(FOLDER, 'results');
  for (const folder of [cache, results]) mkdirSync(folder, { recursive: true });
  const found: { readonly benchmark: string; readonly figures: readonly Figure[]; readonly load: number }[] = [];
  for (const benchmark of BENCHMARKS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const temporary = mkdtempSync(join(cache, 'run-'));
    const report = (line: string): void => {
      console.error(`  ${line}`);
    };
    const context: Context = { quick, cache, temporary, report };
    console.error(`${benchmark.name}: ${benchmark.about}`);
    try {
      const figures = await benchmark.run(context);
      found.push({ benchmark: benchmark.name, figures, load: loadavg()[0] ?? 0 });
    } catch (error) {
      // What the others measured is worth keeping.
      console.error(error);
      process.exitCode = 1;
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
  print(found, quick);
  const file = join(results, `${new Date().toISOString().replaceAll(':', '-')}.json`);
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model,
    threads: availableParallelism(),
    platform: process.platform,
  };
  writeFileSync(file, JSON.stringify({ quick, machine, found }, null, 2));
  console.log(
    `${file}${quick ? '' : `\nLoad of the machine at the end: ${(loadavg()[0] ?? 0).toFixed(1)} of ${availableParallelism()}.`}`,
  );
}

function print(
  found: readonly { readonly benchmark: string; readonly figures: readonly Figure[] }[],
  quick: boolean,
): void {
  const table = new Table({
    head: ['', 'figure', 'measured', 'floor, same run', 'ratio', 'goal', ''],
    style: { head: [], border: [] },
  });
  for (const { benchmark, figures } of found) {
    for (const { what, measured, floor = '', ratio, goal = '', met } of figures) {
      const mark = quick || met === undefined ? '' : met ? '✓' : '✗';
      table.push([benchmark, what, measured, floor, ratio === undefined ? '' : ratio.toPrecision(3), goal, mark]);
    }
  }
  console.log(table.toString());
  for (const { note } of found.flatMap(({ figures }) => figures)) if (note !== undefined) console.log(`- ${note}`);
  if (quick) console.log('A quick run shows that everything works; its figures are too small to be judged.');
}

await main(process.argv.slice(2));
