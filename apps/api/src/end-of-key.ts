/** What goes on after its request has to end when the key does by which it was begun. */
import type { AccessDirectory } from '#access';

/** Why what was begun by a credential is to end; undefined: it goes on. */
export function endOfKey(
  access: Pick<AccessDirectory, 'admitted'>,
  credential: string,
): 'unauthenticated' | 'access-unavailable' | undefined {
  const known = access.admitted(credential);
  if (known.ok) return undefined;
  return known.error.code === 'access-unavailable' ? known.error.code : 'unauthenticated';
}
