/**
 * An event of the log as others are given it: one JSON object that holds what is stored, byte for byte, so that whoever has
 * it can compute its hash. `data` and `metadata` stand in it as the JSON that they are, since writing what was parsed gives
 * the same bytes again. What was written to the log otherwise than Habeas writes stands there as a text.
 */
import type { Position, StoredEvent } from '#event-store';
import { parseObject } from '#log-format';

/** An event with its place in the order of the whole log, from 1. */
export interface RawEvent extends Omit<StoredEvent, 'position'> {
  readonly seq: number;
}

/** On one line, without its end. */
export function writeRawEvent({ seq, stream, revision, id, type, data, metadata }: RawEvent): string {
  const q = JSON.stringify;
  return `{"seq":${seq},"stream":${q(stream)},"revision":${revision},"id":${q(id)},"type":${q(type)},"data":${embedded(data)},"metadata":${embedded(metadata)}}`;
}

/** What {@link writeRawEvent} wrote, however its members are spaced and ordered by now; undefined if it is no such event. */
export function readRawEvent(line: string): RawEvent | undefined {
  const { seq, stream, revision, id, type, data, metadata } = parseObject(line) ?? {};
  const [storedData, storedMetadata] = [stored(data), stored(metadata)];
  if (!isCount(seq) || !isCount(revision) || typeof stream !== 'string' || typeof id !== 'string') return undefined;
  if (typeof type !== 'string' || storedData === undefined || storedMetadata === undefined) return undefined;
  return { seq, stream, revision, id, type, data: storedData, metadata: storedMetadata };
}

/** At the place that its seq names: for what reads a log, where only seqs are known. */
export function atSeq({ seq, ...event }: RawEvent): StoredEvent {
  return { ...event, position: String(seq) as Position };
}

function embedded(text: string): string {
  const value = parseObject(text);
  return value !== undefined && JSON.stringify(value) === text ? text : JSON.stringify(text);
}

function stored(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
