/** How far the views are behind the log: what readiness says, and what metrics show. */
import { type EventStore, EventStoreError, type Position } from '#event-store';
import type { Clock, Visibility } from '#kernel';
import type { ViewsHealth } from '#projections';

/** Views whose oldest missing event is older than this are catching up, whatever they say, in milliseconds. */
const LIVE_WITHIN = 10_000;

export interface ViewsProgress extends Omit<ViewsHealth, 'position'> {
  /** The seq that the last event in the log has, or will have; where `lagEvents` is a least number, so is this. */
  readonly head: number;
  readonly lagEvents: number;
  /** How long the oldest event that the views do not hold has been in the log. */
  readonly lagMilliseconds: number;
}

/** Of the views of every ceiling in use. Those of who may see everything are always there. */
export type ProgressByCeiling = { readonly confidential: ViewsProgress } & Readonly<
  Partial<Record<Visibility, ViewsProgress>>
>;

/**
 * Whether the views may be asked. Those of lower ceilings need not have caught up: the first key with some ceiling has them made, and
 * keeps nobody waiting who has another one.
 */
export function areFit({ confidential, ...others }: ProgressByCeiling): boolean {
  const stand = Object.values(others).some(({ state }) => state === 'stopped' || state === 'failed');
  return confidential.state === 'live' && !stand;
}

interface MeasurableLog extends Pick<EventStore, 'readAll'> {
  /** How many events the log holds behind this position; where counting costs a reading, at least so many. */
  eventsBehind(position?: Position): number | Promise<number>;
}

const NOTHING_YET: ViewsHealth = { state: 'starting', seq: 0, lagMilliseconds: 0 };

/**
 * Views of another log, such as one that was restored from an older copy, hold nothing of this one: so it is told until
 * they have been folded anew.
 *
 * @throws EventStoreError the log cannot be read
 */
export async function progressOf(views: ViewsHealth, log: MeasurableLog, clock: Clock): Promise<ViewsProgress> {
  try {
    return await measured(views, log, clock);
  } catch (error) {
    if (!(error instanceof EventStoreError && error.code === 'unknown-position')) throw error;
    return measured(NOTHING_YET, log, clock);
  }
}

async function measured({ position, ...views }: ViewsHealth, log: MeasurableLog, clock: Clock): Promise<ViewsProgress> {
  const lagEvents = await log.eventsBehind(position);
  const lagMilliseconds = lagEvents === 0 ? 0 : await waitOf(log, position, clock);
  const late = views.state === 'live' && lagMilliseconds > LIVE_WITHIN;
  return { ...views, ...(late && { state: 'catching-up' }), head: views.seq + lagEvents, lagEvents, lagMilliseconds };
}

async function waitOf(log: MeasurableLog, position: Position | undefined, clock: Clock): Promise<number> {
  for await (const event of log.readAll({ ...(position !== undefined && { after: position }), limit: 1 })) {
    const recordedAt = /"recordedAt":"([^"]+)"/.exec(event.metadata)?.[1] ?? '';
    return Math.max(0, clock.now().getTime() - Date.parse(recordedAt)) || 0;
  }
  return 0;
}
