/** The server as a process: what it says when it starts, and how it is ended. */
import { FAULT, INTERRUPTED } from './exit-codes.js';
import { quickStart } from './quick-start.js';
import { readSettings } from './settings.js';
import type { Log } from './watching/log.js';
import { readWatchSettings } from './watching/settings.js';
import { thrownFacts } from './watching/thrown.js';

/**
 * Resolves at the first signal to end; to be called before anything is opened, so that none goes unheard. A second Ctrl-C
 * ends the process at once; a supervisor that repeats itself is not impatient.
 */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGTERM', () => {
      resolve();
    });
    process.once('SIGINT', () => {
      process.once('SIGINT', () => process.exit(INTERRUPTED));
      resolve();
    });
  });
}

/** Aborted when somebody ends the process; as {@link untilSignal}, but for work that takes a signal. */
export function abortedBySignal(): AbortSignal {
  const stop = new AbortController();
  void untilSignal().then(() => {
    stop.abort();
  });
  return stop.signal;
}

/** What the record holds of people is for the eyes of the user who runs it: files are made without rights for others. */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}

/** A fault of ours ends the process, since nobody knows what it left behind. Its message is not told: it may quote somebody. */
function endOnFault(log: Log): void {
  process.on('uncaughtException', (error) => {
    log.fatal(thrownFacts(error), 'the server fails, and ends');
    process.exit(FAULT);
  });
}

/** `npm start`. */
export async function serve(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const settings = readSettings(environment);
  const watch = readWatchSettings(environment);
  keepFilesPrivate();
  const ended = untilSignal();
  const habeas = await quickStart(settings, watch);
  endOnFault(habeas.log);
  console.log(`Habeas listens on ${habeas.url}`);
  console.log(`  documentation  ${habeas.url}/docs`);
  console.log(`  data folder    ${settings.data}`);
  if (habeas.newAdminKey !== undefined) {
    console.log(`  admin key      ${habeas.newAdminKey}`);
    console.log('                 It is shown this once: keep it. Clients send it as "Authorization: Bearer <key>".');
  }
  await ended;
  await habeas.close();
  console.log('Stopped.');
}
