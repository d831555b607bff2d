/**
 * What goes wrong with a PostgreSQL, as ours. Nothing of the driver's own text is repeated, and it is kept as no cause: it
 * may hold parts of the connection string.
 */
import { KeyStoreError, type KeyStoreErrorCode } from '../key-store-error.js';

/** SQLSTATEs, and classes of them by their first two letters. */
const FAILURES: Readonly<Record<string, readonly [KeyStoreErrorCode, string]>> = {
  '28': ['unavailable', 'it refuses the user or the password'],
  '3D000': ['unavailable', 'it has no database of that name'],
  '42501': [
    'read-only',
    'the user lacks rights: to make or use the schema, and to select from, insert into and delete from its tables (and to update them, where the master key is replaced)',
  ],
  '25006': ['unavailable', 'it takes no writes; connect to the primary'],
  '53100': ['disk-full', 'its disk is full'],
  '53': ['unavailable', 'it has no room for another connection, or too little memory'],
  '57': ['unavailable', 'it is being started or stopped'],
  '42P01': ['missing', 'its tables are gone'],
  '3F000': ['missing', 'its schema is gone'],
  XX001: ['corrupt', 'its table is damaged; restore it from a backup'],
  XX002: ['corrupt', 'its index is damaged; restore it from a backup'],
};

/** What may be otherwise in a moment: no connection, starting, stopping, a standby that is being promoted, a deadlock. */
const PASSING: ReadonlySet<string> = new Set(['08', '53', '57', '40', '25006', '55P03']);

/** An error of the driver. `doing` begins the sentence: "The key store … could not be read". */
export function fromPostgres(error: unknown, doing: string): KeyStoreError {
  if (error instanceof KeyStoreError) return error;
  const state = sqlState(error);
  const [code, why] = FAILURES[state] ?? FAILURES[state.slice(0, 2)] ?? ['unavailable', otherwise(error, state)];
  return new KeyStoreError(code, `${doing}: ${why}.`);
}

/** Whether the same may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof KeyStoreError) return false;
  const state = sqlState(error);
  if (state !== '') return state !== '53100' && (PASSING.has(state) || PASSING.has(state.slice(0, 2)));
  return !isOfTls(error) && nodeCode(error) !== 'ENOENT';
}

/** Five letters or digits, where the server itself says what is wrong; else none. */
function sqlState(error: unknown): string {
  const code = nodeCode(error) ?? '';
  const ofTheServer = (error as { severity?: unknown } | null)?.severity !== undefined;
  return ofTheServer && /^[0-9A-Z]{5}$/.test(code) ? code : '';
}

function nodeCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

function isOfTls(error: unknown): boolean {
  return (
    /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(nodeCode(error) ?? '') ||
    (error instanceof Error && error.message.includes('does not support SSL'))
  );
}

function otherwise(error: unknown, state: string): string {
  if (state !== '') return `it answers with an error (SQLSTATE ${state})`;
  if (isOfTls(error))
    return 'no trusted TLS connection comes about; look at its certificate and at sslmode and sslrootcert';
  if (nodeCode(error) === 'ENOENT') return 'a certificate or key file that the connection string names is not there';
  return 'it does not answer; check that it runs, its address and its port';
}
