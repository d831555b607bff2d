/** `habeas replay`: the whole views as they were known at a moment, as an SQLite file. By itself, beside the server or without one. */
import { condemnationsIn } from '#access';
import { BuildFailedError, parseMoment, replayViews } from '#projections';
import { DONE } from '../../api/src/exit-codes.js';
import { StartError } from '../../api/src/start-error.js';
import type { Environment } from './client-of.js';
import { BUILDING, withRecord } from './offline.js';
import { countText, StepMeter } from './progress.js';

export interface ReplayArguments {
  readonly knownAt: string;
  readonly out: string;
}

/** @returns the exit code @throws StartError: nothing was written */
export function replay(environment: Environment, { knownAt, out }: ReplayArguments): Promise<number> {
  const moment = parseMoment(knownAt);
  if (moment === undefined)
    throw new StartError('--known-at takes an instant such as 2026-11-23T00:00:00Z, or a seq such as 1500.');
  if ('instant' in moment && moment.instant > Date.now())
    throw new StartError('The record has not come that far: give an earlier moment.');
  return withRecord(
    environment,
    'Stopped. Run it again with the same moment and file, and it goes on.',
    async ({ settings, store, keys, events, signal }) => {
      const { fourEyes = false } = settings;
      const meter = new StepMeter(BUILDING);
      const replayed = await replayViews({
        eventStore: store,
        keyStore: keys,
        out,
        knownAt: moment,
        epoch: await condemnationsIn(store),
        lens: fourEyes ? 'verified' : 'all',
        signal,
        onProgress: ({ step, done, of = events }) => {
          meter.show(step, done, of);
        },
      })
        .catch((error: unknown) => {
          throw error instanceof BuildFailedError ? new StartError(why(error, out)) : error;
        })
        .finally(() => {
          meter.clear();
        });
      if (!replayed.ok) throw new StartError(replayed.error.detail);
      const { file, seq, from, known } = replayed.value;
      console.log(`Wrote the record as it was known ${'seq' in moment ? `at seq ${seq}` : `at ${knownAt}`} to ${file}`);
      const before = from === 0 ? '' : `, ${from.toLocaleString('en-US')} of them by a replay that was ended`;
      console.log(`  events         ${countText(seq, 'event')}${before}`);
      if (known !== undefined) console.log(`  known at       ${new Date(known).toISOString()}`);
      if (fourEyes) console.log('  counts         facts that somebody verified (HABEAS_FOUR_EYES)');
      console.log('  opens in       any SQLite tool (docs/replaying.md names its tables)');
      console.log('                 It holds names and words in the clear: keep it as you keep the record.');
      return DONE;
    },
  );
}

function why({ code }: BuildFailedError, out: string): string {
  const next = 'Run it again, and it goes on.';
  if (code === 'disk-full') return `There is no space left for ${out}. Make some. ${next}`;
  return `${out} could not be written (${code}). ${next}`;
}
