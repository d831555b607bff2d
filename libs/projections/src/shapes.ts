/**
 * What the views answer: the documents of persons, groups, cases, statements and sources, their lists, and the health
 * of the projection. These shapes are part of the public interface (REST serves them as they are), so fields are only
 * ever added.
 *
 * Days are ISO days (`2018-11-20`); `occurred` and `since` are EDTF as the source gives them; instants are UTC with
 * milliseconds and Z. What is not known is left out, never null. Personal fields are left out where they were erased.
 */
import type { Axis, Inconsistency, Lens } from '#domain';
import type { Position } from '#event-store';
import type { Visibility } from '#kernel';
import type { How } from './search/folded-words.js';

export type SubjectCategory = 'person' | 'group' | 'case' | 'statement' | 'source';

/** The first and last day on which something may have been; an open side is left out. */
export interface DaysView {
  readonly earliest?: string;
  readonly latest?: string;
}

/** Another subject, by id, with its name or title as the record knows it (left out where unknown or erased). */
export interface SubjectPointer {
  readonly kind: SubjectCategory;
  readonly id: string;
  readonly name?: string;
}

/** Which record the answer was computed from. */
export interface AsOf {
  /** EDTF, as it was asked. */
  readonly validAt?: string;
  readonly knownAt: {
    /** Everything up to this event of the log was counted in. */
    readonly seq: number;
    /** As it was asked, where it was asked by an instant. */
    readonly instant?: string;
    /** Nothing that is recorded later can change which events this answer counts in. */
    readonly settled: boolean;
  };
  /** The day that `present` answers speak of. */
  readonly day: string;
  readonly foldVersion: number;
  /** Which facts counted. */
  readonly lens: Lens;
}

/** One axis's answer: at the present day or, where `validAt` was asked, over that span. */
export interface AnswerView {
  readonly axis: Axis;
  readonly case?: string;
  readonly key?: string;
  readonly value: string;
  readonly detail?: Readonly<Record<string, string>>;
  readonly since?: string;
  readonly sinceBounds: DaysView;
  readonly certain: boolean;
  readonly possible: readonly string[];
  readonly groups: Readonly<Record<string, { readonly certain: boolean; readonly possible: boolean }>>;
  readonly disputed: boolean;
  readonly orderUncertain: boolean;
  /** Where orderUncertain: the values that other orders of the same facts give. */
  readonly otherReadings: readonly string[];
  readonly reason?: 'stale';
  readonly laterQuashed?: true;
  /** Event ids of the facts that the answer rests on; each stands in a timeline. */
  readonly restsOn: readonly string[];
}

export interface CitationView {
  readonly source: SubjectPointer;
  /** The words that prove it: taken from the source's held text, or quoted where no text is held. */
  readonly words?: string;
  /** Where the words stand in the held text, in code points, and in which version of it. */
  readonly at?: { readonly start: number; readonly end: number; readonly version: number };
  readonly prefix?: string;
  readonly suffix?: string;
  readonly locator?: string;
  /** Latest day of the source's publication. */
  readonly published?: string;
}

/** Somebody recorded something about a fact: who, when, why. */
export interface ActView {
  readonly event: string;
  readonly seq: number;
  readonly type: string;
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly reason?: string;
  readonly citations: readonly CitationView[];
  /** The rest of what the act says. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DisputeView extends ActView {
  readonly kind: string;
  readonly by?: string;
  readonly open: boolean;
  readonly outcome?: string;
  readonly settlements: readonly ActView[];
  /** The other reading, with the subject that it would speak of. It touches no axis of that subject. */
  readonly alternative?: { readonly subject: SubjectPointer; readonly data: Readonly<Record<string, unknown>> };
}

/** What every event that tells something shows of itself. */
interface Told {
  /** The subjects that `data` names by id. */
  readonly mentions: readonly (SubjectPointer & { readonly pointer: string })[];
  readonly citations: readonly CitationView[];
  readonly basis?: string;
  readonly confidence?: string;
  readonly note?: string;
}

/** One fact on a timeline, as corrected. */
export interface FactView extends Told {
  readonly event: string;
  readonly seq: number;
  readonly type: string;
  /** The subject in whose stream it was recorded. */
  readonly subject: SubjectPointer;
  readonly occurred?: string;
  /** Its days after tightening through the order of the facts. */
  readonly bounds: DaysView;
  readonly aspect: 'began' | 'observed';
  /** Event ids of facts that it is known to have followed. */
  readonly after: readonly string[];
  readonly case?: SubjectPointer;
  /** What the fact itself says, without the fields that every fact has. */
  readonly data: Readonly<Record<string, unknown>>;
  /** `proposed`: it stands, and under four eyes nobody has verified it yet as it is. */
  readonly standing: 'standing' | 'corrected' | 'proposed' | 'withdrawn' | 'moved';
  /** Only where it stands and is left out of every answer of the document: see {@link AsOf.lens}. */
  readonly counts?: false;
  readonly disputed: boolean;
  /** Each source's telling of when it was, the fact's own first. */
  readonly readings: readonly { readonly event: string; readonly occurred?: string; readonly bounds: DaysView }[];
  /** Event ids of facts that were judged to be this one. */
  readonly sameAs: readonly string[];
  readonly corrections: readonly ActView[];
  readonly disputes: readonly DisputeView[];
  readonly verifications: readonly ActView[];
  readonly accounts: readonly ActView[];
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly visibility: Visibility;
}

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
  readonly asOf: AsOf;
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

export interface PersonView extends DocumentBase {
  readonly kind: 'person';
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

export interface ListItem {
  readonly kind: SubjectCategory;
  readonly id: string;
  readonly name?: string;
  readonly summary: string;
  /** Where filters were given: it meets them all in every world that the facts allow, or only in some. */
  readonly certainty?: 'certain' | 'possible';
}

/** How many have a value: certainly, and only possibly. Who may have one of several values counts for each. */
export interface FacetValue {
  readonly value: string;
  readonly certain: number;
  readonly possible: number;
}

export interface FacetView {
  /** Values that nobody has are left out. In the order of the vocabulary; where there is none, the most frequent first. */
  readonly values: readonly FacetValue[];
  /** Named groups of values, such as `deprived`. */
  readonly groups?: readonly FacetValue[];
  /** Of how many nothing is known. */
  readonly unknown: number;
  /** How many values more there are. */
  readonly more?: number;
}

export interface ListPage {
  readonly items: readonly ListItem[];
  /** Left out on the last page. Opaque. */
  readonly next?: string;
  /** On all pages together. */
  readonly total: number;
  /** Of the total, where filters were given. */
  readonly counts?: { readonly certain: number; readonly possible: number };
  /** By the names that were asked for; each under all filters but its own. */
  readonly facets?: Readonly<Record<string, FacetView>>;
  readonly asOf: AsOf;
}

/** One event of a subject's history: what was recorded, as it was recorded, whatever came of it since. */
export interface HistoryEntry extends Told {
  readonly seq: number;
  readonly event: string;
  readonly type: string;
  /** In whose stream it was recorded: another subject's, where it only concerns this one. */
  readonly subject: SubjectPointer;
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly visibility: Visibility;
  readonly occurred?: string;
  readonly aspect?: string;
  /** Event ids of facts that it is said to have followed. */
  readonly after: readonly string[];
  readonly case?: SubjectPointer;
  /** What the event itself says, without the fields that stand beside this. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly reason?: string;
  /** Its personal fields were erased. */
  readonly erased?: true;
  /** The status changes that it caused: of a person or group, its own; of other subjects, everybody's. */
  readonly changes: readonly StatusChange[];
}

/** In the order of the log. */
export interface HistoryPage {
  readonly items: readonly HistoryEntry[];
  /** Left out on the last page. Opaque. */
  readonly next?: string;
  readonly asOf: AsOf;
}

/** Facts that rest on a source: by the subjects that they are recorded of, then in the order of the log. */
export interface CitationsPage {
  readonly items: readonly CitingFact[];
  /** Left out on the last page. Opaque. */
  readonly next?: string;
  readonly asOf: AsOf;
}

/** Where one may search: names, statements, sources, and everything else that somebody wrote. */
export type SearchField = 'names' | 'statements' | 'sources' | 'notes';

/** A text that holds what was searched for. */
export interface SearchMatch {
  readonly in: SearchField;
  /** JSON pointer into the payload of the event, such as `/note`. */
  readonly field: string;
  /** It is what was searched for; begins with it; has a word that begins with it; has it somewhere. */
  readonly how: How;
  /** The fact, entry or act in which it stands. */
  readonly event: string;
  readonly type: string;
  /** The text or, of a long one, a part of it. */
  readonly text: string;
  /** Where `text` begins in the whole field (of a source: in its whole text), in code points. */
  readonly start: number;
  /** Where in `text` the words stand, in code points; `end` is the first one behind. */
  readonly highlights: readonly { readonly start: number; readonly end: number }[];
}

/** Another name of somebody who is called just what was searched for. */
export interface OtherSpelling {
  readonly text: string;
  readonly of: SubjectPointer;
}

/** A subject with texts that were found, the best first. */
export interface SearchHit extends Omit<ListItem, 'certainty'> {
  /** At most three. */
  readonly matches: readonly SearchMatch[];
  /** How many of its texts were found. */
  readonly matchCount: number;
  /** Only this was found, not what was searched for itself. */
  readonly spelling?: OtherSpelling;
}

export interface SearchPage {
  readonly items: readonly SearchHit[];
  /** What was searched for besides. */
  readonly spellings: readonly OtherSpelling[];
  readonly asOf: {
    /** Every text up to this event of the log was looked through. */
    readonly seq: number;
    /** Nothing that the views hold is missing. False while search is being filled. */
    readonly complete: boolean;
  };
  /** Left out on the last page. Opaque. */
  readonly next?: string;
}

/** Why an answer changed; `history`: only an answer about the past did. */
export const CHANGE_KINDS = [
  'new',
  'backdated',
  'correction',
  'retraction',
  'dispute',
  'visibility',
  'erasure',
  'history',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What an axis answered, as far as a status change speaks of it. */
export interface ChangedAnswer {
  readonly value: string;
  readonly detail?: Readonly<Record<string, string>>;
  readonly since?: string;
  readonly certain: boolean;
  readonly disputed: boolean;
  readonly orderUncertain: boolean;
}

/** An axis's present answer differs before and after an event (or, for `history`, only a past answer does). */
export interface StatusChange {
  /** `f<fold>-<seq>.<n>`: the same on every node and after every rebuild. */
  readonly id: string;
  readonly seq: number;
  readonly subject: { readonly kind: 'person' | 'group'; readonly id: string };
  readonly axis: Axis;
  readonly case?: string;
  readonly key?: string;
  readonly from: ChangedAnswer;
  readonly to: ChangedAnswer;
  readonly since?: string;
  readonly kind: ChangeKind;
  /** `event` is left out where those who are told of the change may not see it: the kind is `visibility` then. */
  readonly cause: { readonly event?: string; readonly type: string };
  /** Where only answers about the past differ: the first and last day on which they do. */
  readonly days?: DaysView;
  /** The id of the change that this one corrects. */
  readonly corrects?: string;
}

/** A place in the order of status changes: behind the change `n` of the event at `seq`. `{seq: 0, n: 0}` is before all. */
export interface ChangePlace {
  readonly seq: number;
  /** Infinity: behind all changes of that event. */
  readonly n: number;
}

/** Which changes somebody wants: any of the values of each field, and all of the fields that are there. */
export interface ChangeFilter {
  /** Ids of persons, and of groups, whose own changes are meant. Either of the two suffices where both are there. */
  readonly person?: readonly string[];
  readonly group?: readonly string[];
  readonly axis?: readonly Axis[];
  /** Values of the axis before, and after. */
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly kind?: readonly ChangeKind[];
  /**
   * Groups by their ids: changes of persons who held, before or after, a role in one on the day on which the change became
   * known, certainly or possibly; and changes of such a role, whenever it was held.
   */
  readonly organisation?: readonly string[];
  /**
   * ISO 3166-1 alpha-2 codes: changes of persons who had, before or after, protection of the country on that day, certain or
   * possible; and changes of such a protection, whenever it was.
   */
  readonly country?: readonly string[];
}

/** A change, and what else is told of it: all of it as of the event that caused it, so that it is the same whenever it is told. */
export interface FedChange {
  readonly change: StatusChange;
  /** When its cause was recorded (ISO 8601 in UTC). */
  readonly recordedAt: string;
  /** What filters ask for beside the change itself; sorted. */
  readonly organisations: readonly string[];
  readonly countries: readonly string[];
}

/** What is shown beside a change, as it is now. */
export interface ShownChange {
  /** The subject of the change, with its name. */
  readonly subject: SubjectPointer;
  /** Of its cause, with their words. */
  readonly citations: readonly CitationView[];
}

export interface ChangePage {
  readonly items: readonly FedChange[];
  /** Behind everything that was looked at, whether or not it matched: where the next page begins. */
  readonly next: ChangePlace;
  /** There was nothing more when it was read. */
  readonly atHead: boolean;
}

/** A page, and the record that it was read from. */
export interface ChangesRead extends ChangePage {
  readonly logId: string;
  /** The last seq that the views hold. */
  readonly head: number;
}

/** What may become of a fact, or of what is on record beside facts, between two moments of knowledge. */
export const FACT_CHANGES = [
  /** It was not on the timeline. */
  'came',
  /** It is not on the timeline any more: two persons are not judged to be one any more. */
  'left',
  /** Something else counts as what it says, also where a correction was withdrawn. */
  'corrected',
  'withdrawn',
  'moved',
  /** It counts again. */
  'restored',
  /** A dispute is open that was not. */
  'disputed',
  'dispute-settled',
  /** This and the next two also where such an act was withdrawn. */
  'verified',
  /** Another source tells the same. */
  'told-again',
  'judged-same',
  'assigned-to-case',
  'visibility-changed',
] as const;
export type FactChange = (typeof FACT_CHANGES)[number];

export interface FactDifference {
  readonly event: string;
  readonly type: string;
  /** In the order of {@link FACT_CHANGES}; one at least. */
  readonly changes: readonly FactChange[];
  /** What was recorded about it in between, in the order of the log: who, when, why. */
  readonly by: readonly ActView[];
  /** As it was on the timeline at the first moment, and at the second. */
  readonly before?: FactView;
  readonly after?: FactView;
}

/** Of what is on record beside facts: what the subject was entered with, identifiers. */
export interface RecordDifference {
  readonly event: string;
  readonly type: string;
  readonly changes: readonly FactChange[];
  readonly by: readonly ActView[];
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/** What an axis answers about a day. */
export interface DayAnswer extends ChangedAnswer {
  readonly possible: readonly string[];
}

export interface AnswerDifference {
  readonly axis: Axis;
  readonly case?: string;
  readonly key?: string;
  /** Where the subject is a case: whose answer it is. */
  readonly person?: SubjectPointer;
  /** The present answers, each of the day on which the moment was. */
  readonly before: AnswerView;
  readonly after: AnswerView;
  /** The days about which the two records say different things. None: only time has passed. */
  readonly days: readonly (DaysView & { readonly before: DayAnswer; readonly after: DayAnswer })[];
}

/** Two states of knowledge about one subject, compared. */
export interface DifferenceView extends SubjectPointer {
  /** It was not on record at the first moment. */
  readonly entered?: true;
  readonly facts: readonly FactDifference[];
  readonly records: readonly RecordDifference[];
  /** Acts that concern the subject as a whole. */
  readonly acts: readonly (ActView & { readonly withdrawn?: true })[];
  /** Events of other subjects that were recorded in between and concern this one. */
  readonly concerning: readonly Pick<
    HistoryEntry,
    'seq' | 'event' | 'type' | 'subject' | 'recordedAt' | 'recordedBy' | 'visibility'
  >[];
  readonly answers: readonly AnswerDifference[];
  readonly from: AsOf;
  readonly to: AsOf;
}

/** An event that the views cannot take in. Names the event and holds nothing of what it says. */
export interface PoisonEvent {
  readonly event: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** The seq that it has. */
  readonly seq: number;
  readonly reason: 'undecodable' | 'unknown-type' | 'out-of-order' | 'handler-failed';
}

/** Events are taken in; then documents are made, then texts findable. */
export type BuildStep = 'events' | 'documents' | 'search';

export interface BuildProgress {
  /** Everything up to this event is taken in. */
  readonly seq: number;
  readonly step: BuildStep;
  readonly done: number;
  /** Left out where it is not known: of events, unless the moment is a seq. */
  readonly of?: number;
}

export interface ViewsHealth {
  /** `starting`: no file can be read yet. `stopped`: a poison event; what came before it is served. `failed`: the log or the disk; tried again. */
  readonly state: 'starting' | 'catching-up' | 'live' | 'stopped' | 'failed' | 'closed';
  readonly seq: number;
  /** The name of the file that is served. */
  readonly file?: string;
  /** Of the event at `seq` in the log, for whoever has the log at hand. */
  readonly position?: Position;
  /** The known time at `seq`. */
  readonly knownAt?: string;
  /** 0 when live; else the milliseconds from the known time at `seq` to now: how old the served record is at most. */
  readonly lagMilliseconds: number;
  readonly poison?: PoisonEvent;
  /** A new file is being built beside the served one. */
  readonly rebuilding?: BuildProgress & { readonly reason: RebuildReason };
  /** Code of the last failure, such as `disk-full`. */
  readonly failure?: string;
}

export type RebuildReason = 'first' | 'fold-version' | 'four-eyes' | 'damaged' | 'log-changed' | 'asked';

/** What the writer of the views tells its readers; plain data, fit for postMessage. */
export type ViewsMessage =
  | { readonly kind: 'health'; readonly health: ViewsHealth }
  /** Committed up to `seq`. `changes`: the status changes since the last such message, when live. */
  | { readonly kind: 'advanced'; readonly seq: number; readonly changes: readonly StatusChange[] }
  /** Readers must open this file from now on. */
  | { readonly kind: 'swapped'; readonly file: string; readonly reason: RebuildReason }
  /** What was served is wrong (another log, a broken file): nothing is to be read until the next `swapped`. */
  | { readonly kind: 'withdrawn'; readonly reason: RebuildReason }
  /** The views could not put a file in place or away. They go on with the one that they have. */
  | { readonly kind: 'failed'; readonly code: string };
