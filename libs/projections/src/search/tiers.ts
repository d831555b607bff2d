/**
 * The ranks of what is found. Names come before titles, titles before other texts; what is wholly the query before what
 * begins with it, that before words that begin with it, that before anything that holds it; and in each of these the
 * latest first. A text is in one tier only; a subject is shown once, where its best text is.
 *
 * After all of these come texts that hold another name of somebody who is called just what was searched for.
 */
import { type How, type Needles, writesSpaces } from './folded-words.js';
import type { Wanted } from './candidates.js';
import type { TextClass } from './tables.js';

/** A name that is searched for because the query is another name of its bearer. */
export interface Spelling {
  /** The row of the name. */
  readonly row: number;
  readonly sid: number;
  readonly text: string;
  readonly needles: Needles;
}

export interface Tier {
  /** Its place among the tiers of the query, or of the spelling. */
  readonly number: number;
  readonly spelling: Spelling | undefined;
  readonly how: How;
  readonly classes: readonly TextClass[];
  readonly wanted: Wanted;
}

const LEVELS = ['name', 'title', 'text'] as const;

export function tiersOf(
  needles: Needles,
  classes: readonly TextClass[],
  spellings: readonly Spelling[],
): readonly Tier[] {
  return [
    ...tiers(classes, undefined, (level) => waysToHold(needles, level)),
    ...spellings.flatMap((spelling) => tiers(classes, spelling, (level) => waysToHoldName(spelling, level))),
  ];
}

type Way = Pick<Tier, 'how' | 'wanted'>;

function tiers(
  classes: readonly TextClass[],
  spelling: Spelling | undefined,
  ways: (level: TextClass['level']) => readonly Way[],
): readonly Tier[] {
  return LEVELS.flatMap((level) => ways(level).map((way) => ({ level, ...way }))).flatMap(
    ({ level, how, wanted }, number) => {
      const ofLevel = classes.filter((one) => one.level === level);
      return ofLevel.length === 0 ? [] : [{ number, spelling, how, classes: ofLevel, wanted }];
    },
  );
}

function waysToHold({ whole, beginning, word, part }: Needles, level: TextClass['level']): readonly Way[] {
  const called: readonly Way[] =
    level === 'text'
      ? []
      : [
          { how: 'whole', wanted: { needle: whole, without: undefined } },
          { how: 'beginning', wanted: { needle: beginning, without: whole } },
        ];
  const better = level === 'text' ? undefined : beginning;
  // What begins with no letter begins no word.
  if (word === part) return [...called, { how: 'part', wanted: { needle: part, without: better } }];
  return [
    ...called,
    { how: 'word', wanted: { needle: word, without: better } },
    { how: 'part', wanted: { needle: part, without: word } },
  ];
}

/** A name is looked for as words of its own: other words that hold it are not its bearer's. */
function waysToHoldName({ needles, text }: Spelling, level: TextClass['level']): readonly Way[] {
  const { whole, word, part } = needles;
  const inText: Way = writesSpaces(text)
    ? { how: 'word', wanted: { needle: word, without: level === 'text' ? undefined : whole } }
    : { how: 'part', wanted: { needle: part, without: level === 'text' ? undefined : whole } };
  return level === 'text' ? [inText] : [{ how: 'whole', wanted: { needle: whole, without: undefined } }, inText];
}
