/**
 * The contract of the event log, as tests: whatever passes them may stand behind the port. An adapter's spec calls this
 * once with a way to open a log; the adapter's own spec then tests only what is its own (durability, its files, its errors).
 */
import { appendContract } from './contract/appends.js';
import type { EventStoreHarness } from './contract/harness.js';
import { lifecycleContract } from './contract/lifecycle.js';
import { readContract } from './contract/reads.js';
import { subscriptionContract } from './contract/subscriptions.js';

export type { EventStoreHarness, OpenedStore } from './contract/harness.js';

/** Declares the suite. Call it at the top of a spec file. */
export function eventStoreContract(name: string, harness: EventStoreHarness): void {
  describe(`${name} keeps the contract of the event log:`, () => {
    describe('appends', () => {
      appendContract(harness);
    });
    describe('reads', () => {
      readContract(harness);
    });
    describe('subscriptions', () => {
      subscriptionContract(harness);
    });
    describe('lifecycle', () => {
      lifecycleContract(harness);
    });
  });
}
