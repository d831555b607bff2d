/** What every adapter of a trail keeps to. */
import { MAX_APPEND_BYTES } from '../port.js';
import type { Trail } from '../trail.js';
import { failure } from './harness.js';

export interface TrailHarness {
  /** Opens a trail of its own that holds nothing yet. */
  open(): Promise<OpenedTrail>;
}

export interface OpenedTrail {
  readonly trail: Trail;
  /** Opens the same trail once more, as another node or after `trail` was closed. */
  readonly again: () => Promise<Trail>;
  /** Closes whatever is still open and removes the trail. */
  dispose(): Promise<void>;
}

export function trailTests(harness: TrailHarness): void {
  const on = (body: (trail: Trail, again: () => Promise<Trail>) => Promise<void>) => async () => {
    const opened = await harness.open();
    try {
      await body(opened.trail, opened.again);
    } finally {
      await opened.dispose();
    }
  };
  const texts = async (trail: Trail, limit = 100): Promise<readonly string[]> =>
    (await trail.before(undefined, limit)).map(({ text }) => text);

  test(
    'entries come back as they were, the latest first, from any place on',
    on(async (trail) => {
      expect(await trail.before(undefined, 10)).toEqual([]);
      await trail.append(['{"n":1}', 'ស្ថានភាព "\\ 🙂']);
      await trail.append(['{ "as" : "it is" }']);
      const all = await trail.before(undefined, 10);
      expect(all.map(({ text }) => text)).toEqual(['{ "as" : "it is" }', 'ស្ថានភាព "\\ 🙂', '{"n":1}']);
      const [last, middle, first] = all.map(({ place }) => place) as [number, number, number];
      expect(last > middle && middle > first).toBe(true);
      expect(await trail.before(last, 1)).toEqual([all[1]]);
      expect(await trail.before(middle, 10)).toEqual([all[2]]);
      expect(await trail.before(first, 10)).toEqual([]);
    }),
  );

  test(
    'who opens it again finds it, and goes on behind it',
    on(async (trail, again) => {
      await trail.append(['one']);
      await trail.close();
      await trail.close();
      expect(await failure(trail.append(['two']))).toMatchObject({ code: 'closed' });
      expect(await failure(trail.before(undefined, 1))).toMatchObject({ code: 'closed' });
      const later = await again();
      await later.append(['two']);
      expect(await texts(later)).toEqual(['two', 'one']);
    }),
  );

  test(
    'nodes that append at the same time lose nothing, and read the same',
    on(async (trail, again) => {
      const nodes = [trail, await again(), await again()];
      await Promise.all(
        nodes.map(async (node, n) => {
          for (let round = 0; round < 5; round++) await node.append([`${n} ${round} a`, `${n} ${round} b`]);
        }),
      );
      const found = await texts(trail);
      expect(found).toHaveLength(30);
      expect(new Set(found).size).toBe(30);
      for (const [at, text] of found.entries()) {
        if (text.endsWith('b')) expect(found[at + 1]).toBe(text.replace('b', 'a'));
      }
      for (const node of nodes) expect(await texts(node)).toEqual(found);
    }),
  );

  test.each<[what: string, code: string, given: readonly string[]]>([
    ['nothing', 'invalid-append', []],
    ['a NUL', 'invalid-append', ['\0']],
    ['half a character', 'invalid-append', ['\ud800']],
    ['too much', 'append-too-large', ['x'.repeat(MAX_APPEND_BYTES + 1)]],
  ])('%s is refused: %s', (_, code, given) =>
    on(async (trail) => {
      expect(await failure(trail.append(given))).toMatchObject({ code });
      expect(await texts(trail)).toEqual([]);
    })(),
  );
}
