/**
 * A stand-in for EventStoreDB in tests: one or more nodes that real clients talk to over real sockets, with as much of the
 * server's behaviour as the adapter leans on or has to guard against, and faults at will or by seed.
 *
 * It is a test tool. It keeps nothing on disk, replicates perfectly, lets every user in, and claims no compatibility: what the
 * real server does is known from the real server, which the same suites run against (see HABEAS_TEST_ESDB).
 */
import { ServerCredentials } from '@grpc/grpc-js';
import { Faults, type FaultRates } from './faults.js';
import { SimulatedLog } from './log.js';
import { SimulatedNode } from './node.js';

export interface SimulatorOptions {
  readonly nodes?: number;
  readonly seed?: number;
  readonly rates?: FaultRates;
  /** Milliseconds: how long slow answers and absences take at most. */
  readonly slowness?: number;
  /** Its certificate, which is its own authority, and whether it wants to see one of its clients; without TLS unless given. */
  readonly tls?: { readonly certificate: Buffer; readonly key: Buffer; readonly ofClients: boolean };
}

export class Simulator {
  readonly log = new SimulatedLog();
  readonly faults: Faults;
  readonly nodes: SimulatedNode[] = [];
  readonly slowness: number;
  readonly credentials: ServerCredentials;
  /** A name with TLS: Node takes no address there. */
  readonly host: string;
  /** Who asked, as the last call said. */
  user: string | undefined;
  /** Subscriptions are told a checkpoint at the place of the event that will come next, as by some versions. */
  checkpointAhead = false;
  /** Nobody is let in who reads. */
  strangers = false;
  readonly #forbidden = new Set<string>();
  #leader = 0;

  private constructor({ seed = 1, rates = {}, slowness = 50, tls }: SimulatorOptions) {
    this.faults = new Faults(seed, rates);
    this.slowness = slowness;
    this.host = tls === undefined ? '127.0.0.1' : 'localhost';
    this.credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(
            tls.certificate,
            [{ cert_chain: tls.certificate, private_key: tls.key }],
            tls.ofClients,
          );
  }

  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const simulator = new Simulator(options);
    for (let n = 0; n < (options.nodes ?? 1); n++) simulator.nodes.push(await SimulatedNode.start(simulator));
    return simulator;
  }

  /** Where its nodes listen. Options are those of a connection string, without the question mark. */
  connectionString(options = ''): string {
    return `esdb://${this.hosts()}?tls=false${options === '' ? '' : `&${options}`}`;
  }

  hosts(): string {
    return this.nodes.map(({ port }) => `${this.host}:${port}`).join(',');
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
