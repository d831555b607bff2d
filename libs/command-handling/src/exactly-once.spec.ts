import fc from 'fast-check';
import { EventStoreError } from '#event-store';
import { randomId, streamName } from '#kernel';
import { OutcomeUnknownError } from '#log-format';
import { type Fault, FAULTS, FaultyEventStore, inTurn } from '../../../test/support/faulty-event-store.js';
import { realRandomness } from '../../../test/support/real.js';
import { arrested, Harness, personEntered, recorder } from './test-support/harness.js';
import type { Accepted, Command, CommandHandler } from './types.js';

let habeas: Harness;
let source: string;
let person: string;

beforeAll(async () => {
  habeas = await Harness.start();
  source = await habeas.source();
});
afterAll(() => habeas.close());
beforeEach(async () => {
  person = await habeas.person(source);
});

const key = () => randomId(realRandomness);
const behind = (...faults: readonly Fault[]) => new FaultyEventStore(habeas.store, inTurn(...faults));

describe('an append whose outcome is not known', () => {
  test.each<[string, Fault[]]>([
    ['never arrived', ['lost', 'lost']],
    ['was not acknowledged', ['unacknowledged', 'unacknowledged']],
    ['arrived late', ['late', 'lost']],
    ['met a log that was away afterwards', ['unacknowledged', 'unavailable', 'unavailable']],
  ])(
    'that %s is settled: acknowledged, in the log once, sent as the same bytes at the same revision',
    async (_, faults) => {
      const store = behind(...faults);
      const result = await habeas.node(store).execute(arrested(person, source), recorder);
      expect(result).toMatchObject({ ok: true, value: { revision: 1, repeated: false } });
      expect(await habeas.events(streamName('person', person))).toHaveLength(2);
      expect(store.sent).toHaveLength(faults.length + 1);
      for (const sent of store.sent) expect(sent).toEqual(store.sent[0]);
    },
  );

  test('where another event is at that revision, the command is decided anew, with other bytes', async () => {
    let rivals = 1;
    const store = new FaultyEventStore(habeas.store, inTurn('lost'), async () => {
      if (rivals-- > 0) await habeas.given(arrested(person, source, { occurred: '2016' }));
    });
    const result = await habeas.node(store).execute(arrested(person, source), recorder);
    expect(result).toMatchObject({ ok: true, value: { revision: 2 } });
    expect(store.sent.map(({ expected }) => expected)).toEqual([0, 0, 1]);
    expect(store.sent[2]!.events).not.toEqual(store.sent[0]!.events);
    expect(store.sent[2]!.events.map(({ id }) => id)).toEqual(store.sent[0]!.events.map(({ id }) => id));
    expect(await habeas.isWhole()).toBe(true);
  });

  test('that landed and was followed by another event is found by its id, not appended again', async () => {
    const command = { ...arrested(person, source), idempotencyKey: key() };
    const first = await habeas.given(command);
    await habeas.given(arrested(person, source));
    // A node that has never seen the stream, and one that has folded it up to before the command.
    expect(await habeas.node().execute(command, recorder)).toMatchObject({
      ok: true,
      value: { repeated: true, revision: first.revision },
    });
    expect(await habeas.events(streamName('person', person))).toHaveLength(3);
  });

  test('that cannot be settled is said to be unknown; the same command, sent again, settles it', async () => {
    const command = { ...arrested(person, source), idempotencyKey: key() };
    const store = new FaultyEventStore(habeas.store, inTurn('unacknowledged', ...Array<Fault>(40).fill('unavailable')));
    const node = habeas.node(store);
    await expect(node.execute(command, recorder)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(await habeas.node().execute(command, recorder)).toMatchObject({ ok: true, value: { repeated: true } });
    expect(await habeas.events(streamName('person', person))).toHaveLength(2);
  }, 60_000);
});

describe('rivals', () => {
  test('that are faster: the command is decided anew until it lands', async () => {
    let rivals = 5;
    const store = new FaultyEventStore(habeas.store, inTurn(), async () => {
      if (rivals-- > 0) await habeas.given(arrested(person, source, { occurred: '2016' }));
    });
    expect(await habeas.node(store).execute(arrested(person, source), recorder)).toMatchObject({
      ok: true,
      value: { revision: 6 },
    });
    expect(store.sent.map(({ expected }) => expected)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('that are always faster: bounded, and a refusal that asks to try again', async () => {
    const store = new FaultyEventStore(habeas.store, inTurn(), async () => {
      await habeas.given(arrested(person, source, { occurred: '2016' }));
    });
    expect(await habeas.node(store).execute(arrested(person, source), recorder)).toMatchObject({
      ok: false,
      error: [{ code: 'conflict' }],
    });
    expect(store.sent.length).toBeLessThan(20);
  });

  test('with If-Match: no retry', async () => {
    let rivals = 1;
    const store = new FaultyEventStore(habeas.store, inTurn(), async () => {
      if (rivals-- > 0) await habeas.given(arrested(person, source, { occurred: '2016' }));
    });
    const command = { ...arrested(person, source), ifMatch: (revision: number) => revision === 0 };
    expect(await habeas.node(store).execute(command, recorder)).toMatchObject({
      ok: false,
      error: [{ code: 'precondition-failed' }],
    });
    expect(store.sent).toHaveLength(1);
  });
});

test('a log that turns appends away: an error, nothing recorded, nothing remembered', async () => {
  const store = behind('unavailable');
  const node = habeas.node(store);
  const command = { ...arrested(person, source), idempotencyKey: key() };
  await expect(node.execute(command, recorder)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await node.execute(command, recorder)).toMatchObject({ ok: true, value: { repeated: false, revision: 1 } });
});

test('whatever befalls: every acknowledged command is in the log exactly once, and every chain is whole', async () => {
  const faults = fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant<Fault>('none') }, fc.constantFrom(...FAULTS)), {
    maxLength: 6,
  });
  const story = fc.record({
    nodes: fc.array(faults, { minLength: 1, maxLength: 3 }),
    // Which node gets it, whether it enters a person, and how often the client sends it all the same.
    commands: fc.array(fc.record({ node: fc.nat(), enters: fc.boolean(), sends: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      maxLength: 5,
    }),
  });
  await fc.assert(
    fc.asyncProperty(story, async ({ nodes, commands }) => {
      person = await habeas.person(source);
      const handlers = nodes.map((plan) => habeas.node(behind(...plan)));
      const outcomes = await Promise.all(
        commands.map(async ({ node, enters, sends }, index) => {
          const command = {
            // Sealed words, so that no two nodes make the same bytes of it.
            ...(enters ? personEntered(source) : arrested(person, source, { note: 'seen' })),
            idempotencyKey: `story-${key()}-${index}`,
          };
          const answers = await Promise.all(
            Array.from({ length: sends }, (_, n) => send(handlers[(node + n) % handlers.length]!, command)),
          );
          return { command, answers };
        }),
      );
      const stored = await habeas.events();
      for (const { command, answers } of outcomes) {
        const accepted = answers.filter((answer) => answer !== undefined);
        for (const answer of accepted) {
          const found = stored.filter(({ id }) => id === answer.events[0]!.id);
          expect(found).toMatchObject([{ stream: answer.stream, revision: answer.revision, type: command.type }]);
        }
        // At most one of them wrote; the others were answered from what is stored.
        expect(accepted.filter(({ repeated }) => !repeated).length).toBeLessThanOrEqual(1);
        expect(new Set(accepted.map(({ events }) => events[0]!.id)).size).toBeLessThanOrEqual(1);
      }
      const ids = stored.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(await habeas.isWhole()).toBe(true);
    }),
    { numRuns: 25 },
  );
}, 120_000);

/** A client's try; undefined: it was told that nothing, or nothing certain, came of it. */
async function send(handler: CommandHandler, command: Command): Promise<Accepted | undefined> {
  try {
    const result = await handler.execute(command, recorder);
    if (result.ok) return result.value;
    expect(result.error).toMatchObject([{ code: 'conflict' }]);
  } catch (error) {
    if (!(error instanceof EventStoreError) && !(error instanceof OutcomeUnknownError)) throw error;
  }
  return undefined;
}
