/** `habeas diff`: what the record says at two moments, compared, from the views that lie in the data folder. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type AsOf, type DifferenceView, openViewsReader, type ViewsReader } from '#projections';
import { readSettings } from '../../api/src/settings.js';
import { StartError } from '../../api/src/start-error.js';
import type { Environment } from './client-of.js';
import { differenceLines } from './difference-text.js';
import { countText, Meter } from './progress.js';

export interface DiffArguments {
  readonly from: string;
  readonly to?: string;
  readonly json: boolean;
}

/** @throws StartError */
export async function diff(environment: Environment, options: DiffArguments): Promise<void> {
  const { data } = readSettings(environment);
  const views = openViewsReader({ folder: data, clock: { now: () => new Date() } });
  try {
    // Whoever reads it slowly has it made slowly.
    await pipeline(Readable.from(linesOf(views, data, options)), process.stdout, { end: false });
  } finally {
    views.close();
  }
}

function* linesOf(
  views: ViewsReader,
  data: string,
  { from, to, json }: DiffArguments,
): Generator<string, void, undefined> {
  const meter = new Meter('Comparing', 'stream');
  let subjects = 0;
  let span: Pick<DifferenceView, 'from' | 'to'> | undefined;
  try {
    for (const found of views.differences({ from, ...(to !== undefined && { to }) }, (done, of) => {
      meter.show(done, of);
    })) {
      meter.clear();
      if (!found.ok) throw new StartError(why(found.error, data));
      subjects++;
      span = found.value;
      yield json ? `${JSON.stringify(found.value)}\n` : `${differenceLines(found.value).join('\n')}\n\n`;
    }
  } finally {
    meter.clear();
  }
  if (json) return;
  yield span === undefined
    ? 'Nothing differs.\n'
    : `${countText(subjects, 'subject')} ${subjects === 1 ? 'differs' : 'differ'} between ${at(span.from)} and ${at(span.to)}.\n`;
}

function at({ knownAt: { seq, instant, settled } }: AsOf): string {
  return `${instant === undefined ? '' : `${instant}, `}seq ${seq}${settled ? '' : ' (not settled: more may be recorded that belongs to it)'}`;
}

function why({ code, detail, pointer }: { code: string; detail: string; pointer?: string }, data: string): string {
  if (code === 'views-not-ready')
    return `There are no views of this version of Habeas in ${data}: start the server there, which makes them.`;
  return pointer === undefined ? detail : `--${pointer.slice(1)}: ${detail}`;
}
