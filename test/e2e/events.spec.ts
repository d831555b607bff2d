/** `GET /v1/events`, as an auditor takes the log: in pages and as lines, on either log; every hash is computed outside of the server. */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get as open, type IncomingMessage } from 'node:http';
import canonicalize from 'canonicalize';
import type { EventsPage, RawEventShown } from '../../apps/api/src/http/event-routes.js';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './test-support/server.js';

interface Metadata {
  readonly hash: string;
  readonly prev?: string;
  readonly recordedAt: string;
}

type Event = Omit<RawEventShown, 'data' | 'metadata'> & { readonly data: object; readonly metadata: Metadata };

const LINES = { accept: 'application/x-ndjson' };

describe.each(['embedded', 'EventStoreDB'])('the log as it is stored (%s)', (log) => {
  let simulator: Simulator | undefined;
  let server: TestServer;
  /** Of the log as it is when the server has told all. */
  let events: readonly Event[];
  let last: string;

  beforeAll(async () => {
    simulator = log === 'embedded' ? undefined : await Simulator.start();
    const elsewhere = simulator && { log: simulator.connectionString(), logNamespace: `${randomUUID()}-` };
    server = await startServer(temporaryFolder(), elsewhere);
    ({ last } = await enterCase(server.client, firstCase));
    events = await lines(`minPosition=${last}`);
  }, 120_000);
  afterAll(async () => {
    await server.end();
    await simulator?.stop();
  });

  async function fetched(query: string, headers: Readonly<Record<string, string>> = {}, key = ADMIN_KEY) {
    return fetch(`${server.url}/v1/events?${query}`, { headers: { authorization: `Bearer ${key}`, ...headers } });
  }

  async function lines(query = ''): Promise<readonly Event[]> {
    const answer = await fetched(query, LINES);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, LINES.accept]);
    const text = await answer.text();
    expect(text === '' || text.endsWith('\n')).toBe(true);
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Event);
  }

  async function page(query: string): Promise<EventsPage> {
    return (await server.client.request<EventsPage>(`/v1/events?${query}`)).body;
  }

  async function paged(query: string): Promise<readonly unknown[]> {
    const items: unknown[] = [];
    let cursor = '';
    for (;;) {
      const { items: more, next } = await page(`${query}${cursor}`);
      items.push(...more);
      if (next === undefined) return items;
      cursor = `&cursor=${next}`;
    }
  }

  async function refused(query: string, headers = {}, key = ADMIN_KEY): Promise<string> {
    const answer = await fetched(query, headers, key);
    const { code, errors } = (await answer.json()) as { code: string; errors?: [{ pointer: string }] };
    return [answer.status, code, errors?.[0].pointer].filter((part) => part !== undefined).join(' ');
  }

  test('every hash can be computed from a line, and every chain followed', async () => {
    const { logId, head } = await page('limit=1');
    expect(head).toBe(events.length);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
    const heads = new Map<string, string>();
    for (const { seq: _, metadata, ...event } of events) {
      const { hash, ...bare } = metadata;
      const hashed = canonicalize({ ...event, logId, metadata: bare, v: 1 }) ?? '';
      expect(createHash('sha256').update(hashed).digest('hex')).toBe(hash);
      expect(metadata.prev).toBe(heads.get(event.stream));
      heads.set(event.stream, hash);
    }
    // Names and words are in boxes.
    expect(JSON.stringify(events)).not.toContain('Phnom Penh');
  });

  const person = () => events.find(({ type }) => type === 'PersonArrested')?.stream ?? '';
  const at = (index: number) => events[index]?.metadata.recordedAt ?? '';
  const time = (instant: string) => Date.parse(instant);

  /** Query, and which events it must give. Times fall and rise with the machine's clock, which is one. */
  const cases: Readonly<Record<string, () => readonly [string, (event: Event) => boolean]>> = {
    everything: () => ['', () => true],
    'a span of seqs': () => ['from=7&to=19', ({ seq }) => seq >= 7 && seq <= 19],
    'one event': () => ['from=12&to=12', ({ seq }) => seq === 12],
    'nothing: the span is empty': () => ['from=19&to=7', () => false],
    'what is not there yet': () => [`from=${events.length + 1}`, () => false],
    'a category': () => ['category=person', ({ stream }) => stream.startsWith('habeasPerson-')],
    'two categories': () => ['category=log&category=access', ({ stream }) => /^habeas(Log|Access)-/.test(stream)],
    'a type': () => ['type=PersonArrested', ({ type }) => type === 'PersonArrested'],
    'types of a span': () => [
      'type=PersonArrested&type=PersonEntered&from=10',
      ({ seq, type }) => seq >= 10 && ['PersonArrested', 'PersonEntered'].includes(type),
    ],
    'a stream': () => [`stream=${person()}`, ({ stream }) => stream === person()],
    'a stream from a seq on, of one type': () => [
      `stream=${person()}&type=PersonReleased&from=5`,
      ({ stream, type, seq }) => stream === person() && type === 'PersonReleased' && seq >= 5,
    ],
    'a stream that is not there': () => ['stream=habeasPerson-nobody', () => false],
    'from an instant': () => [`from=${at(15)}`, ({ metadata }) => time(metadata.recordedAt) >= time(at(15))],
    'up to an instant': () => [`to=${at(15)}`, ({ metadata }) => time(metadata.recordedAt) <= time(at(15))],
    'from before the record': () => ['from=2001-01-01T00:00:00Z', () => true],
  };

  test.each(Object.keys(cases))('%s: alike in pages and as lines', async (name) => {
    const [query, wanted] = cases[name]?.() ?? ['', () => false];
    const expected = events.filter(wanted);
    expect(await lines(query)).toEqual(expected);
    expect(await paged(`${query}&limit=5`)).toEqual(expected);
    expect(await paged(`${query}&limit=200`)).toEqual(expected);
  });

  test('what is recorded while it is read is not in it', async () => {
    const request = open(`${server.url}/v1/events`, { headers: { authorization: `Bearer ${ADMIN_KEY}`, ...LINES } });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const { position } = await server.record('sources', { type: 'report', title: 'A late report', lang: 'en' });
    let text = '';
    for await (const chunk of answer) text += String(chunk);
    expect(text.split('\n').length - 1).toBe(events.length);
    expect(await lines(`minPosition=${position}&from=${events.length + 1}`)).toHaveLength(1);
  });

  test('refusals', async () => {
    expect(await refused('limit=5', LINES)).toBe('400 invalid-query');
    expect(await refused('category=people')).toBe('400 invalid-query /category');
    expect(await refused('from=yesterday')).toBe('400 invalid-moment /from');
    expect(await refused('from=2017-05')).toBe('400 invalid-moment /from');
    expect(await refused('to=999999')).toBe('400 moment-ahead /to');
    expect(await refused('limit=0')).toBe('400 invalid-limit /limit');
    expect(await refused('cursor=x')).toBe('400 invalid-cursor /cursor');
    const { next } = await page('limit=1');
    expect(await refused(`limit=1&type=PersonEntered&cursor=${next}`)).toBe('400 other-list /cursor');
    expect(await refused('position=1')).toBe('400 invalid-query /position');
  });

  test('it takes the scope audit, and to see everything', async () => {
    const keyWith = async (scope: string) =>
      (
        await server.client.request<{ key: string }>('/v1/keys', {
          method: 'POST',
          body: { name: scope, scopes: [scope], ceiling: 'confidential' },
        })
      ).body.key;
    for (const scope of ['read', 'record', 'review']) {
      expect(await refused('', LINES, await keyWith(scope))).toBe('403 forbidden');
    }
    expect((await fetched('', LINES, await keyWith('audit'))).status).toBe(200);
  });
});
