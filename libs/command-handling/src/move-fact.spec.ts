import { factsOf, initial, evolve } from '#domain';
import { randomId, streamName } from '#kernel';
import { createRecordCodec, OutcomeUnknownError } from '#log-format';
import { type Fault, FaultyEventStore, inTurn } from '../../../test/support/faulty-event-store.js';
import { realRandomness } from '../../../test/support/real.js';
import { admin, arrested, Harness, recorder } from './test-support/harness.js';
import type { Command } from './types.js';

let habeas: Harness;
let source: string;
let wrong: string;
let right: string;
let fact: string;

beforeAll(async () => {
  habeas = await Harness.start();
  source = await habeas.source();
});
afterAll(() => habeas.close());
beforeEach(async () => {
  [wrong, right] = [await habeas.person(source, 'Wrong'), await habeas.person(source, 'Right')];
  const { events } = await habeas.given({ ...arrested(wrong, source, { note: 'a note' }), visibility: 'confidential' });
  fact = events[0]!.id;
});

const move = (more: Partial<Command> = {}): Command => ({
  type: 'FactMoved',
  category: 'person',
  id: wrong,
  data: { fact, to: { person: right }, reason: 'another of the same name' },
  ...more,
});

/** What stands of a person's facts, read from the log. */
async function standing(person: string) {
  const codec = createRecordCodec(realRandomness);
  let state = initial('person', person);
  for (const stored of await habeas.events(streamName('person', person))) {
    const { id, type, data, metadata } = await codec.decode(stored, habeas.keys);
    state = evolve(state, { id, type, data, ...metadata });
  }
  return factsOf(state).filter(({ standing }) => standing === 'standing');
}

async function moved(): Promise<void> {
  expect(await standing(wrong)).toEqual([]);
  const there = await standing(right);
  expect(there).toMatchObject([
    {
      type: 'PersonArrested',
      visibility: 'confidential',
      note: 'a note',
      data: { movedFrom: { person: wrong, fact } },
    },
  ]);
  const last = (await habeas.events(streamName('person', wrong))).at(-1)!;
  expect(JSON.parse(last.data)).toMatchObject({ fact, to: { person: right }, movedTo: there[0]!.id });
  expect(await habeas.isWhole()).toBe(true);
}

describe('moving a fact', () => {
  test('records it at its new place, withdraws it at the old one, and each names the other', async () => {
    const accepted = await habeas.given(move());
    expect(accepted).toMatchObject({ subject: wrong, revision: 2, events: [{ type: 'FactMoved' }] });
    await moved();
    const copy = (await habeas.events(streamName('person', right))).at(-1)!;
    expect(JSON.parse(copy.metadata).causationId).toBe(accepted.events[0]!.id);
  });

  test('again under the same key is answered from what is stored', async () => {
    const command = move({ idempotencyKey: 'move-1' });
    const first = await habeas.given(command);
    expect(await habeas.given(command)).toMatchObject({
      ...first,
      events: [{ id: first.events[0]!.id }],
      repeated: true,
    });
    await moved();
  });

  test.each<[string, Fault[]]>([
    ['before anything landed', ['unavailable']],
    ['between the halves', ['none', 'unavailable']],
    ['with both outcomes unknown', ['unacknowledged', 'late', 'unacknowledged', 'lost']],
  ])('that was interrupted %s goes on where it ended, whoever asks for it again', async (_, faults) => {
    const failing = habeas.node(new FaultyEventStore(habeas.store, inTurn(...faults)));
    await failing.execute(move({ idempotencyKey: 'cut-1' }), recorder).catch(() => undefined);
    // Another principal, without the key: where it was done, there is nothing left to move.
    const again = await habeas.node().execute(move(), admin);
    if (!again.ok) expect(again.error).toMatchObject([{ code: 'fact-already-withdrawn' }]);
    await moved();
  });

  test('that was interrupted for good leaves the fact on record', async () => {
    const store = new FaultyEventStore(habeas.store, inTurn('none', ...Array<Fault>(30).fill('lost')));
    await expect(habeas.node(store).execute(move(), recorder)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(await standing(wrong)).toHaveLength(1);
  }, 30_000);

  test('that cannot be completed any more is undone at the new place', async () => {
    // While the first half lands, another node withdraws the fact.
    let appends = 0;
    const store = new FaultyEventStore(habeas.store, inTurn(), async (stream) => {
      if (stream !== streamName('person', right) || appends++ > 0) return;
      await habeas
        .node()
        .execute({ ...move(), type: 'FactRetracted', data: { fact, reason: 'never happened' } }, recorder);
    });
    expect(await habeas.node(store).execute(move(), recorder)).toMatchObject({
      ok: false,
      error: [{ code: 'fact-already-withdrawn' }],
    });
    expect(await standing(wrong)).toEqual([]);
    expect(await standing(right)).toEqual([]);
  });

  test('there and back and there again', async () => {
    await habeas.given(move());
    const back = (await standing(right))[0]!.id;
    await habeas.given({
      ...move(),
      id: right,
      data: { fact: back, to: { person: wrong }, reason: 'it was him after all' },
    });
    expect(await standing(right)).toEqual([]);
    const [returned] = await standing(wrong);
    await habeas.given({ ...move(), data: { fact: returned!.id, to: { person: right }, reason: 'no' } });
    expect(await standing(wrong)).toEqual([]);
    expect(await standing(right)).toHaveLength(1);
  });

  test('again, after it was withdrawn on both sides', async () => {
    const { events } = await habeas.given(move());
    const copy = (await standing(right))[0]!.id;
    const retraction = { ...move(), type: 'FactRetracted' };
    await habeas.given({ ...retraction, id: right, data: { fact: copy, reason: 'the move was wrong' } });
    await habeas.given({ ...retraction, data: { fact: events[0]!.id, reason: 'the move was wrong' } });
    expect([await standing(wrong), await standing(right)]).toMatchObject([[{ id: fact }], []]);
    await habeas.given(move());
    await moved();
  });

  test('two at once in opposite directions do not wait for each other', async () => {
    const { events } = await habeas.given(arrested(right, source));
    const other = { ...move(), id: right, data: { fact: events[0]!.id, to: { person: wrong }, reason: 'mixed up' } };
    const results = await Promise.all([
      habeas.commands.execute(move(), recorder),
      habeas.commands.execute(other, recorder),
    ]);
    expect(results).toMatchObject([{ ok: true }, { ok: true }]);
  });

  test.each<[string, () => Partial<Command>, string]>([
    [
      'a fact that is not there',
      () => ({ data: { fact: randomId(realRandomness), to: { person: right }, reason: 'x' } }),
      'fact-not-found',
    ],
    [
      'to somebody who is not there',
      () => ({ data: { fact, to: { person: randomId(realRandomness) }, reason: 'x' } }),
      'person-not-found',
    ],
    ['to where it is', () => ({ data: { fact, to: { person: wrong }, reason: 'x' } }), 'refers-to-itself'],
    ['with a stale If-Match', () => ({ ifMatch: () => false }), 'precondition-failed'],
    ['of a subject that is not there', () => ({ id: randomId(realRandomness) }), 'not-found'],
  ])('is refused, and nothing written: %s', async (_, more, code) => {
    const before = (await habeas.events()).length;
    expect(await habeas.commands.execute(move(more()), recorder)).toMatchObject({ ok: false, error: [{ code }] });
    expect(await habeas.events()).toHaveLength(before);
  });
});
