/** Places in a text at which it may be cut, and how far they are from each other in code points. */

const STAYS_WITH_THE_BEFORE = /^[\p{M}\u200c\u200d]/u;
const COENG = 0x17d2;
const LONGEST_CLUSTER = 50;

/** The nearest place at or before this one at which no letter is parted from what belongs to it. In UTF-16 units. */
export function cutBefore(text: string, near: number): number {
  let at = near;
  while (at > 0 && near - at < LONGEST_CLUSTER && belongsToTheBefore(text, at)) at--;
  return at;
}

function belongsToTheBefore(text: string, at: number): boolean {
  return (
    isLowSurrogate(text.charCodeAt(at)) ||
    STAYS_WITH_THE_BEFORE.test(text.charAt(at)) ||
    // A letter under the one before.
    text.charCodeAt(at - 1) === COENG
  );
}

/** How many code points lie between two places given in UTF-16 units. */
export function codePointsBetween(text: string, from: number, to: number): number {
  let count = to - from;
  for (let at = from; at < to; at++) if (isLowSurrogate(text.charCodeAt(at))) count--;
  return count;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
