/** Statements: who said what about whom, as a source tells it. */
import { entry, fact } from '../catalogue/definition.js';
import { Actor, Fact, Organisation, Subject } from '../facts/fact.js';
import { ExactlyOne, ListOf, Nested, NestedList, OnlyWith, Optional, Personal, Value } from '../validation/fields.js';
import { language, line, oneOf, text, uuid } from '../validation/scalars.js';

/** A person or group of the record, or the unnamed holder of a role. */
@ExactlyOne('person', 'group', 'role')
@OnlyWith('organisation', 'role')
class Speaker {
  @Optional()
  @Value(uuid(), { reference: 'person' })
  person?: string;

  @Optional()
  @Value(uuid(), { reference: 'group' })
  group?: string;

  @Optional()
  @Value(line(200))
  role?: string;

  @Optional()
  @Nested(Organisation)
  organisation?: Organisation;
}

const STATEMENT_FORMS = ['direct', 'paraphrase', 'second-hand', 'document'] as const;
const STANCES = [
  'welcomes',
  'does-not-oppose',
  'opposes',
  'demands',
  'promises',
  'denies',
  'accuses',
  'declines-to-comment',
  'none',
] as const;

class StatementMade extends Fact {
  @Nested(Speaker)
  speaker!: Speaker;

  @Optional()
  @Personal()
  @Value(line(300), { description: 'The role as the source attributes it; which roles were held follows from facts.' })
  roleAsAttributed?: string;

  @Optional()
  @Nested(Actor)
  onBehalfOf?: Actor;

  @Optional()
  @Personal()
  @Value(line(300))
  audience?: string;

  @Optional()
  @Personal()
  @Value(line(300))
  channel?: string;

  @Value(oneOf(STATEMENT_FORMS))
  form!: (typeof STATEMENT_FORMS)[number];

  @Value(language())
  lang!: string;

  @Personal()
  @Value(text(20_000))
  words!: string;

  @NestedList(Subject, { max: 50 })
  about!: Subject[];

  @Value(oneOf(STANCES))
  stance!: (typeof STANCES)[number];

  @Optional()
  @Personal()
  @ListOf(line(1_000), { max: 50 })
  conditions?: string[];
}

abstract class SpeakerReacted extends Fact {
  @Optional()
  @Personal()
  @Value(text(20_000), { description: 'What the speaker says instead.' })
  words?: string;
}

class SpeakerDeniedStatement extends SpeakerReacted {}
class SpeakerCorrectedStatement extends SpeakerReacted {}
class SpeakerRetractedStatement extends SpeakerReacted {}

export const statementEvents = [
  entry(StatementMade, 'statement', { isFact: true, summary: 'Somebody said something, as a source tells it.' }),
  fact(SpeakerDeniedStatement, 'statement', {
    route: 'speaker-denials',
    summary: 'The speaker denies having said it.',
  }),
  fact(SpeakerCorrectedStatement, 'statement', { route: 'speaker-corrections', summary: 'The speaker corrects it.' }),
  fact(SpeakerRetractedStatement, 'statement', { route: 'speaker-retractions', summary: 'The speaker takes it back.' }),
];
