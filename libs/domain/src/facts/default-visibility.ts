/**
 * Who may see what is recorded where nobody says so. An office that publishes what it records sets the default to public; what
 * may endanger somebody, and everything about a child, stays inside all the same until somebody says that it is to be seen.
 *
 * It stays `internal`, never `confidential`: whoever works in the office has to be able to check and to correct it, and a source
 * that few may see would hide every fact that cites it from the others. That a thing is for few is for a person to decide.
 */
import { recordingDay, type Visibility } from '#kernel';
import { definitionOf } from '../catalogue/catalogue.js';
import { embeddedIn, innerTypeOf } from '../catalogue/references.js';
import { mayBeMinor, tellsOfMinor } from '../person/minors.js';
import { isPlainObject } from '../validation/fields.js';
import type { DecideContext, NewEvent } from './context.js';
import { visibilityOf } from './levels.js';
import type { SubjectState } from './state.js';

/** What an office may make of what is not sensitive. */
export type OfficeVisibility = 'public' | 'internal';

/**
 * @param office what the office makes of everything else
 * @param state of the subject before these events; undefined: they enter it
 */
export function visibilityByDefault(
  office: OfficeVisibility,
  state: SubjectState | undefined,
  events: readonly NewEvent[],
  now: Date,
): Visibility {
  if (office === 'internal') return office;
  const day = recordingDay(now);
  const isOfMinor = state?.kind === 'person' && mayBeMinor(state, day);
  return isOfMinor || events.some((event) => isSensitive(event) || tellsOfMinor(event, day)) ? 'internal' : office;
}

/**
 * What is recorded with an event by which it becomes known that a person whom everybody may see may be a child: from then on
 * they are seen inside alone. Nothing, if whoever records it says that it is public, and so knows of whom they speak.
 */
export function drawnBack(
  state: SubjectState | undefined,
  event: NewEvent,
  { now, visibility, eventId }: Pick<DecideContext, 'now' | 'visibility' | 'eventId'>,
): readonly NewEvent[] {
  const day = recordingDay(now);
  if (visibility === 'public' || state?.kind !== 'person' || !tellsOfMinor(event, day)) return [];
  if (visibilityOf(state) !== 'public' || mayBeMinor(state, day)) return [];
  const data = { visibility: 'internal', reason: 'By a birth date on record the person may be under 18.' };
  return [{ id: eventId(1), type: 'VisibilityChanged', data }];
}

function isSensitive({ type, data }: NewEvent): boolean {
  const definition = definitionOf(type);
  if (definition === undefined || definition.isSensitive(data)) return true;
  const embedded = embeddedIn(definition, data)?.data;
  return isPlainObject(embedded) && innerTypeOf(data)?.isSensitive(embedded) !== false;
}
