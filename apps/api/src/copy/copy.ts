/** The record's log from one place to another: a data folder or an EventStoreDB, either way. What copies is in libs/audit. */
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type CopiedLog, copyLog, CopyLogError, type CopyLogOptions, type CopyMark } from '#audit';
import { type EventStore, EventStoreError } from '#event-store';
import { GROUP_APPENDS, LOG_FILE, openSqliteLog, takeOwnership } from '#event-store-sqlite';
import { openLog } from '../log.js';
import { createRandomness } from '../randomness.js';
import { createWholeLogCodec } from '../whole-log-codec.js';
import { markBeside, markInFolder, unfinished } from './mark.js';

/** Where a log lies. */
export type LogPlace =
  | { /** A data folder. */ readonly folder: string }
  | { /** Of an EventStoreDB; a secret. */ readonly connectionString: string; readonly namespace: string };

export type Watching = Pick<CopyLogOptions, 'onProgress' | 'signal'>;

export interface CopyRecord extends Watching {
  readonly from: LogPlace;
  readonly to: LogPlace;
}

interface OpenPlace {
  readonly store: EventStore;
  readonly mark: CopyMark;
  readonly atOnce: number;
  close(): Promise<void>;
}

const randomness = createRandomness();

/**
 * Copies the log of `from` to `to`, or what is missing there. No server may run on either; of a data folder that is made sure.
 *
 * @throws CopyLogError saying what is to be done; it holds no secret
 */
export async function copyRecord({ from, to, ...watching }: CopyRecord): Promise<CopiedLog> {
  if (isSame(from, to)) throw new CopyLogError('Source and target are the same place. Choose another for one of them.');
  const source = await opened('source', openSource, from);
  try {
    const half = await inWords(unfinished(source.mark, 'The source'));
    if (half !== undefined) throw new CopyLogError(half);
    return await copyInto(to, source.store, watching);
  } finally {
    await source.close();
  }
}

/**
 * Copies a log, wherever it was read from, to a place, or what is missing there. No server may run on it.
 *
 * @throws CopyLogError as above; whatever reading the source throws
 */
export async function copyInto(
  to: LogPlace,
  source: CopyLogOptions['source'],
  watching: Watching = {},
): Promise<CopiedLog> {
  const target = await opened('target', openTarget, to);
  try {
    const codec = createWholeLogCodec(randomness);
    const { store, mark, atOnce } = target;
    return await inWords(copyLog({ source, target: store, mark, atOnce, codec, randomness, ...watching }));
  } finally {
    await target.close();
  }
}

/** The messages of the log are sentences for whoever runs the server. */
async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof EventStoreError)) throw error;
    throw new CopyLogError(`${error.message} What was copied stays: run it again, and it goes on.`, { cause: error });
  }
}

async function opened(
  which: 'source' | 'target',
  open: (place: LogPlace) => Promise<OpenPlace>,
  place: LogPlace,
): Promise<OpenPlace> {
  try {
    return await open(place);
  } catch (error) {
    if (error instanceof Error && error.name === 'ConnectionStringError') {
      throw new CopyLogError(`The connection string of the ${which} cannot be used. ${error.message}`, {
        cause: error,
      });
    }
    if (error instanceof EventStoreError) {
      throw new CopyLogError(`The ${which} cannot be opened. ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Nobody writes to a data folder whose lock we hold; an EventStoreDB has no such lock. */
async function openSource(place: LogPlace): Promise<OpenPlace> {
  if (!('folder' in place)) return openEventStoreDb(place);
  const { folder } = place;
  if (!existsSync(join(folder, LOG_FILE))) throw new CopyLogError(`There is no log (${LOG_FILE}) in ${folder}.`);
  const ownership = takeOwnership(folder);
  try {
    const store = await openSqliteLog({ folder, mode: 'read' });
    const close = (): Promise<void> =>
      store.close().finally(() => {
        ownership.release();
      });
    return { store, mark: markInFolder(folder), atOnce: 1, close };
  } catch (error) {
    ownership.release();
    throw error;
  }
}

async function openTarget(place: LogPlace): Promise<OpenPlace> {
  if (!('folder' in place)) return openEventStoreDb(place);
  const { folder } = place;
  const store = await openSqliteLog({ folder, mode: 'own' });
  return { store, mark: markInFolder(folder), atOnce: GROUP_APPENDS, close: () => store.close() };
}

/**
 * Appends to several streams that are under way together may land there in any order when a connection breaks among them, and what
 * is in its log cannot be put in order: so there is one at a time.
 */
async function openEventStoreDb(place: Exclude<LogPlace, { readonly folder: string }>): Promise<OpenPlace> {
  const { connectionString: log, namespace: logNamespace } = place;
  // No data folder is opened with it.
  const store = await openLog({ data: '', log, logNamespace }, { mode: 'read', randomness });
  return { store, mark: markBeside(store, randomness), atOnce: 1, close: () => store.close() };
}

function isSame(from: LogPlace, to: LogPlace): boolean {
  if ('folder' in from && 'folder' in to) return pathOf(from.folder) === pathOf(to.folder);
  if ('folder' in from || 'folder' in to) return false;
  return from.connectionString === to.connectionString && from.namespace === to.namespace;
}

function pathOf(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : folder;
}
