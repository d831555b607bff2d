/**
 * A stand-in for EventStoreDB in tests: one or more nodes that real clients talk to over real sockets, with as much of the
 * server's behaviour as the adapter leans on or has to guard against, and faults at will or by seed.
 *
 * It is a test tool. It keeps nothing on disk, replicates perfectly, knows no users, and claims no compatibility: what the
 * real server does is known from the real server, which the same suites run against (see HABEAS_TEST_ESDB).
 */
import { Faults, type FaultRates } from './faults.js';
import { SimulatedLog } from './log.js';
import { SimulatedNode } from './node.js';

export interface SimulatorOptions {
  readonly nodes?: number;
  readonly seed?: number;
  readonly rates?: FaultRates;
  /** Milliseconds: how long slow answers and absences take at most. */
  readonly slowness?: number;
}

export class Simulator {
  readonly log = new SimulatedLog();
  readonly faults: Faults;
  readonly nodes: SimulatedNode[] = [];
  readonly slowness: number;
  /** Subscriptions are told a checkpoint at the place of the event that will come next, as by some versions. */
  checkpointAhead = false;
  readonly #forbidden = new Set<string>();
  #leader = 0;

  private constructor({ seed = 1, rates = {}, slowness = 50 }: SimulatorOptions) {
    this.faults = new Faults(seed, rates);
    this.slowness = slowness;
  }

  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const simulator = new Simulator(options);
    for (let n = 0; n < (options.nodes ?? 1); n++) simulator.nodes.push(await SimulatedNode.start(simulator));
    return simulator;
  }

  /** Where its nodes listen. Options are those of a connection string, without the question mark. */
  connectionString(options = ''): string {
    const hosts = this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return `esdb://${hosts}?tls=false${options === '' ? '' : `&${options}`}`;
  }

  leader(): SimulatedNode {
    return this.nodes[this.#leader]!;
  }

  elect(): void {
    this.#leader = (this.#leader + 1) % this.nodes.length;
  }

  permits(stream: string): boolean {
    return !this.#forbidden.has(stream);
  }

  forbid(stream: string): void {
    this.#forbidden.add(stream);
  }

  /** Whether the nodes take readings and subscriptions. */
  makeReady(ready: boolean): void {
    for (const node of this.nodes) node.ready = ready;
  }

  /** Cuts every connection to every node. */
  drop(): void {
    for (const node of this.nodes) node.wire.drop();
  }

  /** Whether no node takes new connections. */
  refuse(refusing: boolean): void {
    for (const node of this.nodes) node.wire.refuse(refusing);
  }

  silence(silent: boolean): void {
    for (const node of this.nodes) node.wire.silence(silent);
  }

  endSubscriptions(): void {
    for (const node of this.nodes) node.endSubscriptions();
  }

  endAppends(): void {
    for (const node of this.nodes) node.endAppends();
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) await node.stop();
  }
}
