/** What a text is known by elsewhere. */
import { createHash } from 'node:crypto';

/** SHA-256, hex, of the text as it is kept, in UTF-8. */
export function textHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
