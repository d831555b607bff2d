import { FaultyEventStore, inTurn } from '../../../test/support/faulty-event-store.js';
import { allEvents, realClock, realRandomness, temporaryLog } from '../../../test/support/real.js';
import { verifyChain } from './chain.js';
import { ensureFoldAdopted } from './fold-adopted.js';
import { ensureLogStarted, hasRecords, LOG_START_STREAM } from './log-start.js';

let log: Awaited<ReturnType<typeof temporaryLog>>;
let logId: string;
beforeEach(async () => {
  log = await temporaryLog();
  logId = await ensureLogStarted(log.store, realClock, realRandomness);
});
afterEach(() => log.remove());

const adopt = (version: number, store = log.store) =>
  ensureFoldAdopted(store, logId, version, realClock, realRandomness);
const adopted = async () => (await allEvents(log.store)).slice(1).map(({ data }) => data);

test('a fold is recorded when it is first used, and not again', async () => {
  await adopt(1);
  await adopt(1);
  await adopt(3);
  expect(await adopted()).toEqual(['{"foldVersion":1}', '{"foldVersion":3}']);
  const events = await allEvents(log.store);
  expect(events.every(({ stream }) => stream === LOG_START_STREAM)).toBe(true);
  expect(verifyChain(events, logId).ok).toBe(true);
});

test('an older program adopts nothing back', async () => {
  await adopt(2);
  await adopt(1);
  expect(await adopted()).toEqual(['{"foldVersion":2}']);
});

test('nodes that adopt it at once record it once', async () => {
  await Promise.all(Array.from({ length: 5 }, () => adopt(2)));
  expect(await adopted()).toEqual(['{"foldVersion":2}']);
});

test.each(['lost', 'unacknowledged', 'late'] as const)('an append that is %s still records it once', async (fault) => {
  await adopt(1, new FaultyEventStore(log.store, inTurn(fault)));
  await adopt(1);
  expect(await adopted()).toEqual(['{"foldVersion":1}']);
});

test('it is no record of anybody', async () => {
  await adopt(1);
  await adopt(2);
  expect(await hasRecords(log.store)).toBe(false);
});
