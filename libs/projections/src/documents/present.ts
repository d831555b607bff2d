/** Builds the document of any kind of subject, by the one builder of its kind. */
import type { Day, DayBounds } from '#kernel';
import type { SubjectCategory } from '../shapes.js';
import type { Find, Subject } from '../subject.js';
import type { BuildInput } from './build.js';
import type { Built } from './built.js';
import { buildCase } from './case.js';
import { buildGroup } from './group.js';
import { buildPerson } from './person.js';
import { buildSource } from './source.js';
import { buildStatement } from './statement.js';

const BUILDERS: Readonly<Record<SubjectCategory, (input: BuildInput) => Built>> = {
  person: buildPerson,
  group: buildGroup,
  case: buildCase,
  statement: buildStatement,
  source: buildSource,
};

/** What is so on this day, and until when that stays. */
export function presentDocument(subject: Subject, find: Find, day: Day): Built {
  return BUILDERS[subject.kind]({ subject, find, day });
}

/** What was so over a span of days; without one, on this day. */
export function momentDocument(subject: Subject, find: Find, day: Day, span: DayBounds | undefined): Built['document'] {
  return BUILDERS[subject.kind]({ subject, find, day, ...(span !== undefined && { span }) }).document;
}
