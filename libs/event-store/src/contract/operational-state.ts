/** What every adapter of the operational state keeps to. */
import { MAX_APPEND_BYTES } from '../port.js';
import type { OperationalState } from '../operational-state.js';
import { failure } from './harness.js';

export interface OperationalStateHarness {
  /** Opens a state of its own that holds nothing yet. */
  open(): Promise<OpenedState>;
}

export interface OpenedState {
  readonly state: OperationalState;
  /** Opens the same state once more, as another node or after `state` was closed. */
  readonly again: () => Promise<OperationalState>;
  /** Closes whatever is still open and removes the state. */
  dispose(): Promise<void>;
}

export function operationalStateTests(harness: OperationalStateHarness): void {
  const on = (body: (state: OperationalState, again: () => Promise<OperationalState>) => Promise<void>) => async () => {
    const opened = await harness.open();
    try {
      await body(opened.state, opened.again);
    } finally {
      await opened.dispose();
    }
  };

  test(
    'the last value is what is read, at a revision that grows',
    on(async (state) => {
      expect(await state.read('a')).toBeUndefined();
      const values = ['{"n":1}', '{"n":2}', '', 'ស្ថានភាព "\\ 🙂', '{ "as" : "it is" }'];
      let revision: number | undefined;
      for (const value of values) {
        const next = await state.write('a', value, revision ?? 'no-stream');
        if (revision !== undefined) expect(next).toBeGreaterThan(revision);
        revision = next;
        expect(await state.read('a')).toEqual({ value, revision });
      }
      expect(await state.read('a-b')).toBeUndefined();
      await state.write('a-b', 'another', 'no-stream');
      expect(await state.read('a')).toEqual({ value: values.at(-1), revision });
    }),
  );

  test(
    'a stale write is refused, names what is there, and changes nothing',
    on(async (state, again) => {
      const other = await again();
      const first = await state.write('a', 'one', 'no-stream');
      const second = await other.write('a', 'two', first);
      for (const expected of ['no-stream', first, second + 1] as const) {
        // Also the very value that is there.
        for (const value of ['one', 'two', 'three']) {
          expect(await failure(state.write('a', value, expected))).toMatchObject({
            code: 'wrong-expected-revision',
            expected,
            actual: second,
          });
        }
      }
      expect(await failure(state.write('b', 'one', 0))).toMatchObject({ actual: 'no-stream' });
      expect(await state.read('b')).toBeUndefined();
      expect(await state.read('a')).toEqual({ value: 'two', revision: second });
    }),
  );

  test(
    'of many who write over the same value one wins, from the first on',
    on(async (state, again) => {
      const nodes = [state, await again(), await again()];
      let expected: number | 'no-stream' = 'no-stream';
      for (let round = 0; round < 10; round++) {
        const writes: Promise<number>[] = [];
        for (let n = 0; n < 9; n++) writes.push(nodes[n % 3]!.write('a', `${round} ${n}`, expected));
        const outcomes = await Promise.allSettled(writes);
        const won = outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [[n, outcome.value]] : []));
        expect(won).toHaveLength(1);
        const [[winner, revision]] = won as [[number, number]];
        expected = revision;
        for (const node of nodes) expect(await node.read('a')).toEqual({ value: `${round} ${winner}`, revision });
      }
    }),
  );

  test(
    'it is there for who opens it again, and goes on',
    on(async (state, again) => {
      const revision = await state.write('a', 'kept', 'no-stream');
      await state.close();
      const later = await again();
      expect(await later.read('a')).toEqual({ value: 'kept', revision });
      expect(await later.write('a', 'next', revision)).toBeGreaterThan(revision);
    }),
  );

  test.each<[what: string, name: string, value: string]>([
    ['a name in capitals', 'Lease', ''],
    ['a name with a path', '../a', ''],
    ['no name', '', ''],
    ['a name that is too long', 'a'.repeat(101), ''],
    ['a NUL', 'a', '\0'],
    ['half a character', 'a', '\ud800'],
  ])('%s is refused', (_, name, value) =>
    on(async (state) => {
      expect(await failure(state.write(name, value, 'no-stream'))).toMatchObject({ code: 'invalid-append' });
    })(),
  );

  test(
    'a value over the limit is refused',
    on(async (state) => {
      const value = 'x'.repeat(MAX_APPEND_BYTES + 1);
      expect(await failure(state.write('a', value, 'no-stream'))).toMatchObject({ code: 'append-too-large' });
      expect(await state.read('a')).toBeUndefined();
    }),
  );

  test(
    'once closed it says so',
    on(async (state) => {
      await state.close();
      await state.close();
      expect(await failure(state.read('a'))).toMatchObject({ code: 'closed' });
      expect(await failure(state.write('a', '', 'no-stream'))).toMatchObject({ code: 'closed' });
    }),
  );
}
