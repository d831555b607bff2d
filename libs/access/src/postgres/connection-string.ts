/** What a connection string says: where the database is, for its driver, and which schema the keys lie in, for us. */
import { KeyStoreError } from '../key-store-error.js';

export interface KeyDatabase {
  /** As the driver takes it. A secret. */
  readonly connectionString: string;
  readonly schema: string;
}

const DEFAULT_SCHEMA = 'habeas';

/**
 * @param text `postgres://user:password@host:port/database?sslmode=…&schema=…`
 * @throws KeyStoreError `malformed-connection-string`; says nothing of what it holds
 */
export function readConnectionString(text: string): KeyDatabase {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw malformed(
      'It is like postgres://user:password@host:5432/database; what is special in a URL is escaped (%40 for @).',
    );
  }
  const url = new URL(text);
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith('pg_')) {
    throw malformed('Its schema is a name of lower-case letters, digits and underscores, and does not begin with pg_.');
  }
  url.searchParams.delete('schema');
  return { connectionString: url.href, schema };
}

/** @param why a sentence */
export function malformed(why: string): KeyStoreError {
  return new KeyStoreError('malformed-connection-string', `The connection string cannot be used. ${why}`);
}
