/**
 * A node that wants one lease and writes while it has it, as whoever holds one is told to: at the exact revision of what it read, and over
 * nothing that carries a larger token. Says each thing once it is so.
 *
 * usage: node lease-process.js <connection string> <namespace> <term in milliseconds>
 */
import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreError, Leases, type ExpectedRevision, type Lease } from '#event-store';
import { openStreamState } from '#event-store-eventstoredb';
import { realRandomness } from '../../support/real.js';

const [, , connectionString = '', namespace = '', term = ''] = process.argv;
const randomness = realRandomness;
const state = await openStreamState({ connectionString, namespace, randomness });
const leases = new Leases({ state, randomness, term: Number(term) });

const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

async function write({ token, isHeld }: Pick<Lease, 'token' | 'isHeld'>): Promise<void> {
  let there: ExpectedRevision | undefined;
  while (isHeld()) {
    try {
      if (there === undefined) {
        const found = await state.read('journal');
        if (found !== undefined && Number(found.value) > token) return;
        there = found?.revision ?? 'no-stream';
      }
      there = await state.write('journal', String(token), there);
      say({ wrote: token, revision: there });
    } catch (error) {
      if (!(error instanceof EventStoreError)) throw error;
      there = undefined;
    }
    await delay(20);
  }
}

for (;;) {
  const lease = await leases.hold('work');
  say({ has: lease.token });
  await write({ token: lease.token, isHeld: () => lease.isHeld() });
  say({ lost: lease.token });
}
