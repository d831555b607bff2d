/** Access keys. */
import type { AccessKeyInfo, NewAccessKey, OwnAccessKey, RotatedAccessKey } from '#access';
import { SCOPES } from '#command-handling';
import { type Schema, count, instant, list, object, oneOf, ref, text, visibility } from './shape.js';

export const keySchemas: Readonly<Record<string, Schema>> = {
  NewKey: object({
    name: { type: 'string', minLength: 1, maxLength: 200 },
    scopes: { type: 'array', minItems: 1, uniqueItems: true, items: oneOf(...SCOPES) },
    'ceiling?': {
      ...visibility,
      description: 'What its holder sees at most: internal unless said; that of an admin key is confidential',
    },
    'expiresAt?': { ...instant, description: 'From when on it lets nobody in; it does not expire unless said' },
  }),
  CreatedKey: object<NewAccessKey>({
    id: text,
    key: { ...text, description: 'Send it as "Authorization: Bearer <key>"' },
  }),
  Rotation: object({
    'overlapSeconds?': {
      ...count,
      minimum: 0,
      maximum: 604_800,
      description: 'For how long the secret before lets in beside the new one: 0 unless said',
    },
    'expiresAt?': { ...instant, description: 'When the key expires from now on; as before, unless said' },
  }),
  RotatedKey: object<RotatedAccessKey>({
    id: text,
    key: { ...text, description: 'The new one: send it as "Authorization: Bearer <key>"' },
    'previousUntil?': { ...instant, description: 'Until then the one before lets in as well' },
  }),
  OwnKey: object<OwnAccessKey>({ id: text, scopes: list(text), ceiling: visibility, 'expiresAt?': instant }),
  Key: object<AccessKeyInfo>({
    id: text,
    'name?': text,
    scopes: list(text),
    ceiling: visibility,
    createdAt: instant,
    createdBy: text,
    'expiresAt?': instant,
    'rotatedAt?': { ...instant, description: 'When it was last given another secret' },
    'revokedAt?': instant,
    'lastUsedAt?': {
      ...instant,
      description: 'The beginning of the hour in which somebody last came in by it; left out: nobody did',
    },
  }),
  KeyList: object({ items: list(ref('Key')) }),
};
