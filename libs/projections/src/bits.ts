/** Sets of subjects by number, one bit each: 100,000 subjects are joined, cut and counted in microseconds. */
export class Bits {
  private words: Uint32Array;

  constructor(words = new Uint32Array(0)) {
    this.words = words;
  }

  static of(numbers: Iterable<number>): Bits {
    const bits = new Bits();
    for (const number of numbers) bits.add(number);
    return bits;
  }

  copy(): Bits {
    return new Bits(this.words.slice());
  }

  has(number: number): boolean {
    return ((this.words[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  add(number: number): void {
    const at = number >>> 5;
    if (at >= this.words.length) this.grow(at + 1);
    this.words[at] = (this.words[at] ?? 0) | (1 << (number & 31));
  }

  delete(number: number): void {
    const at = number >>> 5;
    if (at < this.words.length) this.words[at] = (this.words[at] ?? 0) & ~(1 << (number & 31));
  }

  /** Takes in all of the other. */
  join({ words }: Bits): this {
    if (words.length > this.words.length) this.grow(words.length);
    for (let at = 0; at < words.length; at++) this.words[at] = (this.words[at] ?? 0) | (words[at] ?? 0);
    return this;
  }

  /** Keeps what the other holds too. */
  cut({ words }: Bits): this {
    for (let at = 0; at < this.words.length; at++) this.words[at] = (this.words[at] ?? 0) & (words[at] ?? 0);
    return this;
  }

  /** Drops what the other holds. */
  without({ words }: Bits): this {
    const { length } = this.words;
    for (let at = 0; at < length; at++) this.words[at] = (this.words[at] ?? 0) & ~(words[at] ?? 0);
    return this;
  }

  count(): number {
    let total = 0;
    for (const word of this.words) if (word !== 0) total += ones(word);
    return total;
  }

  /** How many of its own the other holds too. */
  common({ words }: Bits): number {
    const length = Math.min(words.length, this.words.length);
    let total = 0;
    for (let at = 0; at < length; at++) {
      const both = (this.words[at] ?? 0) & (words[at] ?? 0);
      if (both !== 0) total += ones(both);
    }
    return total;
  }

  /** The first numbers above `after`, ascending; or the last ones below it, descending. */
  next(after: number | undefined, descending: boolean, limit: number): number[] {
    const found: number[] = [];
    const step = descending ? -1 : 1;
    const end = this.words.length * 32;
    let number = after === undefined ? (descending ? end - 1 : 0) : after + step;
    while (number >= 0 && number < end && found.length < limit) {
      if ((this.words[number >>> 5] ?? 0) === 0) {
        // Nothing in this word: on to the next one.
        number = descending ? (number & ~31) - 1 : (number | 31) + 1;
        continue;
      }
      if (this.has(number)) found.push(number);
      number += step;
    }
    return found;
  }

  all(): number[] {
    return this.next(undefined, false, Infinity);
  }

  private grow(length: number): void {
    // Some room ahead: numbers are given out in rising order.
    const words = new Uint32Array(Math.max(length, Math.ceil(this.words.length * 1.25)));
    words.set(this.words);
    this.words = words;
  }
}

function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
