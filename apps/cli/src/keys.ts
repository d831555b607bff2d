/** `habeas keys`: through the server, since one process owns a data folder. */
import Table from 'cli-table3';
import { clientOf, type Environment } from './client-of.js';

interface KeyInfo {
  readonly id: string;
  readonly name?: string;
  readonly scopes: readonly string[];
  readonly ceiling: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  readonly lastUsedAt?: string;
}

export interface NewKeyOptions {
  readonly name: string;
  /** Separated by commas. */
  readonly scopes: string;
  readonly ceiling?: string;
  readonly expires?: string;
}

export async function createKey(environment: Environment, options: NewKeyOptions): Promise<void> {
  const { name, ceiling, expires: expiresAt } = options;
  const scopes = options.scopes.split(',').map((scope) => scope.trim());
  const { body } = await clientOf(environment).request<{ id: string; key: string }>('/v1/keys', {
    method: 'POST',
    body: { name, scopes, ceiling, expiresAt },
  });
  // The key alone on standard output, so that a script can take it.
  console.error(`Key ${body.id} was made. It is shown this once:`);
  console.log(body.key);
}

export async function listKeys(environment: Environment): Promise<void> {
  const { body } = await clientOf(environment).request<{ items: readonly KeyInfo[] }>('/v1/keys');
  const head = ['id', 'name', 'scopes', 'ceiling', 'made', 'last used', 'expires', 'revoked'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { id, name = '', scopes, ceiling, createdAt, lastUsedAt, expiresAt = '', revokedAt = '' } of body.items) {
    const used = lastUsedAt === undefined ? 'never' : `${lastUsedAt.slice(0, 13)}h`;
    table.push([id, name, scopes.join(', '), ceiling, createdAt, used, expiresAt, revokedAt]);
  }
  console.log(table.toString());
}

export interface RotateOptions {
  /** Seconds. */
  readonly overlap?: number;
  readonly expires?: string;
}

export async function rotateKey(environment: Environment, id: string, options: RotateOptions): Promise<void> {
  const { overlap: overlapSeconds, expires: expiresAt } = options;
  const path = `/v1/keys/${encodeURIComponent(id)}/rotations`;
  const { body } = await clientOf(environment).request<{ key: string; previousUntil?: string }>(path, {
    method: 'POST',
    body: { overlapSeconds, expiresAt },
  });
  const before = body.previousUntil === undefined ? 'is over' : `is good until ${body.previousUntil}`;
  console.error(`Key ${id} has a new secret; the one before ${before}. It is shown this once:`);
  console.log(body.key);
}

export async function revokeKey(environment: Environment, id: string): Promise<void> {
  await clientOf(environment).request(`/v1/keys/${encodeURIComponent(id)}`, { method: 'DELETE' });
  console.log(`Key ${id} is revoked.`);
}
