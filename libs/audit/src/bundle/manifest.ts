/** Reads a manifest that may be anybody's. */
import { CATEGORIES } from '#domain';
import { isId, isVisibility } from '#kernel';
import { parseObject } from '#log-format';
import type { BundleManifest } from './format.js';

type Data = Readonly<Record<string, unknown>>;

/** Undefined: it is no manifest of a bundle of a format that is known here. */
export function readManifest(bytes: Uint8Array | undefined): BundleManifest | undefined {
  const read: Data = parseObject(Buffer.from(bytes ?? []).toString('utf8')) ?? {};
  const { format, subject, logId, size, verifierKey, streams, sources, files, ceiling, withheld } = read;
  const isUpTo = format === 2;
  const isManifest =
    (format === 1 || (isUpTo && isVisibility(ceiling) && isCounts(withheld))) &&
    isSubject(subject) &&
    isId(logId) &&
    isCount(size) &&
    typeof verifierKey === 'string' &&
    isListOf(
      streams,
      ({ stream, whole, events, gaps }) =>
        isText(stream) && typeof whole === 'boolean' && isCount(events) && (!isUpTo || isCounts(gaps)),
    ) &&
    isListOf(sources, ({ id, hasText }) => isId(id) && typeof hasText === 'boolean') &&
    isObject(files) &&
    Object.values(files).every((file) => isObject(file) && isCount(file.bytes) && isText(file.sha256));
  return isManifest ? (read as unknown as BundleManifest) : undefined;
}

function isSubject(value: unknown): boolean {
  return isObject(value) && (CATEGORIES as readonly unknown[]).includes(value.kind) && isId(value.id);
}

function isListOf(value: unknown, is: (item: Data) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && is(item));
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isCount);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
