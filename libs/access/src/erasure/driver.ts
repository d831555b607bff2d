/**
 * Drives erasures from the wish to the certificate, as far as that needs no reviewer: on one node at a time where several share the
 * log, and on whichever is there when the one that did it is killed.
 */
import type { Lease, Leases } from '#event-store';
import { ok, streamName, type Ticker } from '#kernel';
import { SYSTEM } from '#log-format';
import { certificateOf, type CertificateSources } from './certificate.js';
import { type Erasure, type ErasureDirectory, lastCondemned, mentionKey } from './directory.js';
import { ERASURE_CATEGORY, ERASURE_CERTIFIED, type Mention } from './events.js';
import type { ErasureReader } from './reading.js';
import { mentionsOf } from './scan.js';
import { decisionOn, type ErasureSteps, isOwnCondemned, type Stepped } from './steps.js';
import { finderOf } from './words.js';

export interface DriverOptions extends CertificateSources {
  readonly directory: ErasureDirectory;
  readonly reader: ErasureReader;
  readonly steps: ErasureSteps;
  /** Left out: no other node can have the log. */
  readonly leases?: Leases;
  readonly ticker: Ticker;
  /** A line for whoever runs the server. */
  readonly report: (line: string) => void;
}

/** In milliseconds: how often it is looked whether the nodes have reported, and how long after a failure it is tried again. */
const LOOK_EVERY = 1_000;
const AGAIN = 5_000;
const LONG = 3_600_000;

export class ErasureDriver {
  readonly #options: DriverOptions;
  readonly #closing = new AbortController();
  readonly #driving: Promise<void>;
  /** Erasures of which this process looked whether a redaction was interrupted. */
  readonly #recovered = new Set<string>();
  #wake = new AbortController();

  constructor(options: DriverOptions) {
    this.#options = options;
    options.directory.onChanged(() => {
      this.#wake.abort();
    });
    this.#driving = this.#drive();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#driving;
  }

  async #drive(): Promise<void> {
    const { signal } = this.#closing;
    while (!isOver(signal)) {
      if (this.#pending().length === 0) {
        await this.#pause(LONG, signal);
        continue;
      }
      const lease = await this.#lease(signal);
      if (lease === undefined) continue;
      const over = lease === 'alone' ? signal : AbortSignal.any([signal, lease.over]);
      while (!isOver(over) && this.#pending().length > 0) await this.#turn(over);
      if (lease !== 'alone') await lease.release();
    }
  }

  /** Undefined: not at present. */
  async #lease(signal: AbortSignal): Promise<Lease | 'alone' | undefined> {
    const { leases, ticker } = this.#options;
    if (leases === undefined) return 'alone';
    const lease = await leases.hold('erasure', signal).catch(() => undefined);
    if (lease === undefined) await ticker.sleep(AGAIN, signal);
    return lease;
  }

  /** Sleeps until something is recorded of an erasure. */
  async #pause(milliseconds: number, over: AbortSignal): Promise<void> {
    await this.#options.ticker.sleep(milliseconds, AbortSignal.any([over, this.#wake.signal]));
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }

  #pending(): readonly Erasure[] {
    return this.#options.directory.all().filter(({ certificate }) => certificate === undefined);
  }

  /** Goes on with each as far as it goes, and waits for something to be done. Never rejects. */
  async #turn(over: AbortSignal): Promise<void> {
    const { ticker, report } = this.#options;
    let failed = false;
    for (const { id } of this.#pending()) {
      try {
        await this.#advance(id, over);
      } catch (error) {
        if (isOver(over)) return;
        failed = true;
        // Its code alone: the text of an error may come from anywhere.
        const { code, name } = error as { code?: unknown; name?: unknown };
        report(`The erasure ${id} cannot go on at present (${String(code ?? name)}); it is tried again.`);
      }
    }
    await (failed ? ticker.sleep(AGAIN, over) : this.#pause(LOOK_EVERY, over));
  }

  async #advance(id: string, over: AbortSignal): Promise<void> {
    const { reader, steps } = this.#options;
    taken(await steps.erasePerson(steps.known(id)));
    await steps.destroy(id);
    if (!isOwnCondemned(steps.known(id))) {
      const words = await reader.wordsOfErasure(id);
      // Its own key was lost: nobody knows what is looked for, and a certificate would say what is not so.
      if (words === undefined) throw new StepError('words-lost');
      if (!steps.known(id).listed) {
        await this.#recover(id);
        taken(await steps.list(id, SYSTEM, await this.#find(id, words, over), true));
      }
      await this.#recover(id);
      if (!(await this.#isReviewed(id, words, over))) return;
      const stream = streamName(ERASURE_CATEGORY, id);
      const keys = await reader.keysOfErasure(id);
      taken(await steps.condemn(id, { stream, revision: steps.known(id).revision, keys }));
      await steps.destroy(id);
    }
    await this.#certify(id);
  }

  #find(id: string, words: readonly string[], over: AbortSignal): Promise<readonly Mention[]> {
    const { reader, steps } = this.#options;
    return mentionsOf(reader.scanned, steps.known(id).person, finderOf(words), over);
  }

  async #recover(id: string): Promise<void> {
    const { steps } = this.#options;
    if (this.#recovered.has(id)) return;
    for (const mention of steps.known(id).mentions.values()) taken(await steps.recover(id, mention));
    await steps.destroy(id);
    this.#recovered.add(id);
  }

  /**
   * Whether nothing is open. Before that is believed the whole record is looked through once more: something may have been recorded
   * meanwhile, or words may be left.
   */
  async #isReviewed(id: string, words: readonly string[], over: AbortSignal): Promise<boolean> {
    const { reader, steps } = this.#options;
    const isOpen = (): boolean => {
      const erasure = steps.known(id);
      return [...erasure.mentions.values()].some((mention) => decisionOn(erasure, mention) === 'open');
    };
    if (isOpen()) return false;
    const found = await this.#find(id, words, over);
    const { mentions, decisions } = steps.known(id);
    const news: Mention[] = [];
    for (const mention of found) {
      const key = mentionKey(mention);
      const [known, decision] = [mentions.get(key)?.because, decisions.get(key)];
      if (known === undefined) news.push(mention);
      else if (mention.because === 'words') {
        // It may have been opened by a key that is being destroyed.
        if (decision === 'redacted' ? await reader.holds(mention, words) : decision === undefined) news.push(mention);
      } else if (mention.because === 'names' && known !== 'names' && known !== 'words' && decision === undefined)
        news.push(mention);
    }
    if (news.length === 0) return !isOpen();
    taken(await steps.list(id, SYSTEM, news, true));
    return !isOpen();
  }

  async #certify(id: string): Promise<void> {
    const { directory, steps } = this.#options;
    const erasure = steps.known(id);
    const nodes = await steps.nodes(erasure, lastCondemned(erasure));
    if (nodes.some(({ live, forgot }) => live && !forgot)) return;
    const data = await certificateOf(erasure, nodes, this.#options);
    const recorded = await directory.record(id, SYSTEM, (known) =>
      ok(known?.certificate === undefined ? { type: ERASURE_CERTIFIED.type, data } : undefined),
    );
    if (!recorded.ok) throw new StepError(recorded.error.code);
  }
}

class StepError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

function taken(step: Stepped): void {
  if (!step.ok) throw new StepError(step.error[0]?.code ?? 'refused');
}

/** Asked anew each time: it changes while something is awaited. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
