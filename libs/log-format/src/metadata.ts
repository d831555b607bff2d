/** Reads an event's metadata strictly: everything later relies on its fields being what they say. */
import { isVisibility } from '#kernel';
import type { EventMetadata } from './types.js';

const HASH = /^[0-9a-f]{64}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The metadata in its stored form; undefined if it is anything else. */
export function readMetadata(stored: string): EventMetadata | undefined {
  const metadata = parseObject(stored);
  return metadata !== undefined && isMetadata(metadata) ? metadata : undefined;
}

/** The metadata in its stored form without its `hash`: what the hash covers. Undefined where it is written otherwise. */
export function bareMetadata(stored: string, hash: string): string | undefined {
  // A quotation mark inside a string is stored escaped, so these characters stand nowhere but at the member itself.
  const member = `,"hash":"${hash}"`;
  const bare = stored.replace(member, '');
  return bare.length === stored.length - member.length ? bare : undefined;
}

/** A JSON object, or undefined. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isMetadata(m: Record<string, unknown> | EventMetadata): m is EventMetadata {
  return (
    m.v === 1 &&
    isText(m.correlationId) &&
    isText(m.recordedBy) &&
    matches(HASH, m.hash) &&
    matches(INSTANT, m.recordedAt) &&
    typeof m.schemaVersion === 'number' &&
    m.schemaVersion >= 1 &&
    isVisibility(m.visibility) &&
    (m.prev === undefined || matches(HASH, m.prev)) &&
    (m.causationId === undefined || isText(m.causationId)) &&
    (m.requestMac === undefined || matches(HASH, m.requestMac))
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function matches(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value);
}
