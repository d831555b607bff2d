/**
 * Positions of this adapter: commit and prepare in decimal digits, `1200/1100`. Both are needed: events that were written
 * as one explicit transaction share their commit.
 */
import { EventStoreError, type Position } from '#event-store';

export interface LogPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

const POSITION = /^(0|[1-9]\d{0,18})\/(0|[1-9]\d{0,18})$/;

export function positionOf({ commit, prepare }: LogPosition): Position {
  return `${commit}/${prepare}` as Position;
}

/** @throws EventStoreError `unknown-position` */
export function parsePosition(position: Position): LogPosition {
  const [, commit, prepare] = POSITION.exec(position) ?? [];
  if (commit === undefined || prepare === undefined) throw unknownPosition('it was not given by this kind of log');
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

export function isBehind(a: LogPosition, b: LogPosition): boolean {
  return a.commit > b.commit || (a.commit === b.commit && a.prepare > b.prepare);
}

export function unknownPosition(why: string): EventStoreError {
  return new EventStoreError('unknown-position', `The position is not one of this log: ${why}.`);
}
