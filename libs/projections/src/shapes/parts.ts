/** What the documents of persons, groups and cases are made of, beside answers and facts. */
import type { CitationView, DaysView, SubjectPointer } from './common.js';
import type { AnswerView, FactView } from './facts.js';

export interface NameView {
  readonly text: string;
  readonly kind?: string;
  readonly lang?: string;
  readonly script?: string;
  /** The fact or entry that gives it. */
  readonly event: string;
}

/** A role, seen from its holder. */
export interface RoleView {
  readonly role: string;
  readonly organisation: { readonly id?: string; readonly name?: string };
  readonly value: string;
  readonly since?: string;
  readonly sinceBounds: DaysView;
  /** When it ended, where it did. */
  readonly until?: string;
  readonly certain: boolean;
  readonly disputed: boolean;
  readonly restsOn: readonly string[];
}

/** A role, seen from its organisation. */
export interface HolderView extends Omit<RoleView, 'organisation'> {
  readonly holder: SubjectPointer;
}

/** Somebody's word: shown as such, never a status. */
export interface LabelView {
  readonly event: string;
  readonly label: string;
  readonly by?: string;
  readonly occurred?: string;
  readonly standing: FactView['standing'];
  readonly disputed: boolean;
  readonly citations: readonly CitationView[];
}

/** What somebody said would happen. Nothing of it has happened by being said. */
export interface IntentionView {
  readonly event: string;
  readonly type: string;
  readonly what?: string;
  readonly authority?: string;
  readonly plannedFor?: string;
  readonly conditions: readonly string[];
  readonly occurred?: string;
  readonly disputed: boolean;
  readonly citations: readonly CitationView[];
}

export interface StatementsView {
  readonly by: readonly StatementLine[];
  readonly about: readonly StatementLine[];
  /** There are more: statements are listed by speaker, and by whom they are about. */
  readonly more?: true;
}

/** A statement, as a line on the page of its speaker or of what it is about. */
export interface StatementLine {
  readonly id: string;
  readonly speaker: SpeakerView;
  readonly occurred?: string;
  readonly form?: string;
  readonly stance?: string;
  readonly words?: string;
  readonly lang?: string;
  readonly conditions: readonly string[];
  readonly about: readonly SubjectPointer[];
  readonly standing: FactView['standing'];
  readonly disputed: boolean;
  /** What the speaker did with it since: `denied`, `corrected`, `retracted`. */
  readonly speakerSince: readonly string[];
  readonly citations: readonly CitationView[];
}

export interface SpeakerView {
  /** A person or group; left out for an unnamed holder of a role. */
  readonly subject?: SubjectPointer;
  readonly role?: string;
  readonly organisation?: { readonly id?: string; readonly name?: string };
  /** The role as the source attributes it. */
  readonly roleAsAttributed?: string;
  /** The roles that facts say the speaker held then, certain or possible; left out for an unnamed speaker. */
  readonly rolesHeld?: readonly {
    readonly role: string;
    readonly organisation: { readonly id?: string; readonly name?: string };
    readonly certain: boolean;
  }[];
  /** The role as attributed names one of the roles held; left out where nothing was attributed or nobody is named. */
  readonly roleAgrees?: boolean;
  readonly onBehalfOf?: string;
}

/** A fact recorded elsewhere is disputed, and the other reading names this subject. */
export interface AlternativeElsewhere {
  /** The subject that the fact is recorded of. */
  readonly subject: SubjectPointer;
  readonly fact: string;
  readonly type: string;
  readonly dispute: string;
  readonly kind: string;
  readonly open: boolean;
  readonly reason?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface IdentityView {
  readonly event: string;
  readonly person: SubjectPointer;
  readonly verdict: string;
  readonly reason?: string;
  readonly citations: readonly CitationView[];
}

/** A person's part in one legal case. */
export interface CaseOfPerson {
  /** The case's id; left out for the single case that nobody entered. */
  readonly id?: string;
  readonly title?: string;
  readonly hold: AnswerView;
  readonly stage: AnswerView;
  readonly verdict: AnswerView;
  readonly finality: AnswerView;
  readonly sentence: AnswerView;
  /** Offences charged, convicted or sentenced for, as the sources name them. */
  readonly offences: readonly string[];
}

/** A count of supporters as one source gives it. */
export interface SupportEntry {
  readonly event: string;
  readonly kind: string;
  readonly as: string;
  readonly area?: string;
  readonly qualifier: string;
  readonly value: number;
  readonly occurred?: string;
  readonly standing: FactView['standing'];
  readonly disputed: boolean;
  readonly citations: readonly CitationView[];
}

export interface SizeEntry {
  readonly event: string;
  readonly of: string;
  readonly qualifier?: string;
  readonly value: number;
  readonly occurred?: string;
  readonly disputed: boolean;
  readonly citations: readonly CitationView[];
}

/** One person's part in a case. */
export interface PersonInCase {
  readonly person: SubjectPointer;
  readonly liberty: AnswerView;
  readonly hold: AnswerView;
  readonly stage: AnswerView;
  readonly verdict: AnswerView;
  readonly finality: AnswerView;
  readonly sentence: AnswerView;
}

/** A group of which a fact belongs to a case. */
export interface GroupInCase {
  readonly group: SubjectPointer;
  readonly registration: AnswerView;
  readonly activity: AnswerView;
  readonly appeal: AnswerView;
}
