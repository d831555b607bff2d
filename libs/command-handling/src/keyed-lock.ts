/** Lets one at a time in for each key, in the order of asking. Not re-entrant. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const done = Promise.withResolvers<undefined>();
    const tail = before.then(() => done.promise);
    this.#tails.set(key, tail);
    try {
      await before;
      return await work();
    } finally {
      done.resolve(undefined);
      // Nobody came meanwhile: forget the key, or the map would grow with every stream ever written to.
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }

  /** The same for several keys at once. Taken in the order of their names, so that no two wait for each other. */
  runAll<T>(keys: Iterable<string>, work: () => Promise<T>): Promise<T> {
    const inOrder = [...new Set(keys)].sort();
    return inOrder.reduceRight<() => Promise<T>>((inner, key) => () => this.run(key, inner), work)();
  }
}
