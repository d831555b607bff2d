/** What a person is charged with, convicted of or sentenced for. Decides a status, so it is never sealed. */
import { Optional, Value } from '../validation/fields.js';
import { line } from '../validation/scalars.js';

export class Count {
  @Value(line(300), { description: 'The offence as the source names it.' })
  offence!: string;

  @Optional()
  @Value(line(300))
  law?: string;

  @Optional()
  @Value(line(100))
  article?: string;
}

export const PRESENCES = ['present', 'in-absentia', 'represented', 'unknown'] as const;
export type Presence = (typeof PRESENCES)[number];
