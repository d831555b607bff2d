/** Building all views from the log, in a process of its own whose memory is watched. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openSqliteLog } from '#event-store-sqlite';
import type { Benchmark, Context, Figure } from '../figure.js';
import { perSecond, timed } from '../stats.js';
import { wholeLog } from './read.js';
import type { ViewsBuilt, ViewsTask } from './views-process.js';

/** Room for the whole log on a slow machine. Then the building is stopped, and the rate is that of the events taken in until then. */
const PATIENCE_SECONDS = 600;

async function run(context: Context): Promise<readonly Figure[]> {
  const { folder, events, persons } = await wholeLog(context);
  const task: ViewsTask = { log: folder, views: `${context.temporary}/views`, seconds: PATIENCE_SECONDS };
  const child = fork(fileURLToPath(new URL('./views-process.js', import.meta.url)), {
    serialization: 'advanced',
    // The room that the thread of the views has in a server.
    execArgv: ['--max-semi-space-size=32', '--max-old-space-size=1024'],
  });
  child.send(task);
  const [built] = (await once(child, 'message')) as [ViewsBuilt];
  if (child.exitCode === null) await once(child, 'exit');
  const rate = built.events / built.seconds;
  const ofCpu = built.events / built.cpuSeconds;
  const floor = await readRate(folder, Math.min(built.events, 100_000));
  const whole = built.events >= events;
  return [
    {
      what: `build all views: ${whole ? 'all' : `the first ${built.events.toLocaleString('en')}`} of ${events.toLocaleString('en')} events of ${persons.toLocaleString('en')} persons`,
      measured: perSecond(rate),
      floor: `read and parse alone ${perSecond(floor)}`,
      ratio: rate / floor,
      goal: '>= 50,000/s',
      met: rate >= 50_000,
      note: `${perSecond(ofCpu)} of CPU time, which others on the machine do not slow`,
      values: { ...built, perSecond: rate, perCpuSecond: ofCpu },
    },
    {
      what: 'memory meanwhile',
      measured: `${Math.round(built.peakBytes / 2 ** 20)} MiB resident at most`,
      goal: '< 1,024 MiB',
      met: built.peakBytes < 2 ** 30,
      values: { peakBytes: built.peakBytes },
    },
  ];
}

async function readRate(folder: string, limit: number): Promise<number> {
  const store = await openSqliteLog({ folder, mode: 'read' });
  let count = 0;
  const took = await timed(async () => {
    for await (const { data, metadata } of store.readAll({ limit })) {
      JSON.parse(data);
      JSON.parse(metadata);
      count++;
    }
  });
  await store.close();
  return (count / took) * 1000;
}

export const views: Benchmark = { name: 'views', about: 'building all views from the log', run };
