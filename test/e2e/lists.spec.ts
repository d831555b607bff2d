/** Lists over HTTP: every axis is a filter, certain is told from possible, counts, orders, cursors, the turn of a day. */
import { AXES } from '#domain';
import type { CaseView, ListPage } from '#projections';
import { RequestFailed } from '../../apps/cli/src/client.js';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
}, 60_000);
afterAll(() => server.end());

let last = '';

async function record(path: string, body: object): Promise<string> {
  const { body: answer, headers } = await server.client.request<{ id: string; event: string }>(`/v1/${path}`, {
    method: 'POST',
    body,
  });
  last = headers.get('habeas-position') ?? '';
  return path.split('/').length === 1 ? answer.id : answer.event;
}

async function list(path: string): Promise<ListPage> {
  const glue = path.includes('?') ? '&' : '?';
  return (await server.client.request<ListPage>(`/v1/${path}${last === '' ? '' : `${glue}minPosition=${last}`}`)).body;
}

async function refused(path: string): Promise<{ code: string; pointer: string | undefined }> {
  const error = await list(path).catch((caught: unknown) => caught);
  if (!(error instanceof RequestFailed)) throw new Error(`${path} was answered.`);
  return { code: error.code, pointer: error.problem?.errors?.[0]?.pointer };
}

const names = (page: ListPage): readonly (string | undefined)[] => page.items.map(({ name }) => name);
