/** Who was shown what is confidential: nobody is answered before it is written down, and it is found again. */
import { EventStoreError, MAX_APPEND_BYTES, type Trail, type TrailEntry } from '#event-store';
import { openAccessTrail } from '#access';

const HOUR_MS = 3_600_000;
let now = Date.parse('2026-11-26T12:00:00Z');
const clock = { now: () => new Date(now) };

/** In memory; each append waits until it is let go on, or fails. */
class HeldTrail implements Trail {
  readonly entries: TrailEntry[] = [];
  readonly held: { readonly texts: readonly string[]; readonly end: (error?: Error) => void }[] = [];
  holds = false;

  async append(texts: readonly string[]): Promise<void> {
    if (this.holds) {
      await new Promise<void>((done, failed) => {
        this.held.push({
          texts,
          end: (error) => {
            if (error === undefined) done();
            else failed(error);
          },
        });
      });
    }
    for (const text of texts) this.entries.unshift({ place: this.entries.length, text });
  }
  before(place = Infinity, limit: number): Promise<readonly TrailEntry[]> {
    return Promise.resolve(this.entries.filter((one) => one.place < place).slice(0, limit));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const person = (id: string) => ({ kind: 'person', id }) as const;
const read = (by: string, ...ids: readonly string[]) => ({
  by: `key:${by}`,
  operation: 'readPerson',
  request: 'r',
  subjects: ids.map(person),
});
const turn = () => new Promise((next) => setImmediate(next));

test('nothing is resolved before it is written; what comes meanwhile is written together; what cannot be is refused', async () => {
  const held = new HeldTrail();
  held.holds = true;
  const trail = openAccessTrail(held, clock);
  const outcomes: string[] = [];
  const record = (id: string): void => {
    trail.record(read('a', id)).then(
      () => outcomes.push(id),
      () => outcomes.push(`not ${id}`),
    );
  };
  record('1');
  record('2');
  record('3');
  await turn();
  expect([outcomes, held.held.map(({ texts }) => texts.length)]).toEqual([[], [1]]);
  held.held.shift()?.end();
  await turn();
  expect([outcomes, held.held.map(({ texts }) => texts.length)]).toEqual([['1'], [2]]);
  held.held.shift()?.end(new EventStoreError('unavailable', 'gone'));
  await turn();
  expect(outcomes).toEqual(['1', 'not 2', 'not 3']);
  record('4');
  const closing = trail.close();
  held.held.shift()?.end();
  await closing;
  expect(outcomes).toEqual(['1', 'not 2', 'not 3', '4']);
});

test('by key, subject and time, in pages, the latest first, each entry once', async () => {
  const trail = openAccessTrail(new HeldTrail(), clock);
  for (let n = 0; n < 6; n++) {
    await trail.record(read(n % 2 === 0 ? 'even' : 'odd', `${n}`, 'all'));
    now += HOUR_MS;
  }
  await trail.record({ ...read('odd'), everything: true });
  const all = async (query: Parameters<typeof trail.page>[0]): Promise<readonly string[]> => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      if (found.length > 100) throw new Error('It goes on for ever.');
      const page = await trail.page({ ...query, limit: 1, ...(cursor !== undefined && { cursor }) });
      if (!page.ok) return [page.error.code];
      expect(page.value.items.length).toBeLessThanOrEqual(1);
      found.push(...page.value.items.map(({ subjects: [one] }) => one?.id ?? 'everything'));
      cursor = page.value.next;
    } while (cursor !== undefined);
    return found;
  };
  expect(await all({})).toEqual(['everything', '5', '4', '3', '2', '1', '0']);
  expect(await all({ key: 'even' })).toEqual(['4', '2', '0']);
  expect(await all({ key: 'key:odd' })).toEqual(['everything', '5', '3', '1']);
  expect(await all({ subject: '3' })).toEqual(['everything', '3']);
  expect(await all({ from: '2026-11-26T13:00:00Z', to: '2026-11-26T15:00:00.000Z' })).toEqual(['3', '2', '1']);
  expect(await all({ from: '2026-11-26T14:00:00+01:00', to: '2026-11-26T13:00Z' })).toEqual(['1']);
  expect(await all({ from: '2026-11-26' })).toEqual(['invalid-moment']);
  expect(await all({ to: 'yesterday' })).toEqual(['invalid-moment']);
  expect(await trail.page({ limit: 201 })).toMatchObject({ error: { code: 'invalid-limit' } });
  expect(await trail.page({ cursor: 'x' })).toMatchObject({ error: { code: 'invalid-cursor' } });
});

test('a page looks through so many, and says where to go on', async () => {
  const trail = openAccessTrail(new HeldTrail(), clock);
  await trail.record(read('rare', 'x'));
  await Promise.all(Array.from({ length: 5_200 }, () => trail.record(read('other', 'y'))));
  const first = await trail.page({ key: 'rare' });
  if (!first.ok || first.value.next === undefined) throw new Error('It looked through everything.');
  expect(first.value.items).toEqual([]);
  const second = await trail.page({ key: 'rare', cursor: first.value.next });
  expect(second).toMatchObject({ ok: true, value: { items: [{ by: 'key:rare' }] } });
});

test('what is older than what is asked for is not looked through', async () => {
  const trail = openAccessTrail(new HeldTrail(), clock);
  await Promise.all(Array.from({ length: 5_200 }, () => trail.record(read('a', 'old'))));
  now += 50 * HOUR_MS;
  await trail.record(read('a', 'new'));
  const from = clock.now().toISOString();
  expect(await trail.page({ from })).toMatchObject({ value: { items: [{ subjects: [{ id: 'new' }] }] } });
  expect(await trail.page({ from })).not.toHaveProperty('value.next');
});

test('what waits is written in parts that the trail takes', async () => {
  const held = new HeldTrail();
  held.holds = true;
  const trail = openAccessTrail(held, clock);
  const ids = Array.from({ length: 200 }, (_, n) => `${'x'.repeat(30)}${n}`);
  const written = Promise.all(Array.from({ length: 100 }, () => trail.record(read('a', ...ids))));
  const sizes: number[] = [];
  for (let parts = 0; parts < 100 && held.entries.length < 100; parts++) {
    await turn();
    for (const { texts, end } of held.held.splice(0)) {
      sizes.push(Buffer.byteLength(texts.join('')));
      end();
    }
    await turn();
  }
  await written;
  expect(sizes.length).toBeLessThan(100);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_APPEND_BYTES);
});

test('of an answer that shows very many, so many are named, and it may have shown any', async () => {
  const trail = openAccessTrail(new HeldTrail(), clock);
  await trail.record(read('a', ...Array.from({ length: 300 }, (_, n) => `${n}`)));
  const page = await trail.page({ subject: '299' });
  expect(page.ok && page.value.items.map(({ subjects, more }) => [subjects.length, more])).toEqual([[200, 100]]);
});
