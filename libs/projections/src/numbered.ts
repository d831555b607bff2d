/** Gives numbers to things as they come, from 0 on: the same number to the same thing. */
export class Numbered<T> {
  /** By their numbers. */
  readonly all: T[] = [];
  private readonly numbers = new Map<string, number>();

  /** @param key the same for the same thing  @param make called for one that is new */
  of(key: string, make: () => T): number {
    let number = this.numbers.get(key);
    if (number === undefined) this.numbers.set(key, (number = this.all.push(make()) - 1));
    return number;
  }
}
