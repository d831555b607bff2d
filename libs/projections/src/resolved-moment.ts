/** Which prefix of the record a moment of knowledge stands for, and whether anything recorded later can still belong to it. */
import { type Day, err, isoDay, ok, recordingDay, refusal, type Refusal, type Result } from '#kernel';
import type { Lens } from '#domain';
import { parseMoment } from './moment.js';
import type { Between } from './ports.js';
import type { Records } from './records.js';
import { FOLD_VERSION } from './schema.js';
import type { AsOf } from './shapes.js';

export interface ResolvedMoment {
  readonly seq: number;
  readonly settled: boolean;
  readonly instant?: string;
  /** The day that `present` means then. */
  readonly day: Day;
}

const INVALID = refusal('invalid-moment', 'Give an instant such as 2026-11-23T00:00:00Z, or a seq.');
const AHEAD = refusal('moment-ahead', 'The record has not come that far: give an earlier moment.');
const REVERSED = refusal('moments-reversed', 'The first moment is later than the second: exchange them.', '/from');

/** Everything that the views hold, today. */
export function presentMoment(records: Records, now: Date): ResolvedMoment {
  const { seq, known } = records.head();
  return { seq, settled: known > now.getTime(), day: recordingDay(now) };
}

/** Refusal codes: `invalid-moment`, `moment-ahead`. */
export function resolveMoment(
  records: Records,
  now: Date,
  text: string,
  pointer = '/knownAt',
): Result<ResolvedMoment, Refusal> {
  const moment = parseMoment(text);
  if (moment === undefined) return err({ ...INVALID, pointer });
  const head = records.head();
  if ('seq' in moment) {
    const { seq } = moment;
    if (seq > head.seq) return err({ ...AHEAD, pointer });
    const known = records.knownAt(seq);
    // What was recorded up to an event is settled by the event itself.
    return ok({ seq, settled: true, day: recordingDay(new Date(Number.isFinite(known) ? known : 0)) });
  }
  const { instant } = moment;
  if (instant > Math.max(now.getTime(), head.known)) return err({ ...AHEAD, pointer });
  return ok({
    seq: records.seqAt(instant),
    settled: head.known > instant,
    instant: text,
    day: recordingDay(new Date(instant)),
  });
}

export interface ResolvedSpan {
  readonly from: ResolvedMoment;
  readonly to: ResolvedMoment;
}

/** Refusal codes: as above, and `moments-reversed`. */
export function resolveSpan(records: Records, now: Date, between: Between): Result<ResolvedSpan, Refusal> {
  const from = resolveMoment(records, now, between.from, '/from');
  if (!from.ok) return from;
  const to =
    between.to === undefined ? ok(presentMoment(records, now)) : resolveMoment(records, now, between.to, '/to');
  if (!to.ok) return to;
  return from.value.seq > to.value.seq ? err(REVERSED) : ok({ from: from.value, to: to.value });
}

/** What answers say of the moment that they are for. */
/** @param lens which facts count in the answer */
export function asOf({ seq, settled, instant, day }: ResolvedMoment, lens: Lens, validAt?: string): AsOf {
  return {
    ...(validAt !== undefined && { validAt }),
    knownAt: { seq, ...(instant !== undefined && { instant }), settled },
    day: isoDay(day),
    foldVersion: FOLD_VERSION,
    lens,
  };
}
