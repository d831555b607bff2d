/**
 * Which nodes there are: all that share a log, and which of them are up. Each says so in one value of the operational state, every few
 * seconds; whoever asks watches whether a node's word moves on, by a clock of its own, so that the nodes' clocks need not agree.
 *
 * It is for saying what a node has still to do, and which one cannot: nothing is guarded by it. A node that is taken for gone may
 * be only slow, or cut off; one that cannot reach the log lets nobody in before it is.
 */
import { EventStoreError, type OperationalState } from '#event-store';
import { type Clock, randomId, type Randomness, type Ticker } from '#kernel';

/** A node as the others know it. */
export interface NodeInfo {
  /** Its data folder's: the same after each start. */
  readonly id: string;
  /** What its machine is called. */
  readonly name: string;
  /** It is up, as far as anybody can tell. */
  readonly live: boolean;
  /** When it last said so, by its clock: UTC, with milliseconds and Z. */
  readonly seen: string;
  /** The event at which its views stand, which they cannot take in: until somebody skips it they cannot be built anew. */
  readonly stoppedAt?: string;
}

export interface Nodes {
  /** This one. */
  readonly id: string;
  /**
   * Those that were up at some time in the last three months. One whose word was never seen to stand still counts as live.
   * @throws EventStoreError
   */
  all(): Promise<readonly NodeInfo[]>;
  /** Has the others know at which event the views of this one stand; undefined: they do not. */
  stopsAt(event: string | undefined): void;
  /** Says that this one goes. Idempotent. */
  close(): Promise<void>;
}

export interface ThisNode {
  readonly id: string;
  readonly name: string;
  readonly clock: Clock;
}

/** The only node that there can be: that of an embedded log. */
export function onlyNode({ id, name, clock }: ThisNode): Nodes {
  let stopped: string | undefined;
  return {
    id,
    all: () =>
      Promise.resolve([
        { id, name, live: true, seen: clock.now().toISOString(), ...(stopped !== undefined && { stoppedAt: stopped }) },
      ]),
    stopsAt: (event) => {
      stopped = event;
    },
    close: () => Promise.resolve(),
  };
}

export interface JoinNodes extends ThisNode {
  readonly state: OperationalState;
  readonly ticker: Ticker;
  readonly randomness: Randomness;
  /** A line for whoever runs the server. */
  readonly report: (line: string) => void;
}

/**
 * Takes part as one of several. Resolves when the others can know.
 * @throws EventStoreError
 */
export async function joinNodes(options: JoinNodes): Promise<Nodes> {
  const nodes = new SharedNodes(options);
  await nodes.begin();
  return nodes;
}

const NAME = 'nodes';
const SAY_EVERY_MS = 5_000;
/** A node that was not heard for so long is gone. Longer than one goes on letting anybody in that does not hear the log. */
const PATIENCE_MS = 20_000;
const KEPT_MS = 90 * 86_400_000;
/** How often a value is written that others write at the same time, until it waits for the next turn. */
const TRIES = 10;

/** What a node says of itself. */
interface Word {
  readonly name: string;
  /** Drawn at each start. */
  readonly run: string;
  /** Grows with each word. */
  readonly said: number;
  readonly seen: string;
  readonly stoppedAt?: string;
  /** It was stopped. */
  readonly left?: true;
}

type Words = Readonly<Record<string, Word>>;

class SharedNodes implements Nodes {
  readonly #options: JoinNodes;
  /** By node: what it said last, and since when nothing else was heard, by the ticker. */
  readonly #heard = new Map<string, { readonly said: number; readonly since: number }>();
  readonly #closing = new AbortController();
  #saying: Promise<void> = Promise.resolve();
  #stoppedAt: string | undefined;
  readonly #run: string;
  /** It has said something. */
  #hasSaid = false;
  #isDouble = false;

  constructor(options: JoinNodes) {
    this.#options = options;
    this.#run = randomId(options.randomness);
  }

  get id(): string {
    return this.#options.id;
  }

  async begin(): Promise<void> {
    await this.#say();
    this.#saying = this.#sayWhileOpen();
  }

  async all(): Promise<readonly NodeInfo[]> {
    const { words } = await this.#read();
    return Object.entries(words).map(([id, { name, seen, stoppedAt, left }]) => ({
      id,
      name,
      seen,
      live: left === undefined && (id === this.id || this.#silence(id) < PATIENCE_MS),
      ...(stoppedAt !== undefined && { stoppedAt }),
    }));
  }

  stopsAt(event: string | undefined): void {
    this.#stoppedAt = event;
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#saying;
    // Where it cannot be said, the others find out.
    await this.#say(true).catch(() => undefined);
  }

  async #sayWhileOpen(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await this.#options.ticker.sleep(SAY_EVERY_MS, signal);
      if (signal.aborted) return;
      // What cannot be said now is said at the next turn.
      await this.#say().catch(() => undefined);
    }
  }

  /** @throws EventStoreError */
  async #say(left = false): Promise<void> {
    const { id, name, clock, state } = this.#options;
    for (let tries = 1; ; tries++) {
      const { words, revision } = await this.#read();
      this.#lookForDouble(words[id]);
      const now = clock.now();
      const word: Word = {
        name,
        run: this.#run,
        said: (words[id]?.said ?? 0) + 1,
        seen: now.toISOString(),
        ...(this.#stoppedAt !== undefined && { stoppedAt: this.#stoppedAt }),
        ...(left && { left }),
      };
      const kept = Object.entries(words).filter(([, { seen }]) => now.getTime() - Date.parse(seen) < KEPT_MS);
      try {
        await state.write(NAME, JSON.stringify({ ...Object.fromEntries(kept), [id]: word }), revision);
        this.#hasSaid = true;
        return;
      } catch (error) {
        if (!isConflict(error) || tries === TRIES) throw error;
      }
    }
  }

  /** Nobody but this process speaks for this node, unless its folder was copied: then what one has forgotten counts for both. */
  #lookForDouble(word: Word | undefined): void {
    if (!this.#hasSaid || this.#isDouble || word === undefined || word.run === this.#run) return;
    this.#isDouble = true;
    this.#options.report(
      `Another server (${word.name}) says that it is this node: its data folder is a copy of this one, or the other way round. Delete node.json ` +
        'in one of them and start it again, or what was erased may be taken for forgotten by both.',
    );
  }

  async #read(): Promise<{ readonly words: Words; readonly revision: number | 'no-stream' }> {
    const there = await this.#options.state.read(NAME);
    const words = there === undefined ? {} : (JSON.parse(there.value) as Words);
    for (const [id, { said }] of Object.entries(words)) {
      if (this.#heard.get(id)?.said !== said) this.#heard.set(id, { said, since: this.#options.ticker.now() });
    }
    return { words, revision: there?.revision ?? 'no-stream' };
  }

  /** For how long nothing else was heard of it, in milliseconds. */
  #silence(id: string): number {
    const { ticker } = this.#options;
    return ticker.now() - (this.#heard.get(id)?.since ?? ticker.now());
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof EventStoreError && error.code === 'wrong-expected-revision';
}
