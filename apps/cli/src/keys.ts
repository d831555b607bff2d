/** `habeas keys`: through the server, since one process owns a data folder. */
import Table from 'cli-table3';
import { clientOf, type Environment } from './client-of.js';

interface KeyInfo {
  readonly id: string;
  readonly name?: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly revokedAt?: string;
}

export async function createKey(environment: Environment, options: { name: string; scopes: string }): Promise<void> {
  const scopes = options.scopes.split(',').map((scope) => scope.trim());
  const { body } = await clientOf(environment).request<{ id: string; key: string }>('/v1/keys', {
    method: 'POST',
    body: { name: options.name, scopes },
  });
  // The key alone on standard output, so that a script can take it.
  console.error(`Key ${body.id} was made. It is shown this once:`);
  console.log(body.key);
}

export async function listKeys(environment: Environment): Promise<void> {
  const { body } = await clientOf(environment).request<{ items: readonly KeyInfo[] }>('/v1/keys');
  const table = new Table({ head: ['id', 'name', 'scopes', 'made', 'revoked'], style: { head: [], border: [] } });
  for (const key of body.items) {
    table.push([key.id, key.name ?? '', key.scopes.join(', '), key.createdAt, key.revokedAt ?? '']);
  }
  console.log(table.toString());
}

export async function revokeKey(environment: Environment, id: string): Promise<void> {
  await clientOf(environment).request(`/v1/keys/${encodeURIComponent(id)}`, { method: 'DELETE' });
  console.log(`Key ${id} is revoked.`);
}
