/**
 * The steps of an erasure that more than one way leads to. Each is recorded before the next is taken, and found done when it is tried
 * again, so whoever is interrupted at any of them is gone on from.
 *
 * The order matters. A stream first says by its own event that its keys are over, so that nobody seals by them any more; then the
 * erasure's stream condemns them, so that every node learns of it; then they are destroyed.
 */
import type { SubjectEraser } from '#command-handling';
import { derivedId, ok, parseStreamName, type Refusal, refusal, type Result, streamName } from '#kernel';
import { type KeyStore, SYSTEM } from '#log-format';
import { type CondemnedKeys, type Erasure, type ErasureDirectory, mentionKey } from './directory.js';
import { ERASURE_ASKED, ERASURE_CATEGORY, KEYS_CONDEMNED, type Mention, MENTIONS_LISTED } from './events.js';
import type { ErasureReader } from './reading.js';
import type { ErasingNode, MentionState } from './types.js';

export interface ErasureStepsOptions {
  readonly directory: ErasureDirectory;
  readonly keys: Pick<KeyStore, 'destroy'>;
  readonly eraser: SubjectEraser;
  readonly reader: ErasureReader;
  /** The nodes that there are, without what they have forgotten. @throws EventStoreError */
  readonly nodes: () => Promise<readonly Omit<ErasingNode, 'forgot'>[]>;
}

export type Stepped = Result<void, readonly Refusal[]>;

/** Mentions that one event lists. */
const LISTED_AT_A_TIME = 500;

export class ErasureSteps {
  readonly #options: ErasureStepsOptions;
  /** What this process destroyed: it need not be done twice, but may. */
  readonly #destroyed = new Set<string>();

  constructor(options: ErasureStepsOptions) {
    this.#options = options;
  }

  /** One that is there. */
  known(id: string): Erasure {
    const erasure = this.#options.directory.get(id);
    if (erasure === undefined) throw new Error('An erasure that was recorded is not known.');
    return erasure;
  }

  /** Ends the person's stream, and condemns its keys. Refusal codes: `not-found`, `conflict`. */
  async erasePerson({ id, person, askedBy, condemned }: Erasure): Promise<Stepped> {
    const { directory, eraser, reader } = this.#options;
    const stream = streamName('person', person);
    if (condemned.some((one) => one.stream === stream)) return ok(undefined);
    const erased = await eraser.erase(person, { by: askedBy, correlationId: id, cause: id });
    if (!erased.ok) return erased;
    // Another name may have been recorded between the wish and the end of the stream.
    const words = (await reader.wordsOf(person)) ?? [];
    const known = new Set(await reader.wordsOfErasure(id));
    if (words.some((word) => !known.has(word))) {
      const data = { person, words };
      const added = await directory.record(id, SYSTEM, () => ok({ type: ERASURE_ASKED.type, data }));
      if (!added.ok) return all(added.error);
    }
    return this.condemn(id, erased.value);
  }

  /** Refusal code: `conflict`. */
  async condemn(
    id: string,
    { stream, revision, keys }: Pick<CondemnedKeys, 'stream' | 'revision' | 'keys'>,
  ): Promise<Stepped> {
    const recorded = await this.#options.directory.record(id, SYSTEM, (erasure) => {
      const isThere = erasure?.condemned.some((one) => one.stream === stream && one.revision === revision) === true;
      return ok(isThere ? undefined : { type: KEYS_CONDEMNED.type, data: { stream, revision, keys } });
    });
    return recorded.ok ? ok(undefined) : all(recorded.error);
  }

  /** Destroys what is condemned, in the key store of this node or in the one that all share. @throws KeyStoreError */
  async destroy(id: string): Promise<void> {
    const { keys, eraser } = this.#options;
    for (const { erasure, at, stream, keys: condemned } of this.known(id).condemned) {
      const name = `${erasure} ${at}`;
      if (this.#destroyed.has(name)) continue;
      await keys.destroy(condemned);
      eraser.forget([stream]);
      this.#destroyed.add(name);
    }
  }

  /** Lists mentions; one that was decided on is open again. Refusal code: `conflict`. */
  async list(id: string, by: string, mentions: readonly Mention[], complete: boolean): Promise<Stepped> {
    for (let at = 0; at < mentions.length || (at === 0 && complete); at += LISTED_AT_A_TIME) {
      const data = {
        mentions: mentions.slice(at, at + LISTED_AT_A_TIME),
        complete: complete && at + LISTED_AT_A_TIME >= mentions.length,
      };
      const recorded = await this.#options.directory.record(id, by, () => ok({ type: MENTIONS_LISTED.type, data }));
      if (!recorded.ok) return all(recorded.error);
    }
    return ok(undefined);
  }

  /**
   * Condemns what a redaction of a subject left behind that was recorded in the subject's stream and whose keys were not condemned:
   * whoever did it was interrupted. Refusal code: `conflict`.
   */
  async recover(id: string, { kind, id: subject }: Pick<Mention, 'kind' | 'id'>): Promise<Stepped> {
    const cause = this.causeOf(id, streamName(kind, subject));
    const done = await this.#options.eraser.redacted(kind, subject, cause);
    return done === undefined ? ok(undefined) : this.condemn(id, done);
  }

  /** What the next redaction of a subject is known by: tried again, it is found done. */
  causeOf(id: string, stream: string): string {
    const before = this.known(id).condemned.filter((one) => one.stream === stream).length;
    return derivedId('habeas erasure: redaction', `${id} ${stream}`, before);
  }

  /**
   * @param upTo the revision of the erasure's stream up to which they are to have forgotten
   * @throws EventStoreError
   */
  async nodes({ reports }: Erasure, upTo: number): Promise<readonly ErasingNode[]> {
    const nodes = await this.#options.nodes();
    return nodes.map(({ id, name, live, stoppedAt }) => ({
      id,
      name,
      live,
      forgot: (reports.get(id) ?? -1) >= upTo,
      ...(stoppedAt !== undefined && { stoppedAt }),
    }));
  }
}

export function decisionOn(erasure: Erasure, mention: Pick<Mention, 'kind' | 'id' | 'because'>): MentionState {
  const { because } = mention;
  return erasure.decisions.get(mentionKey(mention)) ?? (because === 'cites' || because === 'clear' ? because : 'open');
}

/** Nobody is to know any more what was looked for. */
export function isOwnCondemned({ condemned }: Erasure): boolean {
  return condemned.some(({ stream }) => parseStreamName(stream)?.category === ERASURE_CATEGORY);
}

export function all(...refusals: readonly Refusal[]): { readonly ok: false; readonly error: readonly Refusal[] } {
  return { ok: false, error: refusals };
}

export function refused(code: string, detail: string): { readonly ok: false; readonly error: readonly Refusal[] } {
  return all(refusal(code, detail));
}
