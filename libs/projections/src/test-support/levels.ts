/** Levels of visibility for stories, and the rules of who may see what, written down once more. */
import fc from 'fast-check';
import { definitionOf, evolve, initial, stands } from '#domain';
import { derivedId, stricter, type Visibility, VISIBILITIES } from '#kernel';
import { mentionsOf } from '../subject.js';
import type { Said } from './record.js';

/** Numbers that levels are picked by. */
export const LEVELS = fc.array(fc.nat({ max: 10_000 }), { minLength: 12, maxLength: 40 });

/** The same story, each event with a level, and now and then a change of the level of something that was said before. */
export function withLevels(story: readonly Said[], picks: readonly number[]): readonly Said[] {
  const said: Said[] = [];
  for (const [n, one] of story.entries()) {
    const pick = picks[n % picks.length] ?? 0;
    // Most are public, or hardly anything would be seen by anybody.
    said.push({ ...one, visibility: VISIBILITIES[[0, 0, 0, 0, 1, 0, 0, 2][pick % 8] ?? 0] ?? 'public' });
    if (pick % 5 > 1) continue;
    const on = said[Math.floor(pick / 40) % said.length];
    if (on === undefined) continue;
    const whole = pick % 3 === 0 || definitionOf(on.type)?.role === 'entry';
    said.push({
      kind: on.kind,
      subject: on.subject,
      id: derivedId('levels', 'change', n),
      type: 'VisibilityChanged',
      data: {
        ...(!whole && { fact: on.id }),
        visibility: VISIBILITIES[[0, 0, 1, 2][Math.floor(pick / 5) % 4] ?? 0] ?? 'public',
        reason: 'because',
      },
      visibility: pick % 2 === 0 ? 'public' : 'internal',
    });
  }
  return said;
}

/** Who may see each event of a story: the rules, applied to everything at once until nothing rises any more. */
export function levelsIn(story: readonly Said[]): ReadonlyMap<string, Visibility> {
  const states = new Map(
    story.map(({ kind, subject }) => {
      const own = story.filter((each) => each.subject === subject);
      const events = own.map(({ id, type, data }) => ({
        id,
        type,
        data,
        recordedAt: '',
        recordedBy: '',
        visibility: 'public' as const,
      }));
      return [subject, events.reduce(evolve, initial(kind, subject))] as const;
    }),
  );
  const standing = ({ subject, id }: Said): boolean => {
    const state = states.get(subject);
    return state !== undefined && stands(state, id);
  };
  const entryOf = (subject: string): Said | undefined => story.find((one) => one.subject === subject);
  const levels = new Map<string, Visibility>();
  for (const [n, one] of story.entries()) {
    const changes = story.filter(
      (each, m) =>
        m > n &&
        each.type === 'VisibilityChanged' &&
        each.subject === one.subject &&
        standing(each) &&
        (each.data.fact === one.id || (each.data.fact === undefined && entryOf(one.subject) === one)),
    );
    levels.set(one.id, (changes.at(-1)?.data.visibility ?? one.visibility) as Visibility);
  }
  for (let before = ''; before !== JSON.stringify([...levels]);) {
    before = JSON.stringify([...levels]);
    const raise = (id: string, by: string | undefined): void => {
      levels.set(id, stricter(levels.get(id) ?? 'public', levels.get(by ?? '') ?? 'public'));
    };
    for (const one of story) {
      raise(one.id, entryOf(one.subject)?.id);
      for (const { id } of mentionsOf(one.type, one.data)) raise(one.id, entryOf(id)?.id);
      const { fact, dispute, judgement, facts } = one.data;
      for (const about of [fact, dispute, judgement, ...((facts ?? []) as unknown[])]) {
        const on = story.find(({ id }) => id === about);
        if (on === undefined || story.indexOf(on) > story.indexOf(one)) continue;
        raise(one.id, on.id);
        const overrides =
          ['FactCorrected', 'FactRetracted', 'FactMoved', 'DisputeSettled'].includes(one.type) ||
          one.type.endsWith('JudgementRevoked');
        if (overrides && on.subject === one.subject && standing(one)) raise(on.id, one.id);
      }
    }
  }
  return levels;
}
