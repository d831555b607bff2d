/** What is recorded about facts, in every stream that holds facts: corrections, moves, judgements, disputes. */
import { VISIBILITIES, type Visibility } from '#kernel';
import { act } from '../catalogue/definition.js';
import { ListOf, Nested, NestedList, Optional, Personal, ServerSet, Value } from '../validation/fields.js';
import { anyObject, edtf, integer, line, oneOf, text, uuid } from '../validation/scalars.js';
import { Citation } from './citation.js';
import { Actor, MOST_CITATIONS, Subject } from './fact.js';

const REASON = text(5_000);

class AboutFact {
  @Value(uuid(), { description: 'The event id of the fact.' })
  fact!: string;
}

/**
 * What a payload inside of another is: so that the event can be read, sealed and brought up to date without what it
 * speaks of.
 */
class PayloadType {
  @Value(line(100))
  type!: string;

  @Value(integer(1, 1_000), { description: "The version of the type's payload." })
  schemaVersion!: number;
}

class FactCorrected extends AboutFact {
  @ServerSet()
  @Nested(PayloadType, { description: 'What `data` is.' })
  factType?: PayloadType;

  @Value(anyObject(), {
    description:
      "The whole new payload, by the schema of the fact's own type. Of a correction: the new payload of the fact that it corrects.",
  })
  data!: Record<string, unknown>;

  @Personal()
  @Value(REASON)
  reason!: string;

  @NestedList(Citation, { min: 1, max: MOST_CITATIONS })
  citations!: Citation[];
}

class FactRetracted extends AboutFact {
  @Personal()
  @Value(REASON)
  reason!: string;

  @Optional()
  @NestedList(Citation, { max: MOST_CITATIONS })
  citations?: Citation[];
}

class FactMoved extends AboutFact {
  @Nested(Subject, { description: 'The person or group that the fact is about.' })
  to!: Subject;

  @Personal()
  @Value(REASON)
  reason!: string;

  @ServerSet()
  @Value(uuid(), { description: 'The event id under which it is recorded there.' })
  movedTo?: string;
}

class AccountAdded extends AboutFact {
  @Optional()
  @Value(edtf(), { description: 'When, as this source gives it. Left out: it does not say.' })
  occurred?: string;

  @Optional()
  @Personal()
  @Value(line(300))
  place?: string;

  @NestedList(Citation, { min: 1, max: MOST_CITATIONS })
  citations!: Citation[];

  @Optional()
  @Personal()
  @Value(text(5_000))
  note?: string;
}

class FactsJudgedSame {
  @ListOf(uuid(), {
    min: 2,
    max: 50,
    unique: true,
    description: 'Event ids of facts of one type that are one and the same.',
  })
  facts!: string[];

  @Personal()
  @Value(REASON)
  reason!: string;
}

class FactsJudgementRevoked {
  @Value(uuid(), { description: 'The event id of the judgement.' })
  judgement!: string;

  @Personal()
  @Value(REASON)
  reason!: string;
}

const DISPUTE_KINDS = ['ambiguous-reading', 'denied', 'contradicted'] as const;
const DISPUTE_OUTCOMES = ['upheld', 'rejected', 'undetermined'] as const;

/** Another reading of the same words: the same kind of fact, of another subject or with other content. */
class Alternative {
  @Nested(Subject)
  subject!: Subject;

  @Value(anyObject(), { description: "A payload by the schema of the disputed fact's own type." })
  data!: Record<string, unknown>;
}

class FactDisputed extends AboutFact {
  @ServerSet()
  @Nested(PayloadType, { description: "What the alternative's `data` is." })
  factType?: PayloadType;

  @Value(oneOf(DISPUTE_KINDS))
  kind!: (typeof DISPUTE_KINDS)[number];

  @Optional()
  @Nested(Actor, { description: 'Who disputes it. Left out: whoever records this.' })
  by?: Actor;

  @Personal()
  @Value(REASON)
  reason!: string;

  @Optional()
  @Nested(Alternative)
  alternative?: Alternative;

  @NestedList(Citation, { min: 1, max: MOST_CITATIONS })
  citations!: Citation[];
}

class DisputeSettled extends AboutFact {
  @Optional()
  @Value(uuid(), { description: 'The event id of the dispute. Left out: every open dispute of the fact.' })
  dispute?: string;

  @Value(oneOf(DISPUTE_OUTCOMES), {
    description:
      'upheld: the dispute was right, the fact no longer counts; rejected: the fact stands undisputed; undetermined: it stays disputed.',
  })
  outcome!: (typeof DISPUTE_OUTCOMES)[number];

  @Personal()
  @Value(REASON)
  reason!: string;

  @Optional()
  @NestedList(Citation, { max: MOST_CITATIONS })
  citations?: Citation[];
}

class FactVerified extends AboutFact {
  @Personal()
  @Value(text(1_000), { description: 'How: what was compared with what.' })
  method!: string;

  @Optional()
  @NestedList(Citation, { max: MOST_CITATIONS })
  citations?: Citation[];
}

class VisibilityChanged {
  @Optional()
  @Value(uuid(), { description: 'The event id of a fact. Left out: the whole subject.' })
  fact?: string;

  @Value(oneOf(VISIBILITIES))
  visibility!: Visibility;

  @Personal()
  @Value(REASON)
  reason!: string;
}

class SubjectObjected {
  @Personal()
  @Value(text(5_000), { description: 'What the subject objects to.' })
  what!: string;

  @Personal()
  @Value(REASON)
  reason!: string;
}

const WITH_FACTS = ['person', 'group', 'statement'] as const;

export const acts = [
  act(FactCorrected, [...WITH_FACTS, 'case'], {
    route: 'corrections',
    summary: 'Corrects a fact, an entry or an earlier correction by the whole new payload.',
  }),
  act(FactRetracted, [...WITH_FACTS, 'case', 'source'], {
    route: 'retractions',
    summary: 'Withdraws a fact or an act: it counts as never recorded.',
  }),
  act(FactMoved, ['person', 'group'], { route: 'moves', summary: 'A fact was recorded of the wrong subject.' }),
  act(AccountAdded, WITH_FACTS, { route: 'accounts', summary: 'Another source tells of the same fact.' }),
  act(FactsJudgedSame, WITH_FACTS, { route: 'same-facts', summary: 'Several facts are one: they count once.' }),
  act(FactsJudgementRevoked, WITH_FACTS, {
    route: 'same-fact-revocations',
    summary: 'Facts that were judged to be one are not.',
  }),
  act(FactDisputed, WITH_FACTS, { route: 'disputes', summary: 'Somebody, or another reading, contradicts a fact.' }),
  act(DisputeSettled, WITH_FACTS, { route: 'dispute-settlements', summary: 'A dispute over a fact was settled.' }),
  act(FactVerified, WITH_FACTS, {
    route: 'verifications',
    summary: 'Somebody other than its recorder compared a fact with its evidence.',
  }),
  act(VisibilityChanged, ['person', 'group', 'case', 'statement', 'source'], {
    route: 'visibility',
    summary: 'Changes who may see a fact or the whole subject.',
    // Its reason may say of whom somebody is afraid.
    sensitive: true,
  }),
  act(SubjectObjected, ['person', 'group', 'statement'], {
    route: 'objections',
    summary: 'The subject objects to what is on record.',
    sensitive: true,
  }),
] as const;

/** The payloads, for the fold and for decisions. */
export type {
  AccountAdded,
  DisputeSettled,
  FactCorrected,
  FactDisputed,
  FactMoved,
  FactRetracted,
  FactsJudgedSame,
  FactsJudgementRevoked,
  FactVerified,
  VisibilityChanged,
};
