/** `habeas keys`: through the server, since one process owns a data folder. */
import Table from 'cli-table3';
import { Client, RequestFailed } from './client.js';

type Environment = Readonly<Record<string, string | undefined>>;

interface KeyInfo {
  readonly id: string;
  readonly name?: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly revokedAt?: string;
}

function clientOf(environment: Environment): Client {
  const key = environment.HABEAS_KEY;
  if (key === undefined || key === '') {
    throw new RequestFailed(
      'Set HABEAS_KEY to an admin key: the one that was printed when the server first started.',
      0,
      'no-key',
    );
  }
  const url = environment.HABEAS_URL ?? 'http://127.0.0.1:3000';
  if (!URL.canParse(url))
    throw new RequestFailed('HABEAS_URL is not a URL, such as http://127.0.0.1:3000.', 0, 'no-url');
  return new Client(url, key);
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
