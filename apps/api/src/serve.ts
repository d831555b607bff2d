/** From settings to a listening server and back to nothing: the composition root, the only place that picks adapters. */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { KeyStoreError, openAccessDirectory, openSqliteKeyStore } from '#access';
import { createCommandHandler } from '#command-handling';
import { EventStoreError } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import type { Clock, Randomness } from '#kernel';
import { ensureLogStarted, hasRecords, IntegrityError } from '#log-format';
import { openViewsReader, type ViewsMessage } from '#projections';
import { createHttpApp } from './http/app.js';
import { keyStoreOptions, readSettings, type Settings } from './settings.js';
import { StartError } from './start-error.js';
import { startViews } from './views.js';

/** How long a read waits for a position, in milliseconds. */
const PATIENCE = 5_000;

const clock: Clock = { now: () => new Date() };
const randomness: Randomness = { bytes: (length) => new Uint8Array(randomBytes(length)) };

export interface RunningHabeas {
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** The admin key, where one was made by this start. */
  readonly newAdminKey: string | undefined;
  /** Stops taking requests, lets those under way end, then lets go of views and log. Idempotent. */
  close(): Promise<void>;
}

/** What was opened, to be let go of in the opposite order. */
class Opened {
  readonly #steps: (() => unknown)[] = [];
  #closing: Promise<void> | undefined;

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      const failures: unknown[] = [];
      for (const step of this.#steps.reverse()) {
        try {
          await step();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'Something could not be closed.');
    })();
    return this.#closing;
  }
}

/**
 * Starts a server.
 *
 * @throws StartError with one sentence for whoever started it; everything that was opened is let go of.
 */
export async function startHabeas(
  settings: Settings,
  report: (line: string) => void = (line) => {
    console.error(line);
  },
): Promise<RunningHabeas> {
  const opened = new Opened();
  try {
    return await compose(settings, opened, report);
  } catch (error) {
    await opened.close().catch(() => undefined);
    throw asStartError(error, settings);
  }
}

async function compose(settings: Settings, opened: Opened, report: (line: string) => void): Promise<RunningHabeas> {
  prepareFolder(settings.data);
  const eventStore = await openSqliteLog({ folder: settings.data, mode: 'own' });
  opened.add(() => eventStore.close());
  const keyStore = await openSqliteKeyStore({
    ...keyStoreOptions(settings),
    mode: 'write',
    mustExist: await hasRecords(eventStore),
    randomness,
  });
  opened.add(() => keyStore.close());
  const logId = await ensureLogStarted(eventStore, clock, randomness);
  const access = await openAccessDirectory({ store: eventStore, keys: keyStore, logId, clock, randomness });
  opened.add(() => access.close());
  const admin = await access.ensureAdminKey(settings.adminKey);
  if (!admin.ok) throw new StartError(`HABEAS_ADMIN_KEY cannot be used: ${admin.error.detail}`);
  const commands = createCommandHandler({ store: eventStore, keys: keyStore, logId, clock, randomness });

  const reader = openViewsReader({ folder: settings.data, clock });
  const closeReader = (): void => {
    reader.close();
  };
  const notify = (message: ViewsMessage): void => {
    reader.notify(message);
  };
  const views = await startViews(settings, notify, report).catch((error: unknown) => {
    closeReader();
    throw error;
  });
  opened.add(() => views.close());
  // Closed before the writer: SQLite folds its WAL into the file when the last connection, which must be able to write, goes.
  opened.add(closeReader);

  let accepting = true;
  const app = await createHttpApp(
    {
      commands,
      access,
      views: reader,
      etagSecret: await keyStore.secret('etag'),
      accepting: () => accepting,
      patience: PATIENCE,
    },
    report,
  );
  opened.add(() => app.close());
  await app.listen(settings.port, settings.host);
  opened.add(() => {
    accepting = false;
  });
  return { url: await app.getUrl(), newAdminKey: admin.value?.key, close: () => opened.close() };
}

function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
}

/** What a failure at the start means to whoever started it. */
function asStartError(error: unknown, settings: Settings): unknown {
  if (error instanceof StartError) return error;
  const explain = (text: string): StartError => new StartError(text, { cause: error });
  const { data, host, port } = settings;
  if (error instanceof EventStoreError) {
    switch (error.code) {
      case 'in-use':
        return explain(
          `The data folder ${data} is in use by another Habeas. Stop that one, or set HABEAS_DATA to another folder.`,
        );
      case 'foreign':
        return explain(
          `What lies in the data folder ${data} is not a log of Habeas that this version can read; it was left as it is. Set HABEAS_DATA to another folder.`,
        );
      case 'corrupt':
        return explain(
          `The log in the data folder ${data} is damaged; it was left as it is. Restore it from a backup.`,
        );
      case 'read-only':
      case 'access-denied':
        return explain(
          `The data folder ${data} cannot be written. Give this user the right to write there, or set HABEAS_DATA to another folder.`,
        );
      case 'disk-full':
        return explain(`The disk that holds the data folder ${data} is full.`);
      default:
        return explain(`The log in the data folder ${data} cannot be opened (${error.code}).`);
    }
  }
  // Their messages are sentences for whoever runs the server, and hold no key.
  if (error instanceof KeyStoreError) {
    const given = error.code === 'malformed-master-key' && settings.masterKey !== undefined;
    return explain(given ? `HABEAS_MASTER_KEY: ${error.message}` : error.message);
  }
  if (error instanceof IntegrityError) {
    return explain(
      `The log in the data folder ${data} is not whole (${error.fault}); it was left as it is. Restore it from a backup.`,
    );
  }
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'EADDRINUSE':
      return explain(
        `Port ${port} of ${host} is in use by another program. Stop that one, or set HABEAS_PORT to another port.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return explain(`HABEAS_HOST is ${host}, which is no address of this machine.`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return (error as NodeJS.ErrnoException).syscall === 'listen'
        ? explain(`This user may not listen on port ${port}. Set HABEAS_PORT to one above 1023.`)
        : explain(
            `The data folder ${data} cannot be written. Give this user the right to write there, or set HABEAS_DATA to another folder.`,
          );
    case 'ENOTDIR':
    case 'EEXIST':
      return explain(`HABEAS_DATA is ${data}, which is not a folder.`);
    case 'ENOSPC':
      return explain(`The disk that holds the data folder ${data} is full.`);
    default:
      return error;
  }
}

/** Waits for a signal to end, then closes. A second Ctrl-C ends at once; a supervisor that repeats itself is not impatient. */
export async function serveUntilSignal(habeas: RunningHabeas): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  process.once('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => undefined);
  await habeas.close();
}

/** What the record holds of people is for the eyes of the user who runs it: files are made without rights for others. */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}

/** `npm start`. */
export async function serve(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const settings = readSettings(environment);
  keepFilesPrivate();
  const habeas = await startHabeas(settings);
  console.log(`Habeas listens on ${habeas.url}`);
  console.log(`  documentation  ${habeas.url}/docs`);
  console.log(`  data folder    ${settings.data}`);
  if (habeas.newAdminKey !== undefined) {
    console.log(`  admin key      ${habeas.newAdminKey}`);
    console.log('                 It is shown this once: keep it. Clients send it as "Authorization: Bearer <key>".');
  }
  await serveUntilSignal(habeas);
  console.log('Stopped.');
}
