/**
 * Puts a backup in place as the data folder of a server, or only judges it. Nothing is trusted: checksums first, then every
 * chain, every event and every sealed box of the copy. The files get their names last, the log first of all: where a kill
 * comes between them, the next server misses the keys and says so, and never takes the folder for a new one.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ErasureInLog, erasuresIn, KEYS_FILE, KeyStoreError, MASTER_KEY_FILE } from '#access';
import { EventStoreError } from '#event-store';
import { LOG_FILE, openSqliteLog, takeOwnership, type Ownership } from '#event-store-sqlite';
import { LOG_START_STREAM, parseObject } from '#log-format';
import { BackupError } from './backup-error.js';
import { checkCopy, type CheckedCopy, type CopyPlaces, destroyAgain, type MasterKeySource } from './check-copy.js';
import { readThrough, syncFolder, type FileProof } from './files.js';
import { readManifest, type Manifest } from './manifest.js';

interface OpenBackup {
  readonly backup: string;
  /** For backups that do not hold it themselves. What is given is used even where they do, as a server would. */
  readonly master: MasterKeySource | undefined;
  /** Take it although sealed fields cannot be opened: keys or master key are not there. */
  readonly acceptClosed: boolean;
  /**
   * The data folder of the record that is in use: what was erased in it since is told. `perhaps`: where it holds no record, or another
   * one, nothing is.
   */
  readonly present?: { readonly folder: string; readonly perhaps: boolean };
  /** Events judged so far, of how many. */
  readonly onProgress?: (events: number, of: number) => void;
}

export interface RestoreBackup extends OpenBackup {
  /** The data folder to make: absent or empty. */
  readonly data: string;
}

export interface JudgedBackup {
  readonly manifest: Manifest;
  readonly checked: CheckedCopy;
  /** Erased in the record that is in use, and not in the backup: it brings them back. */
  readonly erasedSince: readonly ErasureInLog[];
}

/** Judges a backup where it lies. @throws BackupError naming what is wrong */
export async function judgeBackup(options: OpenBackup): Promise<JudgedBackup> {
  const folder = resolve(options.backup);
  const manifest = readManifest(folder);
  // The log is read where it lies. Keys are opened in a copy: SQLite would lay files beside them, which a medium that is
  // only to be read does not allow.
  const keys = mkdtempSync(join(tmpdir(), 'habeas-restore-'));
  try {
    for (const [name, proof] of Object.entries(manifest.files)) {
      await take(folder, name, proof, name === LOG_FILE ? undefined : join(keys, name));
    }
    const checked = await judge({ log: folder, keys }, manifest, options);
    return { manifest, checked, erasedSince: await erasedSince(checked, options) };
  } finally {
    rmSync(keys, { recursive: true, force: true });
  }
}

/** @throws BackupError naming what is wrong; nothing is put in place then */
export async function restoreBackup(options: RestoreBackup): Promise<JudgedBackup> {
  const folder = resolve(options.backup);
  const data = resolve(options.data);
  const manifest = readManifest(folder);
  refuseUnlessEmpty(data);
  let ownership: Ownership | undefined;
  const stage = join(data, `${STAGE}${randomBytes(4).toString('hex')}`);
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    // No server begins a record of its own here meanwhile.
    ownership = takeOwnership(data);
    refuseUnlessEmpty(data);
    for (const name of readdirSync(data)) if (name.startsWith(STAGE)) rmSync(join(data, name), { recursive: true });
    mkdirSync(stage, { mode: 0o700 });
    for (const [name, proof] of Object.entries(manifest.files)) await take(folder, name, proof, join(stage, name));
    const checked = await judge({ log: stage, keys: stage }, manifest, options);
    const since = await erasedSince(checked, options);
    await destroyAgain(stage, masterOf(stage, options), checked);
    for (const name of [LOG_FILE, KEYS_FILE, MASTER_KEY_FILE]) {
      if (existsSync(join(stage, name))) renameSync(join(stage, name), join(data, name));
    }
    rmSync(stage, { recursive: true });
    syncFolder(data);
    return { manifest, checked, erasedSince: since };
  } catch (error) {
    if (ownership !== undefined) rmSync(stage, { recursive: true, force: true });
    throw explained(error, data);
  } finally {
    ownership?.release();
  }
}

/** @throws BackupError */
async function erasedSince(
  { logId, erasures }: CheckedCopy,
  { present }: OpenBackup,
): Promise<readonly ErasureInLog[]> {
  if (present === undefined) return [];
  const folder = resolve(present.folder);
  if (present.perhaps && !existsSync(join(folder, LOG_FILE))) return [];
  try {
    const store = await openSqliteLog({ folder, mode: 'read' });
    try {
      for await (const { data } of store.readStream(LOG_START_STREAM, { limit: 1 })) {
        if (parseObject(data)?.logId === logId) continue;
        if (present.perhaps) return [];
        throw new BackupError(`${folder} holds another record than the backup.`);
      }
      const known = new Set(erasures.map(({ id }) => id));
      return (await erasuresIn(store)).filter(({ id }) => !known.has(id));
    } finally {
      await store.close();
    }
  } catch (error) {
    throw explained(error, folder);
  }
}

const STAGE = '.restoring-';

/** What may lie in a folder that holds nothing: marks of owners, an earlier try, what file systems put there by themselves. */
const NOTHING = new RegExp(`^(owner\\.(lock|json)|lost\\+found|\\${STAGE}.*)$`);

function refuseUnlessEmpty(data: string): void {
  if (!existsSync(data)) return;
  if (!lstatSync(data).isDirectory()) throw new BackupError(`${data} is not a folder. Give another one.`);
  const found = readdirSync(data).find((name) => !NOTHING.test(name));
  if (found === undefined) return;
  throw new BackupError(
    `The folder ${data} is not empty (it holds ${found}). Nothing is overwritten: give another folder, or move this one away.`,
  );
}

/** Proves one file of the backup, and copies it where a place to copy to is given. */
async function take(folder: string, name: string, proof: FileProof, copyTo?: string): Promise<void> {
  const file = join(folder, name);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new BackupError(`The backup ${folder} is not whole: ${name} is missing.`);
  if (!found.isFile()) throw new BackupError(`The backup ${folder} is not whole: ${name} is not a file.`);
  if (found.size !== proof.bytes) {
    throw new BackupError(
      `The backup ${folder} is not whole: ${name} has ${found.size} bytes, and had ${proof.bytes} when it was made.`,
    );
  }
  const read = await readThrough(file, copyTo);
  if (read.sha256 === proof.sha256) return;
  throw new BackupError(
    `The backup ${folder} is not what was made: the checksum of ${name} is another. It was damaged, changed, or taken from another backup.`,
  );
}

async function judge(places: CopyPlaces, manifest: Manifest, options: OpenBackup): Promise<CheckedCopy> {
  const master = masterOf(places.keys, options);
  // Said before the long work, since it takes nothing to know.
  if (!options.acceptClosed && manifest.files[KEYS_FILE] === undefined) {
    throw new BackupError(
      `The backup holds no keys (${KEYS_FILE}): names, words and notes could not be read. With --accept-closed it is taken nevertheless.`,
    );
  }
  if (!options.acceptClosed && master === undefined) {
    throw new BackupError(
      'The backup does not hold the master key, without which names, words and notes cannot be read. Set HABEAS_MASTER_KEY_FILE ' +
        'or HABEAS_MASTER_KEY to the one of the backed-up server. With --accept-closed the backup is taken unopened.',
    );
  }
  const checked = await checkCopy(places, master, (events) => options.onProgress?.(events, manifest.events)).catch(
    (error: unknown) => {
      throw isOfAnotherMasterKey(error)
        ? new BackupError(
            `The master key does not open the backup. The keys in it open with the one that the server had when it was made ` +
              `(${manifest.madeAt}); one that replaced it later does not open them. Set HABEAS_MASTER_KEY_FILE or HABEAS_MASTER_KEY to that one.`,
            { cause: error },
          )
        : error;
    },
  );
  const { logId, events, last } = checked;
  if (logId !== manifest.logId || events !== manifest.events || last.hash !== manifest.last.hash) {
    throw new BackupError(
      `The log in the backup is not the one that its manifest describes: ${events} events, the last ${last.hash}; ` +
        `described are ${manifest.events}, the last ${manifest.last.hash}.`,
    );
  }
  if (!options.acceptClosed && checked.closed.events > 0) {
    throw new BackupError(
      `${KEYS_FILE} does not hold the keys of all that is sealed (events that stay closed: ${checked.closed.events}): ` +
        'it is older than the log. With --accept-closed the backup is taken nevertheless.',
    );
  }
  return checked;
}

function isOfAnotherMasterKey(error: unknown): boolean {
  const cause = error instanceof BackupError ? error.cause : undefined;
  return cause instanceof KeyStoreError && cause.code === 'wrong-master-key';
}

function masterOf(keys: string, { master }: OpenBackup): MasterKeySource | undefined {
  const inside = join(keys, MASTER_KEY_FILE);
  return master ?? (existsSync(inside) ? { masterKeyFile: inside } : undefined);
}

function explained(error: unknown, data: string): unknown {
  if (error instanceof EventStoreError) return new BackupError(error.message, { cause: error });
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new BackupError(`There is no space left in ${data}. Nothing was restored.`, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
      return new BackupError(`The folder ${data} cannot be made or written. Nothing was restored.`, { cause: error });
    default:
      return error;
  }
}
