import { FaultyEventStore, inTurn } from '../../../test/support/faulty-event-store.js';
import { realClock, realRandomness } from '../../../test/support/real.js';
import { createCommandHandler } from './command-handler.js';
import { arrested, Harness, recorder } from './test-support/harness.js';

test('an observer is told each step, and each decision that is made anew', async () => {
  const habeas = await Harness.start();
  try {
    const source = await habeas.source();
    const person = await habeas.person(source);
    let rivals = 1;
    const store = new FaultyEventStore(habeas.store, inTurn('lost'), async () => {
      if (rivals-- > 0) await habeas.given(arrested(person, source, { occurred: '2016' }));
    });
    const told: string[] = [];
    const observed = createCommandHandler({
      store,
      keys: habeas.keys,
      logId: habeas.logId,
      clock: realClock,
      randomness: realRandomness,
      observer: {
        step: (name, work) => {
          told.push(name);
          return work();
        },
        retried: () => told.push('retried'),
      },
    });
    expect(await observed.execute(arrested(person, source), recorder)).toMatchObject({ ok: true });
    expect(told).toEqual(['load', 'decide', 'append', 'retried', 'load', 'decide', 'append']);
  } finally {
    await habeas.close();
  }
});
