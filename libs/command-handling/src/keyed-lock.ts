/** Lets one at a time in for each key, in the order of asking. */
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
}
