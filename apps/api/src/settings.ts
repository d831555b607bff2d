/** What the server can be told from outside, and the clear words for what it cannot be. The only reader of the environment. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { OfficeVisibility } from '#domain';
import { type Inside, isInsideEntry } from '#feed';
import type { Rate } from './http/rate-limit.js';
import { StartError } from './start-error.js';

export interface Settings {
  /** The data folder, as an absolute path. */
  readonly data: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The key made on first run; undefined: one is generated and printed once. */
  readonly adminKey: string | undefined;
  /** What wraps the keys of the key store: 32 bytes as hexadecimal digits or base64; undefined: it lies in a file. */
  readonly masterKey: string | undefined;
  /** The file of the master key; undefined: `master.key` in the data folder, made on first run. */
  readonly masterKeyFile: string | undefined;
  /** The connection string of a PostgreSQL that holds the key store; undefined: it is keys.db, in the data folder. A secret. */
  readonly keys?: string | undefined;
  /** The connection string of an EventStoreDB that holds the log; undefined: the embedded log, in the data folder. A secret. */
  readonly log?: string | undefined;
  /** Put before the names of the log's streams in that EventStoreDB. */
  readonly logNamespace?: string | undefined;
  /** Who may see what is not sensitive, where whoever records it does not say. */
  readonly visibility?: OfficeVisibility;
  /** Only facts count that somebody else than their recorder has verified. */
  readonly fourEyes?: boolean;
  /** Minutes from one seal of the log to the next; 0: only when asked. An hour, where it is left out. */
  readonly sealMinutes?: number;
  /** Addresses inside to which webhooks may send; none, where it is left out. */
  readonly webhooksInside?: Inside;
  /** Days for which it is kept who was shown what is confidential. {@link ACCESS_DAYS}, where it is left out. */
  readonly accessDays?: number;
  /** Streams of changes at the same time: in all, and of one key. Where they are left out: {@link STREAMS}. */
  readonly streams?: number;
  readonly streamsPerKey?: number;
  /** Of web pages that may open streams; `*`: of all. None, where they are left out. */
  readonly origins?: readonly string[];
  /** How much each key may ask. As much as it likes, where it is left out. */
  readonly rate?: Rate;
  /** How long a request may take to arrive, in seconds; 30, where it is left out. */
  readonly arrivalSeconds?: number;
  /** Networks and addresses of proxies that are believed where requests come from. None, where they are left out. */
  readonly proxies?: readonly string[];
}

/** How many streams of changes there may be at the same time, unless it is said. */
export const STREAMS = { streams: 5_000, streamsPerKey: 500 };

/** Unless it is said: a year, and time to look at it. */
export const ACCESS_DAYS = 400;

/** What the thread of the views needs to know. */
export type KeySettings = Pick<
  Settings,
  'data' | 'masterKey' | 'masterKeyFile' | 'keys' | 'log' | 'logNamespace' | 'fourEyes'
>;

type Environment = Readonly<Record<string, string | undefined>>;

function given(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

/**
 * A setting that is a secret: the variable itself, or the file that the variable with `_FILE` behind its name tells, which is how
 * containers and service managers hand secrets over. What it holds is in no message.
 */
function secret(environment: Environment, name: string): string | undefined {
  const value = given(environment, name);
  const file = given(environment, `${name}_FILE`);
  if (file === undefined) return value;
  if (value !== undefined) throw new StartError(`${name} and ${name}_FILE are both set. Set one of them.`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(`${name}_FILE names ${file}, which cannot be read (${code ?? 'no reason given'}).`);
  }
  if (text === '') throw new StartError(`${name}_FILE names ${file}, which is empty.`);
  return text;
}

function port(text: string | undefined): number {
  if (text === undefined) return 3000;
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535) {
    throw new StartError(`HABEAS_PORT is "${text}". It must be a whole number from 0 to 65535 (0: any free port).`);
  }
  return value;
}

function sealMinutes(text = '60'): number {
  // A timer does not reach further than some 24 days.
  if (!/^\d{1,5}$/.test(text) || Number(text) > 30_000) {
    throw new StartError(
      `HABEAS_SEAL_MINUTES is "${text}". It must be a whole number of minutes up to 30000 (0: the log is sealed only when asked).`,
    );
  }
  return Number(text);
}

function accessDays(text = String(ACCESS_DAYS)): number {
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new StartError(`HABEAS_ACCESS_DAYS is "${text}". It must be a whole number of days from 1 to 99999.`);
}

function visibility(text = 'internal'): OfficeVisibility {
  if (text === 'public' || text === 'internal') return text;
  throw new StartError(
    `HABEAS_VISIBILITY is "${text}". It must be internal or public: who may see what is recorded, where nobody says so.`,
  );
}

function fourEyes(text = 'off'): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new StartError(
    `HABEAS_FOUR_EYES is "${text}". It must be off or on: whether a fact counts only once somebody else has verified it.`,
  );
}

function webhooksInside(text = ''): Inside {
  if (text === 'allow') return 'all';
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const wrong = entries.find((entry) => !isInsideEntry(entry));
  if (wrong === undefined) return entries;
  throw new StartError(
    `HABEAS_WEBHOOKS_INSIDE holds "${wrong}". It must be "allow", or a list, separated by commas, of networks (10.1.0.0/16), addresses and hosts.`,
  );
}

function rate(environment: Environment): Rate | undefined {
  const perSecond = wholeUpTo(environment, 'HABEAS_RATE', 1_000_000, 1_000);
  const burst = wholeUpTo(environment, 'HABEAS_RATE_BURST', 10_000_000, Math.max(1, 10 * perSecond));
  if (burst === 0)
    throw new StartError('HABEAS_RATE_BURST is "0". It must be at least 1; HABEAS_RATE=0 sets no limit.');
  return perSecond === 0 ? undefined : { perSecond, burst };
}

function wholeUpTo(environment: Environment, name: string, most: number, otherwise: number): number {
  const text = given(environment, name) ?? String(otherwise);
  if (/^\d{1,8}$/.test(text) && Number(text) <= most) return Number(text);
  throw new StartError(`${name} is "${text}". It must be a whole number up to ${most}.`);
}

function arrivalSeconds(text = '30'): number {
  if (/^\d{1,3}$/.test(text) && Number(text) > 0) return Number(text);
  throw new StartError(`HABEAS_ARRIVAL_SECONDS is "${text}". It must be a whole number of seconds from 1 to 999.`);
}

function origins(text = ''): readonly string[] {
  const listed = text.split(/[\s,]+/).filter((origin) => origin !== '');
  const wrong = listed.find((origin) => origin !== '*' && URL.parse(origin)?.origin !== origin);
  if (wrong === undefined) return listed;
  throw new StartError(
    `HABEAS_ORIGINS holds "${wrong}". An origin is such as https://example.org, without a path; several are divided by commas; * stands for all.`,
  );
}

function proxies(text = ''): readonly string[] {
  const listed = text.split(/[\s,]+/).filter((proxy) => proxy !== '');
  const wrong = listed.find((proxy) => !isNetwork(proxy));
  if (wrong === undefined) return listed;
  throw new StartError(
    `HABEAS_PROXIES holds "${wrong}". It must be a list, separated by commas, of networks (10.1.0.0/16) and addresses.`,
  );
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...others] = text.split('/');
  const family = isIP(address);
  const isWide = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  return family !== 0 && isWide && others.length === 0;
}

/** The master key that is to replace the one there is; undefined: none is given. @throws StartError */
export function readNewMasterKey(environment: Environment): string | undefined {
  return secret(environment, 'HABEAS_NEW_MASTER_KEY');
}

/**
 * The settings that an environment gives, with defaults for what it leaves out.
 *
 * @throws StartError naming the first variable that cannot be used.
 */
export function readSettings(environment: Environment): Settings {
  const log = secret(environment, 'HABEAS_LOG');
  if (log !== undefined && !/^esdb(\+discover)?:\/\//.test(log)) {
    throw new StartError(
      'HABEAS_LOG is not understood. It is the connection string of an EventStoreDB (esdb://…); leave it unset for the embedded log.',
    );
  }
  const keys = secret(environment, 'HABEAS_KEYS');
  if (keys !== undefined && !/^postgres(ql)?:\/\//.test(keys)) {
    throw new StartError(
      'HABEAS_KEYS is not understood. It is the connection string of a PostgreSQL (postgres://…); leave it unset to keep the keys in the data folder.',
    );
  }
  const limit = rate(environment);
  return {
    data: resolve(given(environment, 'HABEAS_DATA') ?? './data'),
    host: given(environment, 'HABEAS_HOST') ?? '127.0.0.1',
    port: port(given(environment, 'HABEAS_PORT')),
    adminKey: secret(environment, 'HABEAS_ADMIN_KEY'),
    masterKey: given(environment, 'HABEAS_MASTER_KEY'),
    masterKeyFile: given(environment, 'HABEAS_MASTER_KEY_FILE'),
    keys,
    log,
    logNamespace: given(environment, 'HABEAS_LOG_NAMESPACE'),
    fourEyes: fourEyes(given(environment, 'HABEAS_FOUR_EYES')),
    visibility: visibility(given(environment, 'HABEAS_VISIBILITY')),
    sealMinutes: sealMinutes(given(environment, 'HABEAS_SEAL_MINUTES')),
    accessDays: accessDays(given(environment, 'HABEAS_ACCESS_DAYS')),
    webhooksInside: webhooksInside(given(environment, 'HABEAS_WEBHOOKS_INSIDE')),
    streams: wholeUpTo(environment, 'HABEAS_STREAMS', 999_999, STREAMS.streams),
    streamsPerKey: wholeUpTo(environment, 'HABEAS_STREAMS_PER_KEY', 999_999, STREAMS.streamsPerKey),
    origins: origins(given(environment, 'HABEAS_ORIGINS')),
    ...(limit !== undefined && { rate: limit }),
    arrivalSeconds: arrivalSeconds(given(environment, 'HABEAS_ARRIVAL_SECONDS')),
    proxies: proxies(given(environment, 'HABEAS_PROXIES')),
  };
}
