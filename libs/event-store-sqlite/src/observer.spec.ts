import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppendEnd, type Commit, type EventToAppend } from '#event-store';
import { GROUP_APPENDS, openSqliteLog, type SqliteLog } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'habeas-observer-'));
const begun: { readonly events: number; readonly bytes: number }[] = [];
const ended: AppendEnd[] = [];
const commits: Commit[] = [];
let log: SqliteLog;

beforeAll(async () => {
  log = await openSqliteLog({
    folder,
    mode: 'own',
    observer: {
      appending: ({ events, bytes }) => {
        begun.push({ events: events.length, bytes });
        return (end) => ended.push(end);
      },
      committed: (commit) => commits.push(commit),
    },
  });
});
afterAll(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

const event = (): EventToAppend => ({ id: randomUUID(), type: 'Something', data: '{}', metadata: '{"a":1}' });

test('each append is told once, with what became of it and the commit that it shared', async () => {
  const results = await Promise.allSettled([
    log.append('habeasCase-a', [event(), event()], 'no-stream'),
    log.append('habeasCase-b', [event()], 'no-stream'),
    log.append('habeasCase-a', [event()], 7),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(begun).toEqual([
    { events: 2, bytes: 18 },
    { events: 1, bytes: 9 },
    { events: 1, bytes: 9 },
  ]);
  expect(ended.map(({ outcome }) => outcome)).toEqual(['written', 'written', 'conflict']);
  expect(commits.reduce((sum, { appends }) => sum + appends, 0)).toBe(3);
  for (const { commit } of ended) expect(commits).toContainEqual(commit);
  for (const { milliseconds } of commits) expect(milliseconds).toBeGreaterThan(0);
});

test('a group of appends that are called in one turn is one commit, in the order of the calls', async () => {
  const before = commits.length;
  const streams = Array.from({ length: GROUP_APPENDS }, () => `habeasPerson-${randomUUID()}`);
  const outcomes = await Promise.all(streams.map((stream) => log.append(stream, [event()], 'no-stream')));
  expect(commits.slice(before).map(({ appends }) => appends)).toEqual([GROUP_APPENDS]);
  const rows = outcomes.map(({ position }) => Number(position));
  expect(rows).toEqual(rows.map((_, n) => (rows[0] ?? 0) + n));
});

test('the log says how much lies behind a position, what it weighs, and who follows it', async () => {
  const { position } = await log.append('habeasCase-c', [event()], 'no-stream');
  const held = log.eventsBehind();
  expect(log.eventsBehind(position)).toBe(0);
  await log.append('habeasCase-c', [event(), event()], 0);
  expect([log.eventsBehind(position), log.eventsBehind()]).toEqual([2, held + 2]);
  expect(log.size()).toBeGreaterThan(4_096);
  expect(log.subscriptions()).toBe(0);
  const subscription = log.subscribeToAll();
  expect(log.subscriptions()).toBe(1);
  await subscription.close();
  expect(log.subscriptions()).toBe(0);
});
