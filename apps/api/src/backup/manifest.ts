/** What a backup says of itself, in `backup.json`: what it holds, of which log, up to where, and what proves it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackupError } from './backup-error.js';
import type { FileProof } from './files.js';

export const MANIFEST_FILE = 'backup.json';

/** Grows when backups change in a way that older versions cannot restore. */
const FORMAT = 1;

export interface Manifest {
  /** When it was begun: UTC, with milliseconds and Z. */
  readonly madeAt: string;
  /** The version of Habeas that made it. */
  readonly version: string;
  readonly logId: string;
  /** How many events the log holds: the seq of its last. */
  readonly events: number;
  readonly last: { readonly stream: string; readonly revision: number; readonly hash: string };
  /** By their names. `log.db` always; `keys.db`; `master.key` where it was asked for. */
  readonly files: Readonly<Record<string, FileProof>>;
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`;
}

/** @throws BackupError where the folder is no backup that this version can restore */
export function readManifest(folder: string): Manifest {
  let text: string;
  try {
    text = readFileSync(join(folder, MANIFEST_FILE), 'utf8');
  } catch (cause) {
    throw new BackupError(`${folder} is no whole backup: its ${MANIFEST_FILE} is missing or cannot be read.`, {
      cause,
    });
  }
  const value = parse(text);
  if (typeof value?.format === 'number' && value.format > FORMAT) {
    throw new BackupError(
      `${folder} was made by a newer version of Habeas (${String(value.version)}); upgrade to restore it.`,
    );
  }
  if (value?.format !== FORMAT || !isManifest(value)) {
    throw new BackupError(`${folder} is no whole backup: its ${MANIFEST_FILE} is damaged.`);
  }
  return value;
}

type Unchecked = Readonly<Record<string, unknown>>;

function parse(text: string): Unchecked | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Unchecked {
  return typeof value === 'object' && value !== null;
}

function isManifest(value: Unchecked | Manifest): value is Manifest {
  return (
    typeof value.madeAt === 'string' &&
    typeof value.version === 'string' &&
    typeof value.logId === 'string' &&
    Number.isSafeInteger(value.events) &&
    isObject(value.last) &&
    typeof value.last.hash === 'string' &&
    isObject(value.files) &&
    'log.db' in value.files &&
    Object.entries(value.files).every(([name, proof]) => NAMES.has(name) && isProof(proof))
  );
}

/** No other name is ever looked for or put in place. */
const NAMES: ReadonlySet<string> = new Set(['log.db', 'keys.db', 'master.key']);

function isProof(value: unknown): value is FileProof {
  return isObject(value) && Number.isSafeInteger(value.bytes) && /^[0-9a-f]{64}$/.test(String(value.sha256));
}
