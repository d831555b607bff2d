import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type { EventStore, EventToAppend } from '#event-store';
import { EventStoreError } from '#event-store';
import { randomId } from '#kernel';
import { type Fault, FAULTS, FaultyEventStore, inTurn } from '../../../test/support/faulty-event-store.js';
import { allEvents, realRandomness, temporaryLog } from '../../../test/support/real.js';
import { IntegrityError, OutcomeUnknownError } from './errors.js';
import { settledAppend } from './settled-append.js';

let log: Awaited<ReturnType<typeof temporaryLog>>;
let stream: string;
const fast = { attempts: 6, firstDelay: 1, maxDelay: 2 };

beforeAll(async () => {
  log = await temporaryLog();
});
afterAll(() => log.remove());
beforeEach(() => {
  stream = `habeasPerson-${randomId(realRandomness)}`;
});

const event = (): EventToAppend => ({ id: randomId(realRandomness), type: 'Noted', data: '{}', metadata: '{}' });
const ids = async () => (await allEvents(log.store, stream)).map(({ id }) => id);
const append = (store: EventStore, events: readonly EventToAppend[], expected: number | 'no-stream' = 'no-stream') =>
  settledAppend(store, stream, events, expected, realRandomness, fast);

describe('an append whose outcome is not known', () => {
  test.each<[string, Fault[]]>([
    ['lost', ['lost']],
    ['unacknowledged', ['unacknowledged']],
    ['late', ['late']],
    ['again and again', ['lost', 'unacknowledged', 'late', 'unavailable', 'lost']],
  ])('%s: is settled, in the log once, sent as the same bytes at the same revision', async (_, faults) => {
    const store = new FaultyEventStore(log.store, inTurn(...faults));
    const events = [event(), event()];
    expect(await append(store, events)).toMatchObject({ revision: 1 });
    expect(await ids()).toEqual(events.map(({ id }) => id));
    for (const sent of store.sent) expect(sent).toEqual({ stream, events, expected: 'no-stream' });
    expect(store.sent).toHaveLength(faults.length + 1);
  });

  test('is a conflict once another event is at that revision', async () => {
    const other = event();
    const rival = async () => {
      await log.store.append(stream, [other], 'no-stream');
    };
    expect(await append(new FaultyEventStore(log.store, inTurn('lost'), rival), [event()])).toBeUndefined();
    expect(await ids()).toEqual([other.id]);
  });

  test('stays unknown where the log does not answer in time', async () => {
    const store = new FaultyEventStore(log.store, () => 'lost');
    await expect(append(store, [event()])).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(store.sent).toHaveLength(fast.attempts);
  });

  test('stays unknown where each try takes long: somebody waits for the answer', async () => {
    const slow = async (): Promise<void> => {
      await delay(30);
    };
    const store = new FaultyEventStore(log.store, () => 'lost', slow);
    const appended = settledAppend(store, stream, [event()], 'no-stream', realRandomness, fast, 20);
    await expect(appended).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(store.sent).toHaveLength(1);
  });

  test('is not taken for absent because the log is not available afterwards', async () => {
    const store = new FaultyEventStore(log.store, inTurn('unacknowledged', ...Array<Fault>(9).fill('unavailable')));
    await expect(append(store, [event()])).rejects.toBeInstanceOf(OutcomeUnknownError);
  });

  test('is not taken for absent by a log that looks shorter than expected', async () => {
    await log.store.append(stream, [event(), event()], 'no-stream');
    // A reader that lags: the append expects revision 5, and the log knows 1.
    const store = new FaultyEventStore(log.store, inTurn('lost'));
    await expect(append(store, [event()], 5)).rejects.toBeInstanceOf(OutcomeUnknownError);
  });
});

describe('an append whose outcome is known', () => {
  test('lands, or is a conflict, at the first try', async () => {
    const first = event();
    expect(await append(log.store, [first])).toMatchObject({ revision: 0 });
    expect(await append(log.store, [event()])).toBeUndefined();
    expect(await append(log.store, [event()], 3)).toBeUndefined();
    expect(await ids()).toEqual([first.id]);
  });

  test('turned away: the error is handed on, nothing is tried again', async () => {
    const store = new FaultyEventStore(log.store, inTurn('unavailable'));
    await expect(append(store, [event()])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(append(store, [event()])).resolves.toBeDefined();
    expect(store.sent).toHaveLength(2);
  });

  test('that landed past revision 0 of a new stream is an integrity error', async () => {
    const elsewhere = new Proxy(log.store, {
      get: (target, name) =>
        name === 'append'
          ? async (...args: Parameters<EventStore['append']>) => ({ ...(await target.append(...args)), revision: 7 })
          : (Reflect.get(target, name) as unknown),
    });
    await expect(append(elsewhere, [event()])).rejects.toBeInstanceOf(IntegrityError);
  });
});

test('whatever befalls rivals: what is acknowledged is in the log once, what is refused is not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.constantFrom(...FAULTS), { maxLength: 8 }), { minLength: 2, maxLength: 3 }),
      async (plans) => {
        stream = `habeasPerson-${randomId(realRandomness)}`;
        const rivals = plans.map((faults) => ({
          own: event(),
          store: new FaultyEventStore(log.store, inTurn(...faults)),
        }));
        const outcomes = await Promise.all(
          rivals.map(({ own, store }) => append(store, [own]).catch((error: unknown) => error)),
        );
        const there = await ids();
        expect(there.length).toBeLessThanOrEqual(1);
        outcomes.forEach((outcome, index) => {
          const landed = there.includes(rivals[index]!.own.id);
          if (outcome === undefined) expect(landed).toBe(false);
          else if (outcome instanceof OutcomeUnknownError) expect(outcome.cause).toMatchObject({ code: 'timed-out' });
          else if (outcome instanceof EventStoreError) expect(landed).toBe(false);
          else expect(landed).toBe(true);
        });
      },
    ),
    { numRuns: 60 },
  );
});
