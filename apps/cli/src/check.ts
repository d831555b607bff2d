/** `habeas check`: what is served held against what the log says, row by row. By itself, beside the server or without one. */
import { condemnationsIn } from '#access';
import type { Refusal } from '#kernel';
import { BuildFailedError, type CheckStep, checkViews, type ViewsDifference } from '#projections';
import { DIFFERENT, DONE } from '../../api/src/exit-codes.js';
import { StartError } from '../../api/src/start-error.js';
import type { Environment } from './client-of.js';
import { BUILDING, type ReadRecord, withRecord } from './offline.js';
import { countText, StepMeter, type Steps } from './progress.js';

/** Further ones are counted. */
const MOST_NAMED = 100;

const STEPS: Steps<CheckStep> = { ...BUILDING, comparing: ['Comparing', 'row'] };

/** @returns the exit code @throws StartError: nothing could be checked */
export function check(environment: Environment): Promise<number> {
  return withRecord(
    environment,
    'Stopped. Nothing was decided. Run it again, and it goes on with what was folded.',
    checkRecord,
  );
}

async function checkRecord({ settings, store, keys, signal }: ReadRecord): Promise<number> {
  const meter = new StepMeter(STEPS);
  let named = 0;
  const checked = await checkViews({
    folder: settings.data,
    eventStore: store,
    keyStore: keys,
    clock: { now: () => new Date() },
    epoch: await condemnationsIn(store),
    signal,
    onProgress: (step, done, of) => {
      meter.show(step, done, of);
    },
    onDifference: (difference) => {
      if (++named > MOST_NAMED) return;
      meter.clear();
      console.log(describe(difference));
    },
  })
    .catch((error: unknown) => {
      throw error instanceof BuildFailedError ? new StartError(why(error, settings.data)) : error;
    })
    .finally(() => {
      meter.clear();
    });
  if (!checked.ok) throw new StartError(whyNot(checked.error, settings.data));
  const { file, seq, from, rows, differences, documentsNotReady, searchBehind, poison, damaged } = checked.value;
  if (named > MOST_NAMED) console.log(`… and ${countText(named - MOST_NAMED, 'difference')} more.`);
  if (poison !== undefined)
    console.log(
      `The log cannot be folded up to where the views are: it stops at event ${poison.event} (${poison.type}, seq ${poison.seq}).`,
    );
  if (damaged === true) console.log(`The file ${file} is damaged: SQLite cannot read all of it.`);
  const same = differences === 0 && poison === undefined && damaged === undefined;
  console.log(
    same
      ? `The views are what the log says: ${countText(rows, 'row')}, of ${countText(seq, 'event')}`
      : `The views are not what the log says (${countText(differences, 'difference')} in ${countText(rows, 'row')}): see above`,
  );
  console.log(`  file           ${file}, up to seq ${seq}`);
  if (from > 0) console.log(`  folded         ${countText(from, 'event')} by a check that was ended, the others now`);
  if (documentsNotReady > 0)
    console.log(
      `  not compared   ${countText(documentsNotReady, 'document')} that were not ready: they are made when asked for`,
    );
  if (searchBehind) console.log('  not compared   search, which had not taken in everything');
  if (!same)
    console.log('  next           habeas rebuild folds them again; keep a copy of the file if you want to know why');
  return same ? DONE : DIFFERENT;
}

const FINDINGS: Readonly<Record<ViewsDifference['finding'], string>> = {
  missing: 'a row is missing',
  extra: 'a row is there that should not be',
  differs: 'a row differs',
};

/** Names what differs, and nothing of what it says. */
function describe({ table, finding, columns, subject, seq }: ViewsDifference): string {
  const of = [
    subject === undefined ? undefined : `${subject.kind} ${subject.id}`,
    seq === undefined ? undefined : `seq ${seq}`,
  ].filter((part) => part !== undefined);
  const where = of.length === 0 ? '' : `, ${of.join(', ')}`;
  return `${table}${where}: ${FINDINGS[finding]}${columns.length === 0 ? '' : ` in ${columns.join(', ')}`}`;
}

function why({ code }: BuildFailedError, data: string): string {
  const next = 'Nothing was checked. Run it again, and it goes on.';
  if (code === 'disk-full') return `There is no space left in ${data} to fold the log there. Make some. ${next}`;
  return `The log could not be folded in ${data} (${code}). ${next}`;
}

function whyNot({ code, detail }: Refusal, data: string): string {
  return code === 'views-not-ready'
    ? `There are no views in ${data} that this version could read: start the server there, which makes them.`
    : `${detail} Nothing was checked.`;
}
