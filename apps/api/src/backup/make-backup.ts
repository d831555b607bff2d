/**
 * A backup of a data folder, made while a server runs on it: a copy of the log, then one of the keys (so that each event
 * in the copy has its key beside it), both judged, and a manifest. It appears under its name when it is whole and durable,
 * or not at all. Views are no part of it: they are folded again.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { copyKeys, copySqliteKeyStore, isBeingReplaced, KEYS_FILE, KeyStoreError, MASTER_KEY_FILE } from '#access';
import { EventStoreError } from '#event-store';
import { copySqliteLog, LOG_FILE } from '#event-store-sqlite';
import { markInFolder, unfinished } from '../copy/mark.js';
import { masterKeyOptions } from '../key-store.js';
import { createRandomness } from '../randomness.js';
import type { KeySettings } from '../settings.js';
import { programVersion } from '../version.js';
import { BackupError } from './backup-error.js';
import { checkCopy, type CheckedCopy, destroyAgain, type MasterKeySource } from './check-copy.js';
import { readThrough, syncFile, syncFolder, writeDurably, type FileProof } from './files.js';
import { MANIFEST_FILE, manifestText, type Manifest } from './manifest.js';

export interface MakeBackup {
  readonly settings: KeySettings;
  /** The folder to make; there must be none. */
  readonly target: string;
  readonly withMasterKey: boolean;
  /** `copying`: a share from 0 to 1; `checking`: events so far. */
  readonly onProgress?: (step: 'copying' | 'checking', done: number) => void;
}

export interface MadeBackup {
  /** As an absolute path. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly checked: CheckedCopy;
}

/** @throws BackupError; nothing is left behind under the target's name */
export async function makeBackup({ settings, target, withMasterKey, onProgress }: MakeBackup): Promise<MadeBackup> {
  if (settings.log !== undefined) {
    throw new BackupError(
      'The log is in the EventStoreDB of HABEAS_LOG. Back that up with its own tools, and then the keys (docs/eventstoredb.md).',
    );
  }
  const half = await unfinished(markInFolder(settings.data), 'The log');
  if (half !== undefined) throw new BackupError(half);
  const folder = resolve(target);
  const madeAt = new Date().toISOString();
  if (existsSync(folder))
    throw new BackupError(`${folder} is there already. Nothing is overwritten: give another name.`);
  const partial = join(dirname(folder), `.${basename(folder)}.partial-${randomBytes(4).toString('hex')}`);
  try {
    mkdirSync(dirname(folder), { recursive: true });
    mkdirSync(partial, { mode: 0o700 });
    await copySqliteLog({
      folder: settings.data,
      to: join(partial, LOG_FILE),
      onProgress: (share) => onProgress?.('copying', share),
    });
    await copyKeyStore(settings, partial);
    const master = masterKeyOf(settings);
    if (withMasterKey) writeDurably(join(partial, MASTER_KEY_FILE), masterKeyText(settings));
    const checked = await checkCopy({ log: partial, keys: partial }, master, (events) =>
      onProgress?.('checking', events),
    );
    await destroyAgain(partial, master, checked);
    const { logId, events, last } = checked;
    const files: Record<string, FileProof> = {};
    for (const name of [LOG_FILE, KEYS_FILE, ...(withMasterKey ? [MASTER_KEY_FILE] : [])]) {
      syncFile(join(partial, name));
      files[name] = await readThrough(join(partial, name));
    }
    const manifest: Manifest = { madeAt, version: programVersion(), logId, events, last, files };
    writeDurably(join(partial, MANIFEST_FILE), manifestText(manifest));
    syncFolder(partial);
    // Onto an empty folder that came meanwhile it would land as well: there is nothing to lose in that.
    renameSync(partial, folder);
    syncFolder(dirname(folder));
    return { folder, manifest, checked };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw explained(error, folder);
  }
}

/** A backup holds its keys wherever they are kept: as keys.db, wrapped as they were. */
async function copyKeyStore(settings: KeySettings, folder: string): Promise<void> {
  if (settings.keys === undefined) return copySqliteKeyStore(settings.data, join(folder, KEYS_FILE));
  const between = { ...masterKeyOptions(settings), connectionString: settings.keys, randomness: createRandomness() };
  await copyKeys({ to: 'file', between, toFolder: folder });
}

/** Where the server of this data folder finds its master key; undefined if that is nowhere in sight. */
function masterKeyOf({ data, masterKey, masterKeyFile }: KeySettings): MasterKeySource | undefined {
  if (masterKey !== undefined) return { masterKey };
  const file = masterKeyFile ?? join(data, MASTER_KEY_FILE);
  return existsSync(file) ? { masterKeyFile: file } : undefined;
}

function masterKeyText({ data, masterKey, masterKeyFile }: KeySettings): string {
  if (masterKey !== undefined) return `${masterKey.trim()}\n`;
  const file = masterKeyFile ?? join(data, MASTER_KEY_FILE);
  if (isBeingReplaced(file)) {
    throw new BackupError(
      `The master key ${file} is being replaced, or that was interrupted: start the server, or run "habeas replace-master-key" again.`,
    );
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new BackupError(
      `The master key ${file} cannot be read. Set HABEAS_MASTER_KEY or HABEAS_MASTER_KEY_FILE as for the server.`,
      { cause },
    );
  }
}

function explained(error: unknown, folder: string): unknown {
  // Their messages are sentences for whoever runs the server.
  if (error instanceof EventStoreError || error instanceof KeyStoreError) {
    return new BackupError(error.message, { cause: error });
  }
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new BackupError(`There is no space left for ${folder}. Nothing was backed up.`, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ENOTEMPTY':
      return new BackupError(`${folder} cannot be made here. Nothing was backed up.`, { cause: error });
    default:
      return error;
  }
}
