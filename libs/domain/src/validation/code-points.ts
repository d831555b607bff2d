/** Lengths and positions count code points, like JSON Schema's maxLength: never units, which only JavaScript knows. */
export function codePointsBetween(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; count++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return count;
}
