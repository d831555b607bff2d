/** The process in which views are built for the benchmark. */
import { openSqliteKeyStore } from '#access';
import { openSqliteLog } from '#event-store-sqlite';
import { runViews, type ViewsHealth } from '#projections';

export interface ViewsTask {
  readonly log: string;
  readonly views: string;
  /** How long at most. */
  readonly seconds: number;
}

export interface ViewsBuilt {
  readonly events: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

process.once('message', (task: ViewsTask) => {
  void build(task).then((built) => {
    process.send?.(built, () => {
      process.disconnect?.();
    });
  });
});

async function build(task: ViewsTask): Promise<ViewsBuilt> {
  const eventStore = await openSqliteLog({ folder: task.log, mode: 'read' });
  const keyStore = await openSqliteKeyStore({
    folder: task.log,
    mode: 'read',
    randomness: {
      bytes: () => {
        throw new RangeError('Reading draws nothing.');
      },
    },
  });
  const done = Promise.withResolvers<number>();
  const start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 1000;
  let seq = 0;
  const views = runViews({
    eventStore,
    keyStore,
    folder: task.views,
    clock: { now: () => new Date() },
    post: (message) => {
      if (message.kind !== 'health') return;
      seq = seqOf(message.health);
      if (message.health.state === 'live' || elapsed() > task.seconds) done.resolve(elapsed());
      if (message.health.state === 'stopped')
        done.reject(new Error(`The views stopped at ${JSON.stringify(message.health.poison)}.`));
    },
  });
  const seconds = await done.promise;
  const events = seq;
  // The system knows the peak; a timer of this thread would only see what is left between two commits.
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  await views.close();
  await eventStore.close();
  await keyStore.close();
  return { events, seconds, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 };
}

function seqOf({ seq, rebuilding }: ViewsHealth): number {
  return rebuilding?.seq ?? seq;
}
