/** What a failure at the start means to whoever started the server: each in words of its own, none with a stack. */
import { KeyStoreError } from '#access';
import { EventStoreError } from '#event-store';
import { IntegrityError } from '#log-format';
import type { Settings } from './settings.js';
import { StartError } from './start-error.js';

/** What went wrong with the EventStoreDB of HABEAS_LOG; undefined if it was something else. Says nothing of the connection string. */
function eventStoreDbFailure(error: unknown): string | undefined {
  if (error instanceof Error && error.name === 'ConnectionStringError') {
    return `HABEAS_LOG cannot be used as a connection string. ${error.message}`;
  }
  switch (error instanceof EventStoreError ? error.code : undefined) {
    case 'unavailable':
    case 'timed-out':
      return 'The EventStoreDB of HABEAS_LOG does not answer. Check that it runs, its address, its port and its certificate.';
    case 'access-denied':
      return 'The EventStoreDB of HABEAS_LOG refuses the user of the connection string, who must read $all and write streams.';
    default:
      return undefined;
  }
}

/** A StartError where the failure is one that somebody can mend; else the failure itself. */
export function asStartError(error: unknown, settings: Settings): unknown {
  if (error instanceof StartError) return error;
  const explain = (text: string): StartError => new StartError(text, { cause: error });
  const { data, host, port } = settings;
  if (settings.log !== undefined) {
    const why = eventStoreDbFailure(error);
    if (why !== undefined) return explain(why);
  }
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
        return explain(`The log in the data folder ${data} cannot be opened (${error.code}). ${error.message}`);
    }
  }
  // Their messages are sentences for whoever runs the server, and hold no key.
  if (error instanceof KeyStoreError) {
    const given = error.code === 'malformed-master-key' && settings.masterKey !== undefined;
    const elsewhere =
      error.code === 'missing' && settings.keys === undefined && settings.log !== undefined
        ? ' If another Habeas works on this log, give this one the same HABEAS_KEYS.'
        : '';
    const setting = given ? 'HABEAS_MASTER_KEY: ' : error.code === 'malformed-connection-string' ? 'HABEAS_KEYS: ' : '';
    return explain(setting + error.message + elsewhere);
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
