/** A server under four eyes: what one person alone recorded counts nowhere, and lenses show what else there is. */
import type { ListPage, PersonView } from '#projections';
import { Client } from '../../apps/cli/src/client.js';
import { startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
let recorder: Client;
let reviewer: Client;
let inside: Client;
let person: string;
let arrest: string;
let position: string;

const cites = (source: string): object => ({ citations: [{ sourceId: source }] });

beforeAll(async () => {
  server = await startServer(undefined, { fourEyes: true });
  const key = async (name: string, scopes: readonly string[], ceiling = 'confidential'): Promise<Client> => {
    const body = { name, scopes, ceiling };
    const made = await server.client.request<{ key: string }>('/v1/keys', { method: 'POST', body });
    return new Client(server.url, made.body.key);
  };
  recorder = await key('recorder', ['record']);
  reviewer = await key('reviewer', ['review']);
  inside = await key('reader', ['read'], 'internal');
  const source = await post(recorder, 'sources', { type: 'report', title: 'A report', lang: 'en' });
  const names = [{ text: 'Person A', kind: 'legal' }];
  person = (await post(recorder, 'persons', { names, ...cites(source.id) })).id;
  const fact = { ...cites(source.id), occurred: '2020', basis: 'reported', confidence: 'high' };
  ({ event: arrest, position } = await post(recorder, `persons/${person}/arrests`, fact));
}, 60_000);
afterAll(() => server.end());

interface Changes {
  readonly items: readonly { readonly id: string }[];
  readonly restated?: object;
}

async function post(
  client: Client,
  path: string,
  body: object,
): Promise<{ id: string; event: string; position: string }> {
  const answer = await client.request<{ id: string; event: string }>(`/v1/${path}`, { method: 'POST', body });
  return { ...answer.body, position: answer.headers.get('habeas-position') ?? '' };
}

async function shown(query = '', client = reviewer): Promise<unknown> {
  const path = `/v1/persons/${person}?minPosition=${position}${query}`;
  const { axes, asOf, timeline } = (await client.request<PersonView>(path)).body;
  return [axes.liberty.value, asOf.lens, timeline.map(({ standing, counts = true }) => [standing, counts])];
}

async function held(): Promise<number> {
  return (await reviewer.request<ListPage>('/v1/persons?liberty=police-custody')).body.items.length;
}

async function changes(after = '0'): Promise<Changes> {
  return (await server.client.request<Changes>(`/v1/status-changes?after=${after}&axis=liberty`)).body;
}

async function views(): Promise<{ readonly file?: string; readonly lens?: string }> {
  return (await server.client.request<{ file?: string; lens?: string }>('/v1/views')).body;
}

test('what one person recorded is proposed; all, verified and official facts are shown through lenses', async () => {
  expect(await shown()).toEqual(['unknown', 'verified', [['proposed', false]]]);
  expect(await shown('&lens=all')).toEqual(['police-custody', 'all', [['proposed', true]]]);
  expect(await shown('&lens=official')).toEqual(['unknown', 'official', [['proposed', false]]]);
  expect(await shown('&lens=all&validAt=2019')).toEqual(['unknown', 'all', [['proposed', true]]]);
  expect(await shown('', inside)).toEqual(['unknown', 'verified', [['proposed', false]]]);
  expect([await held(), (await changes()).items.length]).toEqual([0, 0]);
});

test('what is no lens is refused', async () => {
  await expect(reviewer.request(`/v1/persons/${person}?lens=mine`)).rejects.toMatchObject({
    status: 400,
    code: 'invalid-lens',
  });
});

test('it counts once somebody else has verified it, also in views that are built anew', async () => {
  const verification = { fact: arrest, method: 'compared with the report' };
  await expect(post(recorder, `persons/${person}/verifications`, verification)).rejects.toMatchObject({ status: 403 });
  ({ position } = await post(reviewer, `persons/${person}/verifications`, verification));
  expect(await shown()).toEqual(['police-custody', 'verified', [['standing', true]]]);
  expect(await shown('', inside)).toEqual(['police-custody', 'verified', [['standing', true]]]);
  expect([await held(), (await changes()).items.length]).toEqual([1, 1]);
  const { file } = await views();
  await server.client.request('/v1/views/rebuild', { method: 'POST' });
  while ((await views()).file === file) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await views()).toMatchObject({ lens: 'verified' });
  expect(await shown()).toEqual(['police-custody', 'verified', [['standing', true]]]);
}, 60_000);

test('turned off, changes are told again, under ids of their own', async () => {
  const [told] = (await changes()).items;
  expect(told?.id).toMatch(/^f\d+v-/);
  await server.stop();
  server = await startServer(server.folder);
  while ((await views()).lens !== 'all' || !(await isLive())) await new Promise((resolve) => setTimeout(resolve, 50));
  const { items, restated } = await changes(told?.id);
  expect(restated).toMatchObject({ fromLens: 'verified', toLens: 'all' });
  expect(items).toEqual([]);
  const [now] = (await changes()).items;
  expect(now?.id).toMatch(/^f\d+-/);
  expect(await shown('', server.client)).toMatchObject(['police-custody', 'all', [['standing', true]]]);
}, 60_000);

async function isLive(): Promise<boolean> {
  return (await fetch(`${server.url}/health/ready`)).status === 200;
}
