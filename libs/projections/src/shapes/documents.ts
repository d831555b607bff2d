/** The documents of persons, groups, cases, statements and sources. */
import type { Inconsistency } from '#domain';
import type { Visibility } from '#kernel';
import type { AsOf, CitationView, DaysView, SubjectCategory, SubjectPointer } from './common.js';
import type { ActView, AnswerView, FactView } from './facts.js';
import type {
  AlternativeElsewhere,
  CaseOfPerson,
  GroupInCase,
  HolderView,
  IdentityView,
  IntentionView,
  LabelView,
  NameView,
  PersonInCase,
  RoleView,
  SizeEntry,
  SpeakerView,
  StatementsView,
  SupportEntry,
} from './parts.js';

interface DocumentBase {
  readonly id: string;
  /** One line for people. */
  readonly summary: string;
  readonly visibility: Visibility;
  readonly inconsistencies: readonly Inconsistency[];
  readonly timeline: readonly FactView[];
  /** Acts that concern the subject as a whole: details corrected, visibility changed, an objection. */
  readonly acts: readonly ActView[];
  readonly alternativesElsewhere: readonly AlternativeElsewhere[];
  /** Words of it were blanked (█), at the wish of somebody whom they named: at whichever moment it is asked for. */
  readonly redacted?: true;
  readonly asOf: AsOf;
}

export interface PersonView extends DocumentBase {
  readonly kind: 'person';
  /** What is personal of them was erased, at their wish: at whichever moment they are asked for. */
  readonly erased?: true;
  readonly name?: string;
  readonly names: readonly NameView[];
  readonly identifiers: readonly { readonly scheme: string; readonly value: string; readonly event: string }[];
  readonly attributes: readonly {
    readonly attribute: string;
    readonly value: string;
    readonly event: string;
    readonly disputed: boolean;
  }[];
  readonly axes: {
    readonly liberty: AnswerView;
    readonly life: AnswerView;
    readonly whereabouts: AnswerView;
    readonly location: AnswerView;
    readonly civicRights: AnswerView;
    readonly asylum: readonly AnswerView[];
    readonly extradition: readonly AnswerView[];
  };
  readonly cases: readonly CaseOfPerson[];
  readonly roles: readonly RoleView[];
  readonly labels: readonly LabelView[];
  readonly intentions: readonly IntentionView[];
  readonly statements: StatementsView;
  readonly identities: readonly IdentityView[];
  /**
   * Other persons of the record who were judged to be this one. What is known of all of them is shown as of one: facts,
   * names, answers; each fact says in `subject` of whom it is recorded. All ids answer, with the same.
   */
  readonly judgedSame: readonly SubjectPointer[];
}

export interface GroupView extends DocumentBase {
  readonly kind: 'group';
  readonly name?: string;
  readonly names: readonly NameView[];
  readonly groupKind?: string;
  readonly axes: {
    readonly registration: AnswerView;
    readonly activity: AnswerView;
    readonly appeal: AnswerView;
    readonly electionEntries: readonly AnswerView[];
  };
  readonly support: readonly SupportEntry[];
  /** What was planned towards registration, and whether a submission stands in the record. */
  readonly plans: readonly (IntentionView & { readonly submitted: boolean })[];
  readonly intentions: readonly IntentionView[];
  readonly sizes: readonly SizeEntry[];
  readonly holders: readonly HolderView[];
  /** There are more: persons are listed by their organisation. */
  readonly holdersMore?: true;
  readonly labels: readonly LabelView[];
  readonly statements: StatementsView;
}

export interface CaseView extends DocumentBase {
  readonly kind: 'case';
  readonly title?: string;
  readonly court?: string;
  readonly numbers: readonly string[];
  readonly joined: readonly SubjectPointer[];
  /** Everyone of whom a fact belongs to the case, or to one that was joined to it. */
  readonly persons: readonly PersonInCase[];
  readonly groups: readonly GroupInCase[];
}

export interface StatementView extends DocumentBase {
  readonly kind: 'statement';
  readonly speaker: SpeakerView;
  readonly audience?: string;
  readonly channel?: string;
  readonly occurred?: string;
  readonly form?: string;
  readonly stance?: string;
  readonly lang?: string;
  readonly words?: string;
  readonly conditions: readonly string[];
  readonly about: readonly SubjectPointer[];
  readonly citations: readonly CitationView[];
  readonly speakerSince: readonly string[];
}

/** A fact that rests on a source, on the source's page. */
export interface CitingFact {
  readonly event: string;
  readonly seq: number;
  readonly type: string;
  readonly subject: SubjectPointer;
  readonly words?: string;
  readonly at?: { readonly start: number; readonly end: number; readonly version: number };
  readonly locator?: string;
  readonly standing: FactView['standing'];
}

export interface SourceView extends DocumentBase {
  readonly kind: 'source';
  readonly type?: string;
  readonly title?: string;
  readonly publisher?: string;
  readonly author?: string;
  readonly published?: string;
  readonly publishedBounds: DaysView;
  readonly url?: string;
  readonly lang?: string;
  readonly sha256?: string;
  readonly text?: string;
  /** Grows with each redaction; positions of every version hold in every other. Only where text is held. */
  readonly textVersion?: number;
  readonly captures: readonly ActView[];
  readonly dependsOn: readonly { readonly source: SubjectPointer; readonly kind: string; readonly event: string }[];
  /** The first hundred. */
  readonly citedBy: readonly CitingFact[];
  /** There are more: `GET /v1/sources/{id}/citations` has all of them, page by page. */
  readonly citedByMore?: true;
}

export interface DocumentOf {
  readonly person: PersonView;
  readonly group: GroupView;
  readonly case: CaseView;
  readonly statement: StatementView;
  readonly source: SourceView;
}
export type Document = DocumentOf[SubjectCategory];
