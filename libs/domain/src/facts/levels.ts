/**
 * Who may see each event of a subject, as of the last of them: the strictest of what was said of the event itself, of its
 * subject, and of everything that it names; and no reader is shown what others know to be wrong.
 *
 * The rules
 * - An event is as visible as it was recorded, or as the last change that stands has it. A change of the whole subject is
 *   one of the event that it was entered with.
 * - Nothing of a subject is seen by those who may not see what it was entered with.
 * - An act is seen by nobody who may not see what it is about.
 * - What was corrected, withdrawn, revoked, moved or settled is seen by nobody who may not see the act that did so: they would take
 *   for standing what does not stand.
 * - A part of a source's text is seen by nobody who may not see the parts before it: places of words count from the beginning.
 */
import { stricter, type Visibility } from '#kernel';
import type { DomainEvent } from './event.js';
import { standingOf } from './standing.js';
import { type Entry, entriesOf, entryOfEvent, type SubjectState } from './state.js';

/** Acts that change what the fact itself says, or whether it stands. */
const OVERRIDING: ReadonlySet<string> = new Set([
  'FactCorrected',
  'FactRetracted',
  'FactMoved',
  'DisputeSettled',
  'FactsJudgementRevoked',
  'IdentityJudgementRevoked',
]);

/**
 * The levels of the subject's own events, by event id.
 *
 * @param named the strictest level of what an event names in other streams: sources that it cites, other subjects, their facts
 */
export function levelsOf(
  state: SubjectState,
  named: (event: DomainEvent) => Visibility,
): ReadonlyMap<string, Visibility> {
  const own = entriesOf(state).filter(({ foreign }) => !foreign);
  const { withdrawals } = standingOf(state);
  const levels = new Map(own.map(({ event }) => [event.id, event.visibility]));
  const entryId = own.find(({ definition }) => definition.role === 'entry')?.event.id;
  for (const { event } of own) {
    const { type, data } = event;
    if (type !== 'VisibilityChanged' || withdrawals.has(event.id)) continue;
    const about = typeof data.fact === 'string' ? data.fact : entryId;
    if (about !== undefined && levels.has(about)) levels.set(about, data.visibility as Visibility);
  }
  for (const { event } of own) raise(levels, event.id, named(event));
  // Levels only ever rise and there are three, so this ends soon.
  while (spread(state, own, entryId, levels));
  return levels;
}

/** Who may see the subject, as far as its own events say. */
export function visibilityOf(state: SubjectState): Visibility {
  const [entry] = levelsOf(state, () => 'public').values();
  return entry ?? 'internal';
}

/** Has each event follow what it depends on; whether anything rose. */
function spread(
  state: SubjectState,
  own: readonly Entry[],
  entryId: string | undefined,
  levels: Map<string, Visibility>,
): boolean {
  const { withdrawals } = standingOf(state);
  const ofSubject = (entryId === undefined ? undefined : levels.get(entryId)) ?? 'public';
  let ofText: Visibility = 'public';
  let rose = false;
  for (const { event, definition } of own) {
    rose = raise(levels, event.id, ofSubject) || rose;
    if (event.type === 'SourceTextContinued') {
      rose = raise(levels, event.id, ofText) || rose;
      ofText = levels.get(event.id) ?? ofText;
    }
    if (definition.role !== 'act') continue;
    for (const about of aboutOf(event.data)) {
      const on = entryOfEvent(state, about);
      const level = levels.get(about);
      if (on === undefined || on.foreign || level === undefined) continue;
      rose = raise(levels, event.id, level) || rose;
      if (isOverriding(event.type) && !withdrawals.has(event.id))
        rose = raise(levels, about, levels.get(event.id) ?? level) || rose;
    }
  }
  return rose;
}

/** After such an act, what it is about may be seen by fewer. */
export function isOverriding(type: string): boolean {
  return OVERRIDING.has(type);
}

function raise(levels: Map<string, Visibility>, id: string, to: Visibility): boolean {
  const level = levels.get(id) ?? to;
  const raised = stricter(level, to);
  levels.set(id, raised);
  return raised !== level;
}

/** The events of its own stream that an act is about. */
export function aboutOf({ fact, dispute, judgement, facts }: Readonly<Record<string, unknown>>): readonly string[] {
  const ids: unknown[] = [fact, dispute, judgement, ...(Array.isArray(facts) ? (facts as unknown[]) : [])];
  return ids.filter((id): id is string => typeof id === 'string');
}
