/** What the server can be told from outside, and the clear words for what it cannot be. The only reader of the environment. */
import { resolve } from 'node:path';
import { StartError } from './start-error.js';

export interface Settings {
  /** The data folder, as an absolute path. */
  readonly data: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The key made on first run; undefined: one is generated and printed once. */
  readonly adminKey: string | undefined;
  /** 32 bytes that wrap the keys of the key store; undefined: a file in the data folder, made on first run. */
  readonly masterKey: Uint8Array | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

function given(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

function port(text: string | undefined): number {
  if (text === undefined) return 3000;
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535) {
    throw new StartError(`HABEAS_PORT is "${text}". It must be a whole number from 0 to 65535 (0: any free port).`);
  }
  return value;
}

function masterKey(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (bytes.length !== 32) throw new StartError('HABEAS_MASTER_KEY must be 32 bytes, written as 64 hexadecimal digits or in base64.');
  return new Uint8Array(bytes);
}

/**
 * The settings that an environment gives, with defaults for what it leaves out.
 *
 * @throws StartError naming the first variable that cannot be used.
 */
export function readSettings(environment: Environment): Settings {
  const log = given(environment, 'HABEAS_LOG');
  if (log !== undefined) {
    throw new StartError(
      log.startsWith('esdb://') || log.startsWith('esdb+discover://')
        ? 'HABEAS_LOG names an EventStoreDB, which this version cannot use yet. Leave it unset for the embedded log.'
        : 'HABEAS_LOG is not understood. Leave it unset for the embedded log.',
    );
  }
  return {
    data: resolve(given(environment, 'HABEAS_DATA') ?? './data'),
    host: given(environment, 'HABEAS_HOST') ?? '127.0.0.1',
    port: port(given(environment, 'HABEAS_PORT')),
    adminKey: given(environment, 'HABEAS_ADMIN_KEY'),
    masterKey: masterKey(given(environment, 'HABEAS_MASTER_KEY')),
  };
}
