/** Over HTTP: a person is forgotten, from the wish to the certificate; what is left of them is still true. */
import type { ErasureInfo, MentionInfo } from '#access';
import type { ListPage, PersonView, SearchPage, SourceView, StatementView } from '#projections';
import { Client, RequestFailed } from '../../apps/cli/src/client.js';
import { until } from '../support/until.js';
import { startServer, temporaryFolder, type TestServer } from './test-support/server.js';

const NAME = 'Theodora Zwinger';
const TEXT = `The court heard ${NAME}, arrested in May 2017.\nTHEODORA ZWINGER said: “Let me go home.”`;
const LEFT = `The court heard ████████████████, arrested in May 2017.\n████████████████ said: “Let me go home.”`;

let server: TestServer;
let reviewer: Client;
let reader: Client;
let ids: { source: string; person: string; other: string; statement: string; namesake: string };
let position: string;

async function record(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await server.client.request<{ id: string; event: string }>(`/v1/${path}`, {
    method: 'POST',
    body,
    headers,
  });
  position = answer.headers.get('habeas-position') ?? '';
  return path.includes('/') ? answer.body.event : answer.body.id;
}

async function keyWith(...scopes: readonly string[]): Promise<Client> {
  const body = { name: 'K', scopes, ceiling: 'confidential' };
  const made = await server.client.request<{ key: string }>('/v1/keys', { method: 'POST', body });
  return new Client(server.url, made.body.key);
}

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it succeeded',
    (error: unknown) => (error instanceof RequestFailed ? [error.status, error.code] : error),
  );
const post = (client: Client, path: string, body: object) =>
  client.request<MentionInfo>(path, { method: 'POST', body });
const erase = (client: Client, id: string, body: object = { reason: `By letter of ${NAME}` }) =>
  client.request<ErasureInfo>(`/v1/persons/${id}/personal-data`, { method: 'DELETE', body });
const fact = (exact = 'arrested in May 2017') => ({
  occurred: '2017-05',
  citations: [{ sourceId: ids.source, quote: { exact } }],
  basis: 'reported',
  confidence: 'medium',
});

beforeEach(async () => {
  server = await startServer(temporaryFolder());
  [reviewer, reader] = [await keyWith('review'), await keyWith('read')];
  const source = await record('sources', { type: 'article', title: `On ${NAME}`, lang: 'en', text: TEXT });
  ids = { source, person: '', other: '', statement: '', namesake: '' };
  const { citations } = fact();
  ids.person = await record('persons', {
    names: [
      { text: NAME, kind: 'legal' },
      { text: 'Theo Z', kind: 'alias' },
    ],
    citations,
  });
  await record(
    `persons/${ids.person}/arrests`,
    { ...fact(), note: `${NAME} was at home` },
    { 'idempotency-key': 'k-1' },
  );
  ids.other = await record('persons', { names: [{ text: 'Sam Serey', kind: 'legal' }], citations });
  await record(`persons/${ids.other}/arrests`, { ...fact(), note: 'With Zwinger, Theodora and theo z.' });
  ids.statement = await record('statements', {
    ...fact('Let me go home.'),
    speaker: { person: ids.person },
    form: 'direct',
    lang: 'en',
    words: 'Let me go home.',
    about: [],
    stance: 'none',
  });
  const old = { type: 'report', title: 'A catalogue', lang: 'de', text: `Die Malerin ${NAME} (1811–1870).` };
  ids.namesake = await record('sources', old);
}, 60_000);
afterEach(() => server.end());

async function mentionsOf(erasure: string): Promise<readonly MentionInfo[]> {
  await until(async () => (await server.client.request<ErasureInfo>(`/v1/erasures/${erasure}`)).body.mentions.complete);
  return (await reviewer.request<{ items: MentionInfo[] }>(`/v1/erasures/${erasure}/mentions`)).body.items;
}
const stateOf = async (erasure: string): Promise<string> =>
  (await server.client.request<ErasureInfo>(`/v1/erasures/${erasure}`)).body.state;

test('from the wish to the certificate', async () => {
  const { status, headers, body: begun } = await erase(server.client, ids.person);
  expect([status, headers.get('location')]).toEqual([202, `/v1/erasures/${begun.id}`]);
  expect(begun).toMatchObject({ person: ids.person, state: 'forgetting', nodes: [{ live: true }] });

  // Nothing more is recorded on them from that moment on, nor what was recorded before.
  const again = { method: 'POST', body: { ...fact(), note: `${NAME} was at home` } } as const;
  const path = `/v1/persons/${ids.person}/arrests`;
  expect(await failure(server.client.request(path, again))).toEqual([410, 'erased']);
  expect(await failure(server.client.request(path, { ...again, headers: { 'idempotency-key': 'k-1' } }))).toEqual([
    410,
    'erased',
  ]);
  // It is asked again until all nodes have forgotten.
  await until(async () => (await failure(erase(server.client, ids.person))) !== 'it succeeded');
  expect(await failure(erase(server.client, ids.person))).toEqual([410, 'erased']);

  const found = await mentionsOf(begun.id);
  expect(found.map(({ id, because, state, spans }) => [id, because, state, spans.map(({ words }) => words)])).toEqual([
    [ids.source, 'words', 'open', [NAME, 'THEODORA ZWINGER', NAME]],
    [ids.other, 'words', 'open', ['Zwinger, Theodora', 'theo z']],
    [ids.statement, 'names', 'open', []],
    [ids.namesake, 'words', 'open', [NAME]],
  ]);

  const redactions = `/v1/erasures/${begun.id}/redactions`;
  const redacted = await post(reviewer, redactions, { kind: 'source', id: ids.source });
  expect(redacted.body).toMatchObject({ id: ids.source, state: 'redacted', spans: [] });
  await post(reviewer, redactions, { kind: 'person', id: ids.other });
  const kept = `/v1/erasures/${begun.id}/kept`;
  await post(reviewer, kept, { kind: 'statement', id: ids.statement, reason: 'It names nobody.' });
  await post(reviewer, kept, { kind: 'source', id: ids.namesake, reason: 'A painter of the 19th century.' });
  await until(async () => (await stateOf(begun.id)) === 'certified', 30_000);

  const { body: done, status: last } = await reviewer.request<ErasureInfo>(`/v1/erasures/${begun.id}`);
  expect([last, done.mentions]).toEqual([
    200,
    { complete: true, open: 0, redacted: 2, kept: 2, citing: 0, inTheClear: 0 },
  ]);
  expect(done.certificate).toMatchObject({
    erased: { streams: 4 },
    mentions: { listed: 4, redacted: 2, kept: 2 },
    nodes: [done.nodes[0]!.id],
    outOfReach: { nodes: [], trailDays: 400 },
  });
  expect((await reviewer.request<{ items: ErasureInfo[] }>('/v1/erasures')).body.items).toEqual([done]);
  expect(await failure(post(reviewer, redactions, { kind: 'source', id: ids.source }))).toEqual([409, 'erasure-over']);

  // What readers see of it.
  const { body: person } = await reader.request<PersonView>(`/v1/persons/${ids.person}`);
  expect(person).toMatchObject({ erased: true, names: [], identifiers: [], attributes: [] });
  expect(person).not.toHaveProperty('name');
  expect(person.axes.liberty).toMatchObject({ value: 'police-custody', since: '2017-05' });
  expect(person.timeline[0]).toMatchObject({ occurred: '2017-05', citations: [{ words: 'arrested in May 2017' }] });
  expect(person.timeline[0]).not.toHaveProperty('note');
  const { body: source } = await reader.request<SourceView>(`/v1/sources/${ids.source}`);
  expect(source).toMatchObject({ text: LEFT, title: `On ${'█'.repeat(NAME.length)}`, redacted: true, textVersion: 2 });
  const { body: other } = await reader.request<PersonView>(`/v1/persons/${ids.other}`);
  expect(other).toMatchObject({ name: 'Sam Serey', redacted: true });
  expect(other.timeline[0]!.note).toBe('With █████████████████ and ██████.');
  const { body: statement } = await reader.request<StatementView>(`/v1/statements/${ids.statement}`);
  expect(statement.speaker).toEqual({ rolesHeld: [], subject: { kind: 'person', id: ids.person } });
  for (const query of ['Zwinger', 'Theo%20Z']) {
    const { items } = (await reader.request<SearchPage>(`/v1/search?q=${query}`)).body;
    expect(items.map(({ id }) => id)).toEqual(query === 'Zwinger' ? [ids.namesake] : []);
    expect((await reader.request<ListPage>(`/v1/persons?q=${query}`)).body.items).toEqual([]);
  }
  for (const address of ['persons', 'persons/ID', 'persons/ID/history', 'persons/ID?knownAt=9', 'status-changes'])
    expect(JSON.stringify((await reader.request(`/v1/${address.replace('ID', ids.person)}`)).body)).not.toMatch(
      /zwing/i,
    );

  // It stays so after a start.
  server = await server.restart();
  expect((await server.client.request<PersonView>(`/v1/persons/${ids.person}`)).body).toMatchObject({ erased: true });
  expect((await server.client.request<ErasureInfo>(`/v1/erasures/${begun.id}`)).body).toEqual(done);
  expect(await failure(erase(server.client, ids.person))).toEqual([410, 'erased']);
}, 120_000);

test('who may ask for what, and what is refused', async () => {
  const audit = await keyWith('audit', 'record', 'webhooks');
  for (const client of [reader, reviewer, audit])
    expect(await failure(erase(client, ids.person))).toEqual([403, 'forbidden']);
  for (const [body, code] of [
    [{}, 'missing-field'],
    [{ reason: ' ' }, 'invalid-value'],
    [{ reason: 7 }, 'invalid-value'],
    [{ reason: 'x'.repeat(5_001) }, 'invalid-value'],
    [{ reason: 'R', more: 1 }, 'unknown-field'],
  ] as const)
    expect(await failure(erase(server.client, ids.person, body))).toEqual([422, code]);
  for (const id of [ids.source, 'nobody', '__proto__'])
    expect(await failure(erase(server.client, id))).toEqual([404, 'not-found']);
  expect((await reader.request<PersonView>(`/v1/persons/${ids.person}?minPosition=${position}`)).body.name).toBe(NAME);

  const { body: erasure } = await erase(server.client, ids.person);
  await mentionsOf(erasure.id);
  for (const path of ['', `/${erasure.id}`, `/${erasure.id}/mentions`])
    for (const client of [reader, audit])
      expect(await failure(client.request(`/v1/erasures${path}`))).toEqual([403, 'forbidden']);
  for (const path of [`/${ids.person}`, `/${ids.person}/mentions`, '/x'])
    expect(await failure(reviewer.request(`/v1/erasures${path}`))).toEqual([404, 'not-found']);
  const at = `/v1/erasures/${erasure.id}`;
  const mention = { kind: 'source', id: ids.source };
  for (const [path, body, expected] of [
    ['redactions', { kind: 'country', id: 'x' }, [422, 'invalid-value']],
    ['redactions', { ...mention, words: [] }, [422, 'invalid-value']],
    ['redactions', { ...mention, spans: [{ event: ids.source }] }, [422, 'invalid-value']],
    ['redactions', { ...mention, other: 1 }, [422, 'unknown-field']],
    [
      'redactions',
      { ...mention, spans: [{ event: ids.source, pointer: '/text', start: 0, end: 1 }] },
      [422, 'invalid-span'],
    ],
    ['redactions', { kind: 'source', id: ids.person }, [404, 'not-found']],
    ['redactions', { kind: 'statement', id: ids.statement }, [409, 'nothing-to-redact']],
    ['redactions', { kind: 'person', id: ids.person }, [410, 'erased']],
    ['kept', mention, [422, 'missing-field']],
    ['kept', { kind: 'source', id: ids.other, reason: 'R' }, [404, 'not-found']],
  ] as const)
    expect([path, body, await failure(post(reviewer, `${at}/${path}`, body))]).toEqual([path, body, expected]);
  expect(await failure(reviewer.request(`${at}/mentions?limit=0`))).toEqual([400, 'invalid-limit']);
  expect(await failure(reviewer.request(`${at}/mentions?cursor=x`))).toEqual([400, 'invalid-cursor']);
  const first = await reviewer.request<{ items: MentionInfo[]; next: string }>(`${at}/mentions?limit=3`);
  const rest = await reviewer.request<{ items: MentionInfo[] }>(`${at}/mentions?limit=3&cursor=${first.body.next}`);
  expect([first.body.items.length, rest.body.items.map(({ id }) => id), rest.body]).toEqual([
    3,
    [ids.namesake],
    expect.not.objectContaining({ next: expect.anything() as unknown }) as unknown,
  ]);
}, 60_000);

test('reviewers who are shown what is confidential are written down', async () => {
  const hidden = await record(
    'sources',
    { type: 'article', title: 'Hidden', lang: 'en', text: `${NAME} fled.` },
    { 'habeas-visibility': 'confidential' },
  );
  await server.client.request(`/v1/sources/${hidden}?minPosition=${position}`);
  const { body: erasure } = await erase(server.client, ids.person);
  const mentions = await mentionsOf(erasure.id);
  expect(mentions.map(({ id }) => id)).toContain(hidden);
  await post(reviewer, `/v1/erasures/${erasure.id}/redactions`, { kind: 'source', id: hidden });
  const { body } = await server.client.request<{ items: { operation: string }[] }>(
    `/v1/audit/access?subject=${hidden}`,
  );
  expect(body.items.map(({ operation }) => operation).slice(0, 2)).toEqual(['redactMention', 'listMentions']);
}, 60_000);
