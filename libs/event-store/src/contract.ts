/**
 * The contracts of the event log, and of the operational state and the trail beside it, as tests: whatever passes them may stand behind the port. An
 * adapter's spec calls each once with a way to open one; its own spec then tests only what is its own (durability, its files, its errors).
 */
import { appendContract } from './contract/appends.js';
import type { EventStoreHarness } from './contract/harness.js';
import { lifecycleContract } from './contract/lifecycle.js';
import { operationalStateTests, type OperationalStateHarness } from './contract/operational-state.js';
import { readContract } from './contract/reads.js';
import { subscriptionContract } from './contract/subscriptions.js';
import { trailTests, type TrailHarness } from './contract/trail.js';

export type { EventStoreHarness, OpenedStore } from './contract/harness.js';
export type { OpenedState } from './contract/operational-state.js';
export type { OpenedTrail } from './contract/trail.js';

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

/** Declares the suite of the operational state. Call it at the top of a spec file. */
export function operationalStateContract(name: string, harness: OperationalStateHarness): void {
  describe(`${name} keeps the contract of the operational state:`, () => {
    operationalStateTests(harness);
  });
}

/** Declares the suite of a trail. Call it at the top of a spec file. */
export function trailContract(name: string, harness: TrailHarness): void {
  describe(`${name} keeps the contract of a trail:`, () => {
    trailTests(harness);
  });
}
