import { EventStoreError } from '#event-store';
import { isId } from '#kernel';
import { FaultyEventStore, inTurn } from '../../../test/support/faulty-event-store.js';
import { allEvents, realClock, realRandomness, temporaryLog } from '../../../test/support/real.js';
import { verifyChain } from './chain.js';
import { IntegrityError } from './errors.js';
import { ensureLogStarted, hasRecords, LOG_START_STREAM } from './log-start.js';

let log: Awaited<ReturnType<typeof temporaryLog>>;
beforeEach(async () => {
  log = await temporaryLog();
});
afterEach(() => log.remove());

const start = (store = log.store) => ensureLogStarted(store, realClock, realRandomness);

test('the first event of a log says its id, in the stored form, once for all starts', async () => {
  const logId = await start();
  expect(isId(logId)).toBe(true);
  expect(await start()).toBe(logId);
  const events = await allEvents(log.store);
  expect(events).toMatchObject([
    { stream: LOG_START_STREAM, revision: 0, type: 'LogStarted', data: `{"logId":"${logId}"}` },
  ]);
  expect(verifyChain(events, logId).ok).toBe(true);
});

test('a log that was only started holds no records yet', async () => {
  expect(await hasRecords(log.store)).toBe(false);
  await start();
  expect(await hasRecords(log.store)).toBe(false);
  const any = { id: '4e6fb5f5-4b0f-40f6-8a0a-000000000000', type: 'PersonEntered', data: '{}', metadata: '{}' };
  await log.store.append('habeasPerson-1', [any], 'no-stream');
  expect(await hasRecords(log.store)).toBe(true);
});

test('nodes that start it at once agree', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => start()));
  expect(new Set(ids).size).toBe(1);
  expect(await allEvents(log.store)).toHaveLength(1);
});

test.each(['lost', 'unacknowledged', 'late'] as const)('an append that is %s still starts it once', async (fault) => {
  const logId = await start(new FaultyEventStore(log.store, inTurn(fault)));
  expect(await start()).toBe(logId);
  expect(await allEvents(log.store)).toHaveLength(1);
});

test('a log that holds events of Habeas and no start is refused', async () => {
  const stray = { id: '4e6fb5f5-4b0f-40f6-8a0a-000000000000', type: 'PersonEntered', data: '{}', metadata: '{}' };
  await log.store.append('habeasPerson-1', [stray], 'no-stream');
  await expect(start()).rejects.toBeInstanceOf(IntegrityError);
});

test.each([
  ['another type', 'LogEnded', '{"logId":"4e6fb5f5-4b0f-40f6-8a0a-000000000000"}'],
  ['no id', 'LogStarted', '{}'],
  ['a broken hash', 'LogStarted', '{"logId":"4e6fb5f5-4b0f-40f6-8a0a-000000000000"}'],
])('a start with %s is refused', async (_, type, data) => {
  await log.store.append(
    LOG_START_STREAM,
    [{ id: '4e6fb5f5-4b0f-40f6-8a0a-000000000000', type, data, metadata: '{}' }],
    'no-stream',
  );
  await expect(start()).rejects.toBeInstanceOf(IntegrityError);
});

test('a log that is not available is no new log', async () => {
  await log.store.close();
  await expect(start()).rejects.toBeInstanceOf(EventStoreError);
});
