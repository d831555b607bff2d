/** Positions of this adapter: the row number of the event, as decimal digits; 0 lies before the first event. */
import { EventStoreError, type Position } from '#event-store';

export function positionOf(row: number): Position {
  return String(row) as Position;
}

/** @throws EventStoreError `unknown-position` */
export function rowOf(position: Position): number {
  if (!/^(0|[1-9]\d{0,14})$/.test(position)) throw unknownPosition('it was not given by this kind of log');
  return Number(position);
}

export function unknownPosition(why: string): EventStoreError {
  return new EventStoreError('unknown-position', `The position is not one of this log: ${why}.`);
}
