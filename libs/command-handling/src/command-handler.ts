/** From a command to events in the log. */
import type { OfficeVisibility } from '#domain';
import type { EventStore } from '#event-store';
import type { Clock, Randomness, Refusal, Result } from '#kernel';
import { createRecordCodec, type KeyStore, openingOf } from '#log-format';
import { decisionOn } from './decision.js';
import { StreamEraser, type SubjectEraser } from './erasing.js';
import { KeyedLock } from './keyed-lock.js';
import { isMove, moveFact } from './move-fact.js';
import { prepare } from './prepare.js';
import type { Principal } from './principal.js';
import { Recorder, type Recording } from './recorder.js';
import { SubjectStreams } from './subject-streams.js';
import type { Accepted, Command, CommandHandler, CommandObserver } from './types.js';

export interface CommandHandlerOptions {
  readonly store: EventStore;
  readonly keys: KeyStore;
  /** From `ensureLogStarted`. */
  readonly logId: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Who may see what is not sensitive, where nobody says so; `internal`, where it is left out. */
  readonly visibility?: OfficeVisibility;
  readonly observer?: CommandObserver;
}

/** @returns also what erases in the same streams: both know of each other, and wait for each other */
export function createCommandHandler(
  options: CommandHandlerOptions,
): CommandHandler & { readonly eraser: SubjectEraser } {
  return new Handler(options);
}

class Handler implements CommandHandler {
  readonly eraser: SubjectEraser;
  readonly #subjects: SubjectStreams;
  readonly #recorder: Recorder;
  /** One command at a time for each stream: the others would only conflict. */
  readonly #locks = new KeyedLock();

  constructor(private readonly options: CommandHandlerOptions) {
    const codec = createRecordCodec(options.randomness);
    const access = { ...options, codec, opening: openingOf(options.store, options.keys) };
    this.#subjects = new SubjectStreams(access);
    this.#recorder = new Recorder(this.#subjects, { ...access, visibility: options.visibility ?? 'internal' });
    this.eraser = new StreamEraser(this.#subjects, this.#locks, access);
  }

  async execute(command: Command, principal: Principal): Promise<Result<Accepted, readonly Refusal[]>> {
    const prepared = prepare(command, principal, this.options.randomness);
    if (!prepared.ok) return prepared;
    if (isMove(prepared.value)) {
      const { clock } = this.options;
      return moveFact(prepared.value, {
        subjects: this.#subjects,
        recorder: this.#recorder,
        locks: this.#locks,
        clock,
      });
    }
    const { recording } = prepared.value;
    const decided: Recording = { ...recording, decide: decisionOn(prepared.value) };
    return this.#locks.run(recording.stream, () => this.#recorder.record(decided));
  }
}
