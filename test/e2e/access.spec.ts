/** Who gets in, and what happens to a request that is sent twice, late, or by somebody else. */
import { Client, RequestFailed, type Answer } from '../../apps/cli/src/client.js';
import type { PersonView } from '#projections';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { positionsOf } from './test-support/positions-of.js';
import { startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
let ids: ReadonlyMap<string, string>;
let last: string;

beforeAll(async () => {
  server = await startServer();
  ({ ids, last } = await enterCase(server.client, firstCase));
}, 60_000);

afterAll(() => server.end());

const id = (name: string): string => ids.get(name) ?? '';

async function keyWith(...scopes: readonly string[]): Promise<{ readonly id: string; readonly client: Client }> {
  const { body } = await server.client.request<{ id: string; key: string }>('/v1/keys', {
    method: 'POST',
    body: { name: scopes.join(), scopes },
  });
  return { id: body.id, client: new Client(server.url, body.key) };
}

const failure = async (promise: Promise<unknown>): Promise<RequestFailed> => {
  const outcome = await promise.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  if (outcome instanceof RequestFailed) return outcome;
  throw new Error(`It was to fail, but ${String(outcome)}.`);
};

const role = {
  role: 'observer',
  organisation: { name: 'somewhere' },
  basis: 'reported',
  confidence: 'low',
};
const cited = (): object => ({ ...role, citations: [{ sourceId: id('article'), locator: 'throughout' }] });

test('a key does what its scopes say and no more', async () => {
  const reader = await keyWith('read');
  const recorder = await keyWith('record');
  const reviewer = await keyWith('review');
  const path = `/v1/persons/${id('vy')}`;
  const record = (client: Client) => client.request(`${path}/roles`, { method: 'POST', body: cited() });
  const verify = (client: Client) =>
    client.request(`${path}/verifications`, {
      method: 'POST',
      body: { fact: id('vy-arrest'), method: 'compared with the text' },
    });

  for (const { client } of [reader, recorder, reviewer]) expect((await client.request(path)).status).toBe(200);
  expect(await failure(record(reader.client))).toMatchObject({ status: 403, code: 'forbidden' });
  expect(await failure(verify(recorder.client))).toMatchObject({ status: 403, code: 'forbidden' });
  for (const { client } of [reader, recorder, reviewer]) {
    expect(await failure(client.request('/v1/keys'))).toMatchObject({ status: 403, code: 'forbidden' });
  }
  const recorded = (await record(recorder.client)) as Answer<{ recordedBy: string }>;
  expect(recorded.body.recordedBy).toContain(recorder.id);
  expect((await verify(reviewer.client)).status).toBe(201);
  // Verified by another than the recorder: the admin recorded the arrest.
  expect(await failure(verify(server.client))).toMatchObject({ code: 'verified-by-recorder' });

  await server.client.request(`/v1/keys/${reader.id}`, { method: 'DELETE' });
  expect(await failure(reader.client.request(path))).toMatchObject({ status: 401, code: 'unauthenticated' });
});

test('a request sent again with its Idempotency-Key gets the first answer, and is its sender’s alone', async () => {
  const path = `/v1/persons/${id('siphan')}/roles`;
  const send = (client: Client) =>
    client.request<{ event: string }>(path, { method: 'POST', body: cited(), headers: { 'idempotency-key': 'once' } });
  const first = await send(server.client);
  const again = await send(server.client);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
  expect(again.headers.get('habeas-position')).toBe(first.headers.get('habeas-position'));
  const other = await keyWith('record');
  expect((await send(other.client)).body.event).not.toBe(first.body.event);
  const atOnce = await Promise.all(
    Array.from({ length: 5 }, () =>
      server.client.request<{ event: string }>(path, {
        method: 'POST',
        body: cited(),
        headers: { 'idempotency-key': 'at-once' },
      }),
    ),
  );
  expect(new Set(atOnce.map(({ body }) => body.event)).size).toBe(1);
});

test('each fact carries the visibility that it was recorded with, internal unless said', async () => {
  const path = `/v1/persons/${id('siphan')}`;
  const seen = async (headers: Readonly<Record<string, string>>) => {
    const { body } = await server.client.request<{ visibility: string }>(`${path}/roles`, {
      method: 'POST',
      body: cited(),
      headers,
    });
    return body.visibility;
  };
  expect(await seen({})).toBe('internal');
  expect(await seen({ 'habeas-visibility': 'public' })).toBe('public');
  expect(await seen({ 'habeas-visibility': 'confidential' })).toBe('confidential');
});

test('If-Match lets a write through from the present state only', async () => {
  const path = `/v1/persons/${id('sopheak')}`;
  const read = async () => (await server.client.request(`${path}?minPosition=${last}`)).headers.get('etag') ?? '';
  const write = (etag: string) =>
    server.client.request(`${path}/roles`, { method: 'POST', body: cited(), headers: { 'if-match': etag } });
  const etag = await read();
  const written = await write(etag);
  expect(await failure(write(etag))).toMatchObject({ status: 412, code: 'precondition-failed' });
  expect((await write(written.headers.get('etag') ?? '')).status).toBe(201);
});

test('a read waits for what minPosition names; for what never comes, a bounded time', async () => {
  const path = `/v1/persons/${id('serey')}`;
  for (let round = 0; round < 5; round += 1) {
    const written = await server.client.request<{ event: string }>(`${path}/roles`, { method: 'POST', body: cited() });
    const position = written.headers.get('habeas-position') ?? '';
    const { body } = await server.client.request<PersonView>(`${path}?minPosition=${position}`);
    expect(body.timeline.map((fact) => fact.event)).toContain(written.body.event);
  }
  const never = (await positionsOf(server.folder)).token({
    stream: `habeasPerson-${id('serey')}`,
    revision: 9999,
  });
  const response = await fetch(`${server.url}${path}?minPosition=${never}`, {
    headers: { authorization: `Bearer e2e-admin-key-of-sufficient-length` },
  });
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await response.json()).toMatchObject({ code: 'not-yet-visible' });
}, 30_000);

test('knownAt tells what the record said before the dispute, and after it', async () => {
  const path = `/v1/persons/${id('vy')}`;
  const now = (await server.client.request<PersonView>(path)).body;
  const sentence = now.timeline.find((fact) => fact.event === id('vy-sentence'));
  const dispute = sentence?.disputes[0];
  expect(dispute).toBeDefined();
  const at = async (seq: number) => {
    const { body } = await server.client.request<PersonView>(`${path}?knownAt=${seq}`);
    return {
      seq: body.asOf.knownAt.seq,
      disputed: body.timeline.find((fact) => fact.event === id('vy-sentence'))?.disputed,
      verdict: body.cases[0]?.verdict.disputed,
    };
  };
  const seq = dispute?.seq ?? 0;
  expect(await at(seq - 1)).toEqual({ seq: seq - 1, disputed: false, verdict: false });
  expect(await at(seq)).toEqual({ seq, disputed: true, verdict: true });
  // Before the person was entered there is nobody, whatever is known today.
  expect(await failure(server.client.request(`${path}?knownAt=1`))).toMatchObject({ status: 404, code: 'not-found' });
});

test('lists are found by part of a name and paged', async () => {
  interface Page {
    readonly items: readonly { readonly id: string; readonly name?: string }[];
    readonly next?: string;
  }
  const list = async (query: string) => (await server.client.request<Page>(`/v1/persons?${query}`)).body;
  expect((await list('q=sErEy')).items.map(({ name }) => name)).toEqual(['Sam Serey']);
  expect((await list('q=nobody')).items).toEqual([]);
  const first = await list('limit=3');
  const second = await list(`limit=3&cursor=${encodeURIComponent(first.next ?? '')}`);
  expect([...first.items, ...second.items].map((item) => item.id)).toEqual(
    ['vy', 'serey', 'siphan', 'sopheak'].map(id),
  );
  expect(second).not.toHaveProperty('next');
});

test('what was recorded is there after a restart, with the same seqs', async () => {
  const path = `/v1/persons/${id('vy')}`;
  const before = (await server.client.request<PersonView>(path)).body;
  server = await server.restart();
  const after = (await server.client.request<PersonView>(`${path}?minPosition=${last}`)).body;
  expect(after.timeline).toEqual(before.timeline);
}, 60_000);
