/** A value of the operational state that is written by who holds a lease, and by nobody who held it before (see Leases). */
import { EventStoreError, type ExpectedRevision, type OperationalState } from '#event-store';
import type { Ticker } from '#kernel';

/** Somebody who took the lease later has written: nothing more is to be done under this one. */
export class SupersededError extends Error {
  constructor() {
    super('A later holder of the lease has written.');
    this.name = 'SupersededError';
  }
}

/** Milliseconds until a state that cannot be written is tried again. */
const AGAIN_MS = 1_000;

export interface Fence {
  readonly state: OperationalState;
  readonly ticker: Ticker;
  /** Of the lease. */
  readonly token: number;
  /** Once aborted, nothing is tried again. */
  readonly ended: AbortSignal;
}

export class FencedValue<T extends object> {
  readonly #fence: Fence;
  readonly #name: string;
  #expected: ExpectedRevision;

  /**
   * Reads what is there.
   * @throws SupersededError
   * @throws EventStoreError
   */
  static async open<T extends object>(
    fence: Fence,
    name: string,
  ): Promise<{ value: FencedValue<T>; found: T | undefined }> {
    const there = await fence.state.read(name);
    const { token = 0, ...found } = there === undefined ? {} : (JSON.parse(there.value) as { token?: number });
    if (token > fence.token) throw new SupersededError();
    const value = new FencedValue<T>(fence, name, there?.revision ?? 'no-stream');
    return { value, found: there && (found as unknown as T) };
  }

  private constructor(fence: Fence, name: string, expected: ExpectedRevision) {
    this.#fence = fence;
    this.#name = name;
    this.#expected = expected;
  }

  /**
   * Puts another value in its place; what fails for a while is tried again.
   * @throws SupersededError
   * @throws EventStoreError what no waiting mends, or what lasts longer than the lease
   */
  async write(content: T): Promise<void> {
    const { state, ticker, token, ended } = this.#fence;
    for (;;) {
      try {
        this.#expected = await state.write(this.#name, JSON.stringify({ token, ...content }), this.#expected);
        return;
      } catch (error) {
        if (isOf(error, 'wrong-expected-revision')) await this.#lookAgain();
        else if (isOf(error, 'unavailable', 'timed-out', 'disk-full') && !ended.aborted)
          await ticker.sleep(AGAIN_MS, ended);
        else throw error;
      }
    }
  }

  /** What is there may be this holder's own, whose answer did not come, or an earlier one's, that was long on its way. */
  async #lookAgain(): Promise<void> {
    const { value, found } = await FencedValue.open<T>(this.#fence, this.#name);
    if (found === undefined && this.#expected === value.#expected) throw new SupersededError();
    this.#expected = value.#expected;
  }
}

function isOf(error: unknown, ...codes: readonly EventStoreError['code'][]): boolean {
  return error instanceof EventStoreError && codes.includes(error.code);
}
