/** Status changes over HTTP: pages, streams, tickets, and what each refuses. */
import { setTimeout as delay } from 'node:timers/promises';
import type { StatusChangeEvent } from '#feed';
import { FOLD_VERSION } from '#projections';
import type { StatusChangesPage, StreamTicket } from '../../apps/api/src/http/change-routes.js';
import { RequestFailed } from '../../apps/cli/src/client.js';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { until } from '../support/until.js';
import { bearer, EventStream } from './test-support/event-stream.js';
import { startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
let ids: ReadonlyMap<string, string>;
let last: string;
const open: EventStream[] = [];

beforeAll(async () => {
  server = await startServer(undefined, { streams: 6, streamsPerKey: 4, origins: ['https://console.example.org'] });
  ({ ids, last } = await enterCase(server.client, firstCase));
}, 60_000);
afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});
afterAll(() => server.end());

const id = (name: string): string => ids.get(name) ?? '';

async function page(query = ''): Promise<StatusChangesPage> {
  return (await server.client.request<StatusChangesPage>(`/v1/status-changes?minPosition=${last}${query}`)).body;
}

async function all(query = ''): Promise<readonly StatusChangeEvent[]> {
  const items: StatusChangeEvent[] = [];
  for (let cursor = ''; ;) {
    const { items: more, next } = await page(`${query}&limit=7${cursor}`);
    items.push(...more);
    if (next === undefined) return items;
    cursor = `&cursor=${next}`;
  }
}

async function refusal(
  path: string,
  options: Parameters<TestServer['client']['request']>[1] = {},
): Promise<RequestFailed> {
  const failed = await server.client.request(path, options).catch((error: unknown) => error);
  if (failed instanceof RequestFailed) return failed;
  throw new Error(`${path} was answered.`);
}

async function stream(query: string, headers?: Readonly<Record<string, string>>): Promise<EventStream> {
  const opened = await EventStream.open(`${server.url}/v1/status-changes/stream${query}`, headers);
  open.push(opened);
  return opened;
}

let days = 0;

/** Records what changes a status: an arrest, and the next time a release. */
async function happen(): Promise<void> {
  const occurred = `2020-01-${String(++days).padStart(2, '0')}`;
  const evidence = { citations: [{ sourceId: id('article') }], basis: 'reported', confidence: 'low' };
  ({ position: last } =
    days % 2 === 1
      ? await server.record(`persons/${id('vy')}/arrests`, { occurred, ...evidence })
      : await server.record(`persons/${id('vy')}/releases`, { occurred, reason: 'unknown', ...evidence }));
}

describe('pages', () => {
  test('of the whole record, in its order, each change once', async () => {
    const items = await all();
    expect(items.length).toBeGreaterThan(20);
    expect(items.map(({ sequence }) => sequence)).toEqual([...items].map(({ sequence }) => sequence).sort());
    expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
    const collecting = items.filter(({ data }) => data.to.value === 'collecting');
    expect(collecting).toMatchObject([
      {
        specversion: '1.0',
        type: 'org.habeas.status-change.v1',
        source: expect.stringMatching(/^urn:habeas:log:[0-9a-f-]{36}$/),
        subject: `group/${id('knlf')}`,
        data: {
          axis: 'registration',
          kind: 'new',
          subject: { kind: 'group', id: id('knlf') },
          cause: { type: 'SupportCollected', citations: [{ words: expect.any(String) }] },
        },
      },
    ]);
  });

  test('filters, each and together; the same as what a history says', async () => {
    const items = await all();
    const of = (query: string, asked: (event: StatusChangeEvent) => boolean): Promise<void> =>
      all(query).then((found) => {
        expect(found).toEqual(items.filter(asked));
        expect(found.length).toBeGreaterThan(0);
      });
    await of(`&person=${id('vy')}`, ({ subject }) => subject === `person/${id('vy')}`);
    await of(`&person=${id('vy')}&group=${id('knlf')}`, ({ subject }) =>
      [`person/${id('vy')}`, `group/${id('knlf')}`].includes(subject),
    );
    await of('&axis=liberty&axis=asylum', ({ data: { axis } }) => axis === 'liberty' || axis === 'asylum');
    await of(
      '&axis=liberty&to=deprived',
      ({ data: { axis, to } }) => axis === 'liberty' && /prison|custody|detention/.test(to.value),
    );
    await of('&kind=new&from=unknown', ({ data: { kind, from } }) => kind === 'new' && from.value === 'unknown');
    expect((await all(`&organisation=${id('knlf')}`)).length).toBeGreaterThan(0);
    expect((await all('&country=DK')).length).toBeGreaterThan(0);
    expect(await all('&country=LI')).toEqual([]);
    const history = await server.client.request<{ items: { changes: { id: string }[] }[] }>(
      `/v1/persons/${id('vy')}/history?limit=200`,
    );
    const changes = history.body.items.flatMap((entry) => entry.changes.map((change) => change.id));
    expect((await all(`&person=${id('vy')}`)).map((item) => item.id)).toEqual(changes);
  });

  test('always say from where to go on; after a change, or a seq, come those behind it', async () => {
    const items = await all();
    const whole = await page('&limit=200');
    expect(whole).not.toHaveProperty('next');
    expect(await page(`&after=${whole.after}`)).toEqual({ items: [], after: whole.after });
    const middle = items[10];
    expect((await page(`&after=${middle?.id ?? ''}&limit=3`)).items).toEqual(items.slice(11, 14));
    const seq = middle?.data.seq ?? 0;
    expect((await page(`&after=${seq}&limit=1`)).items).toEqual(items.filter(({ data }) => data.seq > seq).slice(0, 1));
    const first = await page('&limit=1');
    expect((await page(`&after=${first.after}&limit=1`)).items).toEqual(items.slice(1, 2));
    await happen();
    const more = await page(`&after=${whole.after}`);
    expect(more.items.length).toBeGreaterThan(0);
  });

  test('after a change of another fold: restated, and all changes of its event come again', async () => {
    const items = await all();
    const middle = items[10];
    const { restated, items: behind } = await page(`&after=f1-${middle?.data.seq ?? 0}.0&kind=new&limit=1`);
    expect(restated).toEqual({
      fromFold: 1,
      toFold: FOLD_VERSION,
      fromLens: 'all',
      toLens: 'all',
      seq: (middle?.data.seq ?? 0) - 1,
      changes: '/v1/status-changes?after=0&kind=new',
    });
    expect(behind[0]?.data.seq).toBe(middle?.data.seq);
  });

  test.each([
    ['?person=Vy', 400, 'invalid-filter', '/person'],
    ['?axis=freedom', 400, 'invalid-filter', '/axis'],
    ['?colour=red', 400, 'invalid-query', '/colour'],
    ['?after=yesterday', 400, 'invalid-place', '/after'],
    ['?after=1.1', 400, 'invalid-place', '/after'],
    ['?after=100000', 400, 'place-ahead', '/after'],
    [`?after=f${FOLD_VERSION}-100000.1`, 400, 'place-ahead', '/after'],
    ['?after=1&cursor=x', 400, 'invalid-query', undefined],
    ['?cursor=x', 400, 'invalid-cursor', '/cursor'],
    ['?limit=201', 400, 'invalid-limit', '/limit'],
  ])('refused: %s', async (query, status, code, pointer) => {
    const failed = await refusal(`/v1/status-changes${query}`);
    expect([failed.status, failed.code]).toEqual([status, code]);
    if (pointer !== undefined) expect(failed.problem).toMatchObject({ errors: [{ pointer }] });
  });

  test('a cursor is of one filter, and of one log', async () => {
    const { next = '' } = await page('&limit=1');
    expect((await refusal(`/v1/status-changes?kind=new&cursor=${next}`)).code).toBe('other-list');
    const [list, , ...rest] = JSON.parse(Buffer.from(next, 'base64url').toString()) as unknown[];
    const other = Buffer.from(JSON.stringify([list, 'another-log', ...rest])).toString('base64url');
    expect(await refusal(`/v1/status-changes?cursor=${other}`)).toMatchObject({ status: 409, code: 'log-changed' });
  });
});

describe('streams', () => {
  test('from now on, as it happens; headers that keep proxies from holding it back', async () => {
    const live = await stream(`?person=${id('vy')}`);
    expect(live.response.statusCode).toBe(200);
    expect(live.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    expect(live.response.headers).not.toHaveProperty('content-encoding');
    await until(() => live.blocks.some(({ retry }) => retry !== undefined));
    await happen();
    await until(() => live.changes.length > 0);
    const items = await all(`&person=${id('vy')}`);
    expect(live.changes).toEqual(items.slice(-live.changes.length));
    expect(live.blocks.filter(({ data }) => data !== undefined).map((block) => block.id)).toEqual(live.ids);
  });

  test('Last-Event-ID goes on exactly there, over after; a stream is the pages, change for change', async () => {
    const items = await all();
    const whole = await stream('?after=0');
    await until(() => whole.ids.length >= items.length);
    expect(whole.changes).toEqual(items);
    const resumed = await stream('?after=0', { ...bearer(), 'last-event-id': items[7]?.id ?? '' });
    await until(() => resumed.ids.length >= items.length - 8);
    expect(resumed.ids).toEqual(items.slice(8).map((item) => item.id));
  });

  test('over a record in which nothing matches, the place moves on without an event', async () => {
    const nothing = await stream('?after=0&country=LI');
    const { after } = await page('&limit=200');
    await until(() => nothing.blocks.some((block) => block.id === after));
    expect(nothing.blocks.filter(({ data }) => data !== undefined)).toEqual([]);
  });

  test('of another fold: told so first', async () => {
    const items = await all();
    const restated = await stream('', { ...bearer(), 'last-event-id': 'f1-3.0' });
    await until(() => restated.ids.length > 0);
    const [first] = restated.blocks.filter(({ event }) => event === 'restated');
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ fromFold: 1, toFold: FOLD_VERSION, seq: 2 });
    expect(restated.ids[0]).toBe(items.find(({ data }) => data.seq >= 3)?.id);
  });

  test.each([
    ['?after=yesterday', 'invalid-place'],
    ['?after=100000', 'place-ahead'],
    ['?kind=old', 'invalid-filter'],
    ['?limit=5', 'invalid-query'],
  ])('refused: %s', async (query, code) => {
    expect(await refusal(`/v1/status-changes/stream${query}`)).toMatchObject({ status: 400, code });
  });

  test('what is no id of a change in Last-Event-ID is refused, too', async () => {
    const failed = await refusal('/v1/status-changes/stream', { headers: { 'last-event-id': 'x' } });
    expect(failed).toMatchObject({
      status: 400,
      code: 'invalid-place',
      problem: { errors: [{ pointer: '/Last-Event-ID' }] },
    });
  });

  test('as many as one key may have, and as many as there may be', async () => {
    for (let n = 0; n < 4; n++) await stream('');
    const refused = await fetch(`${server.url}/v1/status-changes/stream`, { headers: bearer() });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    expect(await refused.json()).toMatchObject({ code: 'too-many-streams-of-key' });
    const { key } = (
      await server.client.request<{ key: string }>('/v1/keys', {
        method: 'POST',
        body: { name: 'another', scopes: ['read'] },
      })
    ).body;
    await stream('', bearer(key));
    await stream('', bearer(key));
    const full = await fetch(`${server.url}/v1/status-changes/stream`, { headers: bearer(key) });
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '10']);
    expect(await full.json()).toMatchObject({ code: 'too-many-streams' });
    open.pop()?.close();
    await until(async () => {
      const again = await stream('', bearer(key));
      if (again.response.statusCode !== 200) again.close();
      return again.response.statusCode === 200;
    });
  });

  test('web pages of origins that were set may open them, others may not', async () => {
    const allowed = await stream('', { ...bearer(), origin: 'https://console.example.org' });
    expect(allowed.response.headers).toMatchObject({
      'access-control-allow-origin': 'https://console.example.org',
      vary: 'origin',
    });
    const other = await stream('', { ...bearer(), origin: 'https://elsewhere.example.org' });
    expect(other.response.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('counted: who listens, what was sent, and why streams ended', async () => {
    const [one] = [await stream('?after=0'), await stream('?after=0')];
    await until(() => one.ids.length > 10);
    const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`, { headers: bearer() })).text();
    expect(await metrics()).toMatch(/^habeas_stream_subscribers 2$/m);
    expect(await metrics()).toMatch(/^habeas_stream_changes_sent_total \d\d+$/m);
    one.close();
    await until(async () => /^habeas_stream_subscribers 1$/m.test(await metrics()));
    // The other one, and the request for the metrics itself.
    expect(await metrics()).toMatch(/^habeas_http_requests_in_flight 2$/m);
    expect(await metrics()).toMatch(/^habeas_streams_ended_total\{reason="client"\} [1-9]/m);
  });
});

describe('tickets', () => {
  const ticket = async (body: object = {}, key?: string): Promise<StreamTicket> =>
    (
      await server.client.request<StreamTicket>('/v1/stream-tickets', {
        method: 'POST',
        body,
        ...(key !== undefined && { headers: bearer(key) }),
      })
    ).body;

  test('stand for key and filter, and show neither', async () => {
    const before = Date.now();
    const issued = await ticket({ person: [id('vy')], axis: ['liberty'] });
    expect(Date.parse(issued.expiresAt) - before).toBeGreaterThan(3_590_000);
    expect(Date.parse(issued.expiresAt) - before).toBeLessThan(3_610_000);
    expect(Buffer.from(issued.ticket, 'base64url').includes(id('vy'))).toBe(false);
    const opened = await EventStream.open(`${server.url}${issued.url}&after=0`, {});
    open.push(opened);
    const expected = await all(`&person=${id('vy')}&axis=liberty`);
    await until(() => opened.ids.length >= expected.length);
    expect(opened.changes).toEqual(expected);
  });

  test('are made out for the longest filters, and fit into an address', async () => {
    const many = Array.from(
      { length: 50 },
      (_, n) => `00000000-0000-4000-8000-${String(n * 7919 ** 2).padStart(12, '0')}`,
    );
    const issued = await ticket({ person: many, group: many, organisation: many });
    expect(issued.url.length).toBeLessThan(6_000);
    const opened = await EventStream.open(`${server.url}${issued.url}`, {});
    open.push(opened);
    expect(opened.response.statusCode).toBe(200);
  });

  test('nothing can be changed about them, and they open nothing else', async () => {
    const issued = await ticket();
    const status = async (path: string): Promise<unknown> => {
      const response = await fetch(`${server.url}${path}`);
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    const flipped = Buffer.from(issued.ticket, 'base64url');
    flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
    for (const wrong of [flipped.toString('base64url'), 'x', '', issued.ticket.slice(0, 20), `${issued.ticket}AAAA`])
      expect(await status(`/v1/status-changes/stream?ticket=${wrong}`)).toEqual([401, 'invalid-ticket']);
    expect(await status(`/v1/status-changes/stream?ticket=${issued.ticket}&ticket=${issued.ticket}`)).toEqual([
      401,
      'invalid-ticket',
    ]);
    expect(await status(`${issued.url}&kind=new`)).toEqual([400, 'invalid-query']);
    expect(await status(`/v1/status-changes?ticket=${issued.ticket}`)).toEqual([401, 'unauthenticated']);
    expect(await status(`/v1/persons?ticket=${issued.ticket}`)).toEqual([401, 'unauthenticated']);
  });

  test.each([
    [{ person: ['Vy'] }, 'invalid-filter'],
    [{ person: 'x' }, 'invalid-filter'],
    [{ axis: [1] }, 'invalid-filter'],
    [{ colour: ['red'] }, 'invalid-filter'],
    [['new'], 'malformed-json'],
  ])('refused: %j', async (body, code) => {
    const failed = await refusal('/v1/stream-tickets', { method: 'POST', body });
    expect([failed.status, failed.code]).toEqual([400, code]);
  });

  test('a key that is revoked takes its streams and its tickets with it; others keep theirs', async () => {
    const made = await server.client.request<{ id: string; key: string }>('/v1/keys', {
      method: 'POST',
      body: { name: 'to be revoked', scopes: ['read'] },
    });
    const { key } = made.body;
    const issued = await ticket({}, key);
    const byKey = await stream('', bearer(key));
    const byTicket = await EventStream.open(`${server.url}${issued.url}`, {});
    open.push(byTicket);
    const other = await stream('');
    await server.client.request(`/v1/keys/${made.body.id}`, { method: 'DELETE' });
    await until(() => byKey.ended && byTicket.ended);
    await delay(50);
    expect(other.ended).toBe(false);
    const response = await fetch(`${server.url}${issued.url}`);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([401, 'unauthenticated']);
  });
});

test('at shutdown streams end cleanly, and say when to come again', async () => {
  const short = await startServer();
  const live = await EventStream.open(`${short.url}/v1/status-changes/stream`);
  await until(() => live.blocks.length > 0);
  const begun = performance.now();
  await short.end();
  expect(performance.now() - begun).toBeLessThan(4_000);
  await until(() => live.ended);
  expect(live.response.complete).toBe(true);
  expect(live.blocks.at(-1)?.retry).toBeGreaterThanOrEqual(1_000);
});
