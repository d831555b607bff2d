/** A statement's document. */
import type { StatementView } from '../shapes.js';
import { Build, type BuildInput } from './build.js';
import type { Built } from './built.js';
import { actsOnSubject, alternativesElsewhere } from './lists.js';
import { optional, text, texts } from './read.js';
import { aboutOf, isStatement, speakerOf, speakerSince } from './statements.js';
import { statementSummary } from './summary.js';

export function buildStatement(input: BuildInput): Built<StatementView> {
  const build = new Build(input);
  const { subject } = build;
  // Its own document tells what it is, also where it does not count.
  const fact = subject.everyFact().find(isStatement);
  const { audience, channel, form, stance, lang, words, conditions, citations } = fact?.data ?? {};
  const speaker = fact === undefined ? {} : speakerOf(fact, build);
  return build.finish({
    kind: 'statement',
    id: subject.id,
    summary: statementSummary(speaker, text(stance), text(words)),
    visibility: subject.visibility(),
    speaker,
    ...optional('audience', text(audience)),
    ...optional('channel', text(channel)),
    ...optional('occurred', fact?.occurred),
    ...optional('form', text(form)),
    ...optional('stance', text(stance)),
    ...optional('lang', text(lang)),
    ...optional('words', text(words)),
    conditions: texts(conditions),
    about: fact === undefined ? [] : aboutOf(fact, build),
    citations: build.citations(citations),
    speakerSince: speakerSince(subject),
    timeline: build.timeline(),
    acts: actsOnSubject(build),
    alternativesElsewhere: alternativesElsewhere(build),
    inconsistencies: subject.inconsistencies(),
  });
}
