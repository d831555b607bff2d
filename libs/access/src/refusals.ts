/** What the directory refuses, each with its code and what to do. */
import { SCOPES } from '#command-handling';
import { err, refusal, VISIBILITIES } from '#kernel';

/** A week: who has not changed over by then has forgotten it. */
export const MAX_OVERLAP_SECONDS = 7 * 24 * 3_600;
export const MAX_NAME_LENGTH = 200;
export const MIN_GIVEN_KEY_LENGTH = 20;

export const UNAUTHENTICATED = err(
  refusal('unauthenticated', 'A valid access key is needed: Authorization: Bearer <key>.'),
);
export const UNAVAILABLE = err(refusal('access-unavailable', 'Access keys cannot be checked at present; try again.'));
export const TOO_MANY_TRIES = err(
  refusal(
    'too-many-tries',
    'Too many wrong keys came from this address. Try again in a minute; a right key that Habeas made gets in at any time.',
  ),
);
export const FORBIDDEN = err(refusal('forbidden', 'An admin key is needed for this.'));
export const INVALID_CEILING = err(
  refusal(
    'invalid-ceiling',
    `A ceiling is one of ${VISIBILITIES.join(', ')}; that of an admin key is confidential.`,
    '/ceiling',
  ),
);
export const INVALID_EXPIRY = err(
  refusal('invalid-expiry', 'A key expires at an instant to come, such as 2030-12-31T00:00:00Z.', '/expiresAt'),
);
export const OUTLIVES_ITS_MAKER = err(
  refusal('outlives-its-maker', 'A key that expires makes keys that expire no later than itself.', '/expiresAt'),
);
export const INVALID_OVERLAP = err(
  refusal(
    'invalid-overlap',
    `The overlap is a whole number of seconds, at most ${MAX_OVERLAP_SECONDS} (a week).`,
    '/overlapSeconds',
  ),
);
export const LAST_ADMIN_KEY = err(
  refusal('last-admin-key', 'This is the last admin key that does not expire. Make another one first.'),
);
export const KEY_OVER = err(refusal('key-over', 'This key was revoked, or has expired. Make another one.'));
export const NOT_FOUND = err(refusal('not-found', 'There is no such access key.'));
export const CONFLICT = err(refusal('conflict', 'Others are changing this key; try again.'));
export const INVALID_NAME = err(refusal('invalid-name', `A name has 1 to ${MAX_NAME_LENGTH} characters.`, '/name'));
export const INVALID_SCOPES = err(
  refusal('invalid-scopes', `A key needs at least one of the scopes ${SCOPES.join(', ')}.`, '/scopes'),
);
export const WEAK_ADMIN_KEY = err(
  refusal('weak-admin-key', `An admin key has at least ${MIN_GIVEN_KEY_LENGTH} visible ASCII characters.`),
);
export const ADMIN_KEY_TAKEN = err(
  refusal('admin-key-taken', 'The given admin key is over (revoked or rotated), or another key’s. Choose a new one.'),
);
