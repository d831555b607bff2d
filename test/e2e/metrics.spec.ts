/** What a watcher learns of a server: metrics that move with what happens, and readiness that measures the views against the log. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.end());

/** Every sample by its name with labels, as `name{a="b"}`. */
async function metrics(): Promise<ReadonlyMap<string, number>> {
  const { body } = await read('/metrics');
  return new Map(
    body
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** The same, once the views have told that they hold everything in the log: they tell it after readers see a commit. */
async function settled(): Promise<ReadonlyMap<string, number>> {
  const end = performance.now() + 10_000;
  for (;;) {
    const now = await metrics();
    // What was applied is counted before.
    const heard = now.get('habeas_views_seq{ceiling="confidential"}') === now.get('habeas_log_events');
    if (heard || performance.now() > end) return now;
  }
}

async function read(
  path: string,
  key = 'e2e-admin-key-of-sufficient-length',
): Promise<{ status: number; type: string; body: string }> {
  const response = await fetch(`${server.url}${path}`, {
    headers: key === '' ? {} : { authorization: `Bearer ${key}` },
  });
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() };
}

const source = { type: 'report', title: 'A report', lang: 'en' };

const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Headers> =>
  server.client.request(path, { method: 'POST', body, headers }).then((answer) => answer.headers);

test('they take a key that may read, and come as Prometheus takes them', async () => {
  expect((await read('/metrics', '')).status).toBe(401);
  const { body } = await server.client.request<{ key: string }>('/v1/keys', {
    method: 'POST',
    body: { name: 'prometheus', scopes: ['read'] },
  });
  const answer = await read('/metrics', body.key);
  expect(answer).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
  for (const name of [
    'process_cpu_seconds_total',
    'nodejs_eventloop_lag_p99_seconds',
    'process_resident_memory_bytes',
  ]) {
    expect(answer.body).toContain(`\n${name} `);
  }
});

test('commands, appends, commits and requests are counted, each by what became of it', async () => {
  await post('/v1/sources', source);
  const before = await settled();
  const key = randomUUID();
  await post('/v1/sources', source, { 'idempotency-key': key });
  await post('/v1/sources', source, { 'idempotency-key': key });
  await expect(post('/v1/sources', { ...source, lang: 'no language' })).rejects.toThrow();
  await expect(post(`/v1/persons/${randomUUID()}/arrests`, {})).rejects.toThrow();
  await post('/v1/sources', source);
  const after = await settled();
  const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);

  expect(grown('habeas_commands_total{type="SourceEntered",outcome="recorded"}')).toBe(2);
  expect(grown('habeas_commands_total{type="SourceEntered",outcome="repeated"}')).toBe(1);
  expect(grown('habeas_commands_total{type="SourceEntered",outcome="refused"}')).toBe(1);
  expect(grown('habeas_command_duration_seconds_count{outcome="recorded"}')).toBe(2);
  expect(grown('habeas_log_append_duration_seconds_count{outcome="written"}')).toBe(2);
  expect(grown('habeas_log_events_appended_total')).toBe(2);
  expect(grown('habeas_log_bytes_appended_total')).toBeGreaterThan(500);
  expect(grown('habeas_log_commit_appends_sum')).toBe(2);
  expect(grown('habeas_log_commit_duration_seconds_count')).toBe(2);
  expect(grown('habeas_log_events')).toBe(2);
  expect(grown('habeas_views_events_applied_total{ceiling="confidential"}')).toBe(2);
  expect(grown('habeas_views_seq{ceiling="confidential"}')).toBe(2);
  const route = 'habeas_http_request_duration_seconds_count{method="POST"';
  expect(grown(`${route},route="/v1/sources",status="201"}`)).toBe(3);
  expect(grown(`${route},route="/v1/sources",status="422"}`)).toBe(1);
  expect([...after.keys()].filter((name) => name.startsWith(`${route},route="/v1/persons/:id/arrests"`))).toHaveLength(
    1,
  );

  expect(after.get('habeas_views_lag_events{ceiling="confidential"}')).toBe(0);
  expect(after.get('habeas_views_state{ceiling="confidential",state="live"}')).toBe(1);
  expect(after.get('habeas_log_appends_pending')).toBe(0);
  expect(after.get('habeas_log_subscriptions')).toBeGreaterThanOrEqual(2);
  expect(after.get('habeas_log_size_bytes')).toBeGreaterThan(4_096);
  // This very request is under way.
  expect(after.get('habeas_http_requests_in_flight')).toBe(1);
});

test('addresses that there are not, or that are none, are counted without being told', async () => {
  await read('/v1/nothing-here/Somebody');
  await read('/v1/%E0%A4%A');
  const names = [...(await metrics()).keys()].filter((name) => name.startsWith('habeas_http_request_duration'));
  expect(names.some((name) => name.includes('unmatched'))).toBe(true);
  expect(names.join('\n')).not.toMatch(/Somebody|nothing-here|%E0/);
});

test('readiness says where the views are, where the log is, and how far that is', async () => {
  await post('/v1/sources', source);
  await settled();
  const { status, body } = await read('/health/ready', '');
  const { views } = JSON.parse(body) as { views: { seq: number; head: number } };
  expect(status).toBe(200);
  expect(views).toMatchObject({ state: 'live', lagEvents: 0, lagMilliseconds: 0 });
  expect(views.seq).toBe(views.head);
  expect(views).not.toHaveProperty('position');
});

test('what the documentation names is there, and what is there is named', async () => {
  const { body } = await read('/metrics');
  const served = [...body.matchAll(/^# TYPE (habeas_\w+) /gm)].map(([, name]) => name);
  const named = readFileSync('docs/watching.md', 'utf8').matchAll(/^\| (`habeas_.*?) \|/gm);
  const documented = [...named].flatMap(([, names = '']) => [...names.matchAll(/habeas_\w+/g)].map(([name]) => name));
  expect(served.sort()).toEqual(documented.sort());
});
