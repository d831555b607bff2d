/** The element at an index that is known to be within the list. Throws a RangeError where it is not: a bug of ours. */
export function nth<T>(list: readonly T[], index: number): T {
  if (index < 0 || index >= list.length) throw new RangeError('an index outside of its list');
  return list[index] as T;
}
