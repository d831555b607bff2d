import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLog, type SqliteLog } from '#event-store-sqlite';
import type { ViewsHealth } from '#projections';
import { areFit, progressOf } from './progress.js';

const folder = mkdtempSync(join(tmpdir(), 'habeas-progress-'));
let log: SqliteLog;
beforeAll(async () => {
  log = await openSqliteLog({ folder, mode: 'own' });
});
afterAll(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

const NOON = Date.parse('2026-11-24T12:00:00.000Z');
const clock = { now: () => new Date(NOON) };

/** Appends an event that was recorded so many seconds before noon. */
async function recorded(secondsAgo: number): Promise<ViewsHealth> {
  const metadata = JSON.stringify({ recordedAt: new Date(NOON - secondsAgo * 1_000).toISOString() });
  const event = { id: randomUUID(), type: 'Something', data: '{}', metadata };
  const { position } = await log.append(`habeasCase-${randomUUID()}`, [event], 'no-stream');
  return { state: 'live', seq: log.eventsBehind(), lagMilliseconds: 0, position };
}

test('views that follow the log are as far behind as the oldest event that they lack is old', async () => {
  const views = await recorded(60);
  expect(await progressOf(views, log, clock)).toEqual({
    state: 'live',
    seq: 1,
    head: 1,
    lagEvents: 0,
    lagMilliseconds: 0,
  });
  await recorded(9);
  await recorded(1);
  expect(await progressOf(views, log, clock)).toMatchObject({
    state: 'live',
    seq: 1,
    head: 3,
    lagEvents: 2,
    lagMilliseconds: 9_000,
  });
});

test('views that say they are live over a backlog are catching up; ones that stopped have stopped', async () => {
  const views = await recorded(30);
  await recorded(11);
  await recorded(0);
  expect(await progressOf(views, log, clock)).toMatchObject({
    state: 'catching-up',
    lagEvents: 2,
    lagMilliseconds: 11_000,
  });
  expect(await progressOf({ ...views, state: 'stopped' }, log, clock)).toMatchObject({
    state: 'stopped',
    lagEvents: 2,
  });
});

test('a clock that was set back makes no lag negative; nothing read yet lacks everything', async () => {
  const views = await recorded(0);
  await recorded(-3_600);
  expect(await progressOf(views, log, clock)).toMatchObject({ lagEvents: 1, lagMilliseconds: 0 });
  const { head, lagEvents } = await progressOf({ state: 'starting', seq: 0, lagMilliseconds: 0 }, log, clock);
  expect([head, lagEvents]).toEqual([log.eventsBehind(), log.eventsBehind()]);
});

test('views of another log, or of what a copy has no more, hold nothing of this one', async () => {
  const { position } = await recorded(0);
  const other = mkdtempSync(join(tmpdir(), 'habeas-progress-'));
  const copy = await openSqliteLog({ folder: other, mode: 'own' });
  const views: ViewsHealth = { state: 'catching-up', seq: 9, lagMilliseconds: 0, ...(position && { position }) };
  try {
    expect(await progressOf(views, copy, clock)).toEqual({
      state: 'starting',
      seq: 0,
      head: 0,
      lagEvents: 0,
      lagMilliseconds: 0,
    });
  } finally {
    await copy.close();
    rmSync(other, { recursive: true });
  }
});

test.each([
  ['live', undefined, true],
  ['catching-up', undefined, false],
  ['live', 'starting', true],
  ['live', 'catching-up', true],
  ['live', 'stopped', false],
  ['live', 'failed', false],
  ['stopped', 'live', false],
] as const)('views that are %s, and of a lower ceiling %s: fit is %s', (state, other, fit) => {
  const at = { seq: 1, head: 1, lagEvents: 0, lagMilliseconds: 0 };
  const views = { confidential: { ...at, state }, ...(other !== undefined && { internal: { ...at, state: other } }) };
  expect(areFit(views)).toBe(fit);
});
