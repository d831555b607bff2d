/** Who may see something, in three nested levels: what is public is also seen inside, what is internal also in confidence. */

export type Visibility = 'public' | 'internal' | 'confidential';

/** From the widest to the narrowest. */
export const VISIBILITIES: readonly Visibility[] = ['public', 'internal', 'confidential'];

export function isVisibility(value: unknown): value is Visibility {
  return VISIBILITIES.includes(value as Visibility);
}

/** The one that fewer may see. */
export function stricter(a: Visibility, b: Visibility): Visibility {
  return VISIBILITIES.indexOf(a) >= VISIBILITIES.indexOf(b) ? a : b;
}

/** Whether somebody who may see things up to a ceiling may see what is of this level. */
export function mayBeSeen(level: Visibility, ceiling: Visibility): boolean {
  return VISIBILITIES.indexOf(level) <= VISIBILITIES.indexOf(ceiling);
}
