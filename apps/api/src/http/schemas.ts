/**
 * JSON Schemas of what the server answers. What it takes is described by the payload classes themselves; answers have no
 * classes, as nothing validates them on the way out. An end-to-end test holds every answer of the first case to these,
 * with no field that they do not name.
 */
import type {
  ActView,
  AlternativeElsewhere,
  AnswerDifference,
  AnswerView,
  AsOf,
  CaseOfPerson,
  CaseView,
  ChangedAnswer,
  CitationView,
  CitationsPage,
  CitingFact,
  DayAnswer,
  DaysView,
  DifferenceView,
  DisputeView,
  FacetValue,
  FacetView,
  FactDifference,
  FactView,
  GroupInCase,
  GroupView,
  HistoryEntry,
  HistoryPage,
  HolderView,
  IdentityView,
  IntentionView,
  LabelView,
  ListItem,
  ListPage,
  NameView,
  OtherSpelling,
  PersonInCase,
  PersonView,
  PoisonEvent,
  RecordDifference,
  RoleView,
  SearchHit,
  SearchMatch,
  SearchPage,
  SizeEntry,
  SourceView,
  SpeakerView,
  StatementLine,
  StatementsView,
  StatementView,
  StatusChange,
  SubjectCategory,
  SubjectPointer,
  SubjectRef,
  SupportEntry,
} from '#projections';
import type { Restated, StatusChangeData, StatusChangeEvent } from '#feed';
import { SCOPES } from '#command-handling';
import {
  CHANGE_DATA_SCHEMA,
  CHANGE_EVENT_TYPE,
  FAILURES,
  FILTER_FIELDS,
  PING_EVENT_TYPE,
  type PingEvent,
  WEBHOOK_STATES,
} from '#feed';
import { CHANGE_KINDS, FACT_CHANGES, SEARCH_FIELDS } from '#projections';
import type { ViewsProgress } from '../watching/progress.js';
import type { RecordedAnswer } from './recorded.js';
import type { ProblemDocument } from './problem.js';
import type {
  AccessEntry,
  AccessKeyInfo,
  AccessPage,
  ErasureInfo,
  ErasingNode,
  MentionInfo,
  NewAccessKey,
  OwnAccessKey,
  RotatedAccessKey,
} from '#access';
import type { ErasureList, MentionPage } from './erasure-routes.js';
import { LONGEST_REASON, LONGEST_WORD, MOST_SPANS, MOST_WORDS } from './erasure-requests.js';
import type { ConsistencyProof, InclusionProof, ProvenHead, Seal } from '#audit';
import type { EventsPage, RawEventShown } from './event-routes.js';
import type { StatusChangesPage, StreamTicket } from './change-routes.js';
import { filterValue } from './change-parameters.js';
import type { SealList } from './seal-routes.js';
import type { ViewsStatus } from './views-routes.js';
import type {
  CreatedWebhook,
  DeadLetterPage,
  DeadLetterShown,
  OutcomeShown,
  PingAnswer,
  WebhookPage,
  WebhookShown,
} from './webhook-routes.js';

export type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const hash: Schema = { ...text, description: 'Base64, of 32 bytes', pattern: '^[A-Za-z0-9+/]{43}=$' };
const count: Schema = { type: 'integer' };
const id: Schema = { type: 'string', format: 'uuid' };
const day: Schema = { type: 'string', format: 'date' };
const instant: Schema = { type: 'string', format: 'date-time' };
const edtf: Schema = { type: 'string', description: 'EDTF (ISO 8601-2), as the source gives it' };
const anything: Schema = { type: 'object', additionalProperties: true };
/** What is not written as Habeas writes it comes as the text that it is. */
const stored: Schema = { anyOf: [anything, text] };
const texts: Schema = { type: 'object', additionalProperties: text };

const reason: Schema = { type: 'string', minLength: 1, maxLength: LONGEST_REASON };

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const list = (items: Schema): Schema => ({ type: 'array', items });
const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });

/** A schema for each field of a shape; the names of those that may be left out end in a question mark. */
type Fields<Shape> = {
  readonly [Name in keyof Shape & string as object extends Pick<Shape, Name> ? `${Name}?` : Name]-?: Schema;
};

/** An object. Where its shape is named, a field that is missing here, or gone there, does not compile. */
function object<Shape = Readonly<Record<string, never>>>(
  fields: string extends keyof Shape ? Readonly<Record<string, Schema>> : Fields<Shape>,
  description?: string,
): Schema {
  const entries = Object.entries<Schema>(fields);
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    additionalProperties: false,
    required: entries.map(([name]) => name).filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
  };
}

const kind = oneOf('person', 'group', 'case', 'statement', 'source');
const next: Schema = { ...text, description: 'The cursor of the next page; left out on the last' };
const visibility = oneOf('public', 'internal', 'confidential');
const standing = {
  ...oneOf('standing', 'corrected', 'proposed', 'withdrawn', 'moved'),
  description: 'proposed: under four eyes, nobody has verified it yet as it is',
};
const organisation = object({ 'id?': id, 'name?': text });
const place = object({ start: count, end: count, version: count }, 'In code points of the text of that version');

/** What timeline and history show alike of an event that tells something. */
const told: Fields<Pick<FactView, 'mentions' | 'citations' | 'basis' | 'confidence' | 'note'>> = {
  mentions: list(object({ kind: kind, id: id, 'name?': text, pointer: text })),
  citations: list(ref('CitationView')),
  'basis?': text,
  'confidence?': text,
  'note?': text,
};

/** By whom and when an event was recorded of whom. */
const recorded: Fields<DifferenceView['concerning'][number]> = {
  seq: count,
  event: id,
  type: text,
  subject: ref('SubjectPointer'),
  recordedAt: instant,
  recordedBy: text,
  visibility,
};

/** What is told alike of a change, wherever it is told. */
const statusChange: Fields<Omit<StatusChange, 'id' | 'subject' | 'cause'>> = {
  seq: count,
  axis: text,
  'case?': text,
  'key?': text,
  from: ref('ChangedAnswer'),
  to: ref('ChangedAnswer'),
  'since?': edtf,
  kind: oneOf(...CHANGE_KINDS),
  'days?': ref('DaysView'),
  'corrects?': { ...text, description: 'The id of the change that it corrects' },
};

const viewsProgress: Fields<ViewsProgress> = {
  state: oneOf('starting', 'catching-up', 'live', 'stopped', 'failed', 'closed'),
  seq: count,
  'file?': { ...text, description: 'The name of the file that is served' },
  'knownAt?': instant,
  head: { ...count, description: 'The seq of the last event in the log' },
  lagEvents: { ...count, description: 'Events in the log that the views do not hold yet' },
  lagMilliseconds: { ...count, description: 'How long the oldest of them has been there' },
  'poison?': object<PoisonEvent>({
    event: id,
    stream: text,
    revision: count,
    type: text,
    seq: count,
    reason: text,
  }),
  'rebuilding?': object<NonNullable<ViewsProgress['rebuilding']>>(
    {
      reason: oneOf('first', 'fold-version', 'four-eyes', 'damaged', 'log-changed', 'asked'),
      seq: count,
      step: oneOf('events', 'documents', 'search'),
      done: count,
      'of?': count,
    },
    'A new file that is being built: the seq that it holds, and how much of a step is done',
  ),
  'failure?': text,
};

const ceilings = object(
  { 'internal?': object<ViewsProgress>(viewsProgress), 'public?': object<ViewsProgress>(viewsProgress) },
  'The same of the views of lower ceilings, where some key has one',
);

const act: Fields<ActView> = {
  event: id,
  seq: count,
  type: text,
  recordedAt: instant,
  recordedBy: text,
  'reason?': text,
  citations: list(ref('CitationView')),
  data: anything,
};

const changedAnswer: Fields<ChangedAnswer> = {
  value: text,
  'detail?': texts,
  'since?': edtf,
  certain: flag,
  disputed: flag,
  orderUncertain: flag,
};

/** What became of a fact or record. */
const changed: Fields<Pick<FactDifference, 'changes' | 'by'>> = {
  changes: {
    ...list(oneOf(...FACT_CHANGES)),
    minItems: 1,
  },
  by: { ...list(ref('ActView')), description: 'What was recorded about it in between' },
};

const role: Fields<Omit<HolderView, 'holder'>> = {
  role: text,
  value: text,
  'since?': edtf,
  sinceBounds: ref('DaysView'),
  'until?': edtf,
  certain: flag,
  disputed: flag,
  restsOn: list(id),
};

const intention: Fields<IntentionView> = {
  event: id,
  type: text,
  'what?': text,
  'authority?': text,
  'plannedFor?': edtf,
  conditions: list(text),
  'occurred?': edtf,
  disputed: flag,
  citations: list(ref('CitationView')),
};

const document: Fields<Omit<CaseView, 'kind' | 'title' | 'court' | 'numbers' | 'joined' | 'persons' | 'groups'>> = {
  id,
  summary: text,
  visibility,
  inconsistencies: list(object({ kind: oneOf('cycle', 'cap'), facts: list(id) })),
  'redacted?': { const: true, description: 'Words of it were blanked, at the wish of somebody whom they named' },
  timeline: list(ref('FactView')),
  acts: list(ref('ActView')),
  alternativesElsewhere: list(
    object<AlternativeElsewhere>({
      subject: ref('SubjectPointer'),
      fact: id,
      type: text,
      dispute: id,
      kind: text,
      open: flag,
      'reason?': text,
      data: anything,
    }),
  ),
  asOf: ref('AsOf'),
};

const statements = object<StatementsView>({
  by: list(ref('StatementLine')),
  about: list(ref('StatementLine')),
  'more?': {
    const: true,
    description:
      'These are the hundred that were recorded last: GET /v1/statements?speaker={id} and ?about={id} have all',
  },
});

const seq: Schema = { type: 'integer', minimum: 0 };

/** How a delivery ended. */
const outcome: Fields<OutcomeShown> = {
  'status?': { ...count, description: 'Of the answer' },
  'error?': { ...oneOf(...FAILURES), description: 'Why there was no answer' },
};

const webhook: Fields<WebhookShown> = {
  id,
  url: { type: 'string', format: 'uri' },
  'name?': text,
  filter: ref('ChangeFilter'),
  after: { ...seq, description: 'Deliveries began behind this seq' },
  createdAt: instant,
  createdBy: { ...text, description: 'The id of the key; once that is revoked, nothing is sent' },
  state: {
    ...oneOf(...WEBHOOK_STATES),
    description:
      'failing: the last one that was tried did not arrive; down: so many did not that no new one is tried; gone: the receiver answered 410',
  },
  position: {
    ...text,
    description: 'Everything up to here was looked at; what of it did not arrive is pending, or a dead letter',
  },
  pending: { ...count, description: 'Changes that are to be tried again' },
  'nextTry?': instant,
  'failingSince?': instant,
  'last?': object<NonNullable<WebhookShown['last']>>({ at: instant, ...outcome }, 'The last try'),
  deadLetters: { ...count, description: 'Changes that were tried for days in vain' },
  deadLettersDropped: { ...count, description: 'How many older ones are not kept' },
};

const views: Readonly<Record<`${Capitalize<SubjectCategory>}View`, Schema>> = {
  PersonView: object<PersonView>({
    ...document,
    kind: { const: 'person' },
    'erased?': { const: true, description: 'What is personal of them was erased' },
    'name?': text,
    names: list(ref('NameView')),
    identifiers: list(object({ scheme: text, value: text, event: id })),
    attributes: list(object({ attribute: text, value: text, event: id, disputed: flag })),
    axes: object({
      liberty: ref('AnswerView'),
      life: ref('AnswerView'),
      whereabouts: ref('AnswerView'),
      location: ref('AnswerView'),
      civicRights: ref('AnswerView'),
      asylum: list(ref('AnswerView')),
      extradition: list(ref('AnswerView')),
    }),
    cases: list(
      object<CaseOfPerson>({
        'id?': id,
        'title?': text,
        hold: ref('AnswerView'),
        stage: ref('AnswerView'),
        verdict: ref('AnswerView'),
        finality: ref('AnswerView'),
        sentence: ref('AnswerView'),
        offences: list(text),
      }),
    ),
    roles: list(object<RoleView>({ ...role, organisation })),
    labels: list(ref('LabelView')),
    intentions: list(ref('IntentionView')),
    statements,
    identities: list(
      object<IdentityView>({
        event: id,
        person: ref('SubjectPointer'),
        verdict: text,
        'reason?': text,
        citations: list(ref('CitationView')),
      }),
    ),
    judgedSame: list(ref('SubjectPointer')),
  }),
  GroupView: object<GroupView>({
    ...document,
    kind: { const: 'group' },
    'name?': text,
    names: list(ref('NameView')),
    'groupKind?': text,
    axes: object({
      registration: ref('AnswerView'),
      activity: ref('AnswerView'),
      appeal: ref('AnswerView'),
      electionEntries: list(ref('AnswerView')),
    }),
    support: list(
      object<SupportEntry>({
        event: id,
        kind: text,
        as: text,
        'area?': text,
        qualifier: text,
        value: count,
        'occurred?': edtf,
        standing,
        disputed: flag,
        citations: list(ref('CitationView')),
      }),
    ),
    plans: list(object({ ...intention, submitted: flag })),
    intentions: list(ref('IntentionView')),
    sizes: list(
      object<SizeEntry>({
        event: id,
        of: text,
        'qualifier?': text,
        value: count,
        'occurred?': edtf,
        disputed: flag,
        citations: list(ref('CitationView')),
      }),
    ),
    holders: list(object<HolderView>({ ...role, holder: ref('SubjectPointer') })),
    'holdersMore?': { const: true, description: 'There are more: GET /v1/persons?organisation={id} lists all of them' },
    labels: list(ref('LabelView')),
    statements,
  }),
  CaseView: object<CaseView>({
    ...document,
    kind: { const: 'case' },
    'title?': text,
    'court?': text,
    numbers: list(text),
    joined: list(ref('SubjectPointer')),
    persons: list(
      object<PersonInCase>({
        person: ref('SubjectPointer'),
        liberty: ref('AnswerView'),
        hold: ref('AnswerView'),
        stage: ref('AnswerView'),
        verdict: ref('AnswerView'),
        finality: ref('AnswerView'),
        sentence: ref('AnswerView'),
      }),
    ),
    groups: list(
      object<GroupInCase>({
        group: ref('SubjectPointer'),
        registration: ref('AnswerView'),
        activity: ref('AnswerView'),
        appeal: ref('AnswerView'),
      }),
    ),
  }),
  StatementView: object<StatementView>({
    ...document,
    kind: { const: 'statement' },
    speaker: ref('SpeakerView'),
    'audience?': text,
    'channel?': text,
    'occurred?': edtf,
    'form?': text,
    'stance?': text,
    'lang?': text,
    'words?': text,
    conditions: list(text),
    about: list(ref('SubjectPointer')),
    citations: list(ref('CitationView')),
    speakerSince: list(text),
  }),
  SourceView: object<SourceView>({
    ...document,
    kind: { const: 'source' },
    'type?': text,
    'title?': text,
    'publisher?': text,
    'author?': text,
    'published?': edtf,
    publishedBounds: ref('DaysView'),
    'url?': text,
    'lang?': text,
    'sha256?': text,
    'text?': text,
    'textVersion?': { ...count, description: 'Grows with each redaction' },
    captures: list(ref('ActView')),
    dependsOn: list(object({ source: ref('SubjectPointer'), kind: text, event: id })),
    citedBy: { ...list(ref('CitingFact')), description: 'The first hundred' },
    'citedByMore?': { const: true, description: 'There are more: GET /v1/sources/{id}/citations has all of them' },
  }),
};

/** By their names under `#/components/schemas/`: those of the shapes in libs/projections. */
const span = object<MentionInfo['spans'][number]>({
  event: id,
  pointer: { ...text, description: 'JSON pointer into the data of the event, as it is stored' },
  start: { ...count, description: 'In code points' },
  end: count,
  words: text,
  before: text,
  after: text,
});

export const answerSchemas: Readonly<Record<string, Schema>> = {
  ...views,
  ActView: object<ActView>(act),
  AnswerView: object<AnswerView>(
    {
      axis: text,
      'case?': text,
      'key?': text,
      value: text,
      'detail?': texts,
      'since?': edtf,
      sinceBounds: ref('DaysView'),
      certain: flag,
      possible: list(text),
      groups: { type: 'object', additionalProperties: object({ certain: flag, possible: flag }) },
      disputed: flag,
      orderUncertain: flag,
      otherReadings: list(text),
      'reason?': { const: 'stale' },
      'laterQuashed?': { const: true },
      restsOn: list(id),
    },
    'The answer on one axis: the main reading, how sure it is, and the events of the facts that it rests on',
  ),
  CitationView: object<CitationView>({
    source: ref('SubjectPointer'),
    'words?': text,
    'at?': place,
    'prefix?': text,
    'suffix?': text,
    'locator?': text,
    'published?': day,
  }),
  DaysView: object<DaysView>({ 'earliest?': day, 'latest?': day }, 'The first and last day; an open side is left out'),
  FactView: object<FactView>({
    event: id,
    seq: count,
    type: text,
    subject: ref('SubjectPointer'),
    'occurred?': edtf,
    bounds: ref('DaysView'),
    aspect: oneOf('began', 'observed'),
    after: list(id),
    readings: list(object({ event: id, 'occurred?': edtf, bounds: ref('DaysView') })),
    sameAs: list(id),
    'case?': ref('SubjectPointer'),
    data: anything,
    ...told,
    standing,
    'counts?': { const: false, description: 'It stands, and no answer of this document rests on it: see asOf.lens' },
    disputed: flag,
    corrections: list(ref('ActView')),
    disputes: list(
      object<DisputeView>({
        ...act,
        kind: text,
        'by?': text,
        open: flag,
        'outcome?': text,
        settlements: list(ref('ActView')),
        'alternative?': object({ subject: ref('SubjectPointer'), data: anything }),
      }),
    ),
    verifications: list(ref('ActView')),
    accounts: list(ref('ActView')),
    recordedAt: instant,
    recordedBy: text,
    visibility,
  }),
  IntentionView: object<IntentionView>(
    intention,
    'What somebody said would happen; nothing of it has happened by being said',
  ),
  LabelView: object<LabelView>(
    {
      event: id,
      label: text,
      'by?': text,
      'occurred?': edtf,
      standing,
      disputed: flag,
      citations: list(ref('CitationView')),
    },
    'Somebody’s word; never a status',
  ),
  NameView: object<NameView>({ text: text, 'kind?': text, 'lang?': text, 'script?': text, event: id }),
  SpeakerView: object<SpeakerView>({
    'subject?': ref('SubjectPointer'),
    'role?': text,
    'organisation?': organisation,
    'roleAsAttributed?': text,
    'rolesHeld?': list(object({ role: text, organisation, certain: flag })),
    'roleAgrees?': flag,
    'onBehalfOf?': text,
  }),
  StatementLine: object<StatementLine>({
    id,
    speaker: ref('SpeakerView'),
    'occurred?': edtf,
    'form?': text,
    'stance?': text,
    'words?': text,
    'lang?': text,
    conditions: list(text),
    about: list(ref('SubjectPointer')),
    standing,
    disputed: flag,
    speakerSince: list(text),
    citations: list(ref('CitationView')),
  }),
  SubjectPointer: object<SubjectPointer>({ kind, id, 'name?': text }),
  AsOf: object<AsOf>(
    {
      'validAt?': edtf,
      knownAt: object({ seq: count, 'instant?': instant, settled: flag }),
      day: day,
      foldVersion: count,
      lens: {
        ...oneOf('all', 'verified', 'official'),
        description: 'Which facts counted: all that stand, those that somebody verified, those of official records',
      },
    },
    'Which record the answer was computed from, and the day that it speaks of',
  ),
  SearchPage: object<SearchPage>({
    items: list(
      object<SearchHit>({
        kind,
        id,
        'name?': text,
        summary: text,
        matches: list(
          object<SearchMatch>({
            in: oneOf(...SEARCH_FIELDS),
            field: { type: 'string', description: 'JSON pointer into the payload of the event' },
            how: oneOf('whole', 'beginning', 'word', 'part'),
            event: id,
            type: text,
            text: { type: 'string', description: 'The text or, of a long one, a part of it' },
            start: { type: 'integer', description: 'Where `text` begins in the whole field, in code points' },
            highlights: list(object({ start: count, end: count }, 'In code points of `text`')),
          }),
        ),
        matchCount: count,
        'spelling?': ref('OtherSpelling'),
      }),
    ),
    spellings: list(ref('OtherSpelling')),
    asOf: object<SearchPage['asOf']>({ seq: count, complete: flag }),
    'next?': text,
  }),
  OtherSpelling: object<OtherSpelling>(
    { text, of: ref('SubjectPointer') },
    'Another name of somebody who is called just what was searched for',
  ),
  ListPage: object<ListPage>({
    items: list(
      object<ListItem>({
        kind,
        id,
        'name?': text,
        summary: text,
        'certainty?': {
          ...oneOf('certain', 'possible'),
          description: 'Where filters were given: it meets them in every world that the facts allow, or in some',
        },
      }),
    ),
    'next?': next,
    total: { ...count, description: 'On all pages together' },
    'counts?': {
      ...object({ certain: count, possible: count }),
      description: 'Of the total, where filters were given',
    },
    'facets?': { type: 'object', additionalProperties: ref('FacetView') },
    asOf: ref('AsOf'),
  }),
  CitingFact: object<CitingFact>({
    event: id,
    seq: count,
    type: text,
    subject: ref('SubjectPointer'),
    'words?': text,
    'at?': place,
    'locator?': text,
    standing,
  }),
  CitationsPage: object<CitationsPage>({ items: list(ref('CitingFact')), 'next?': next, asOf: ref('AsOf') }),
  HistoryPage: object<HistoryPage>({ items: list(ref('HistoryEntry')), 'next?': next, asOf: ref('AsOf') }),
  HistoryEntry: object<HistoryEntry>(
    {
      ...recorded,
      'occurred?': edtf,
      'aspect?': text,
      after: list(id),
      'case?': ref('SubjectPointer'),
      data: anything,
      ...told,
      'reason?': text,
      'erased?': { const: true },
      changes: list(ref('StatusChange')),
    },
    'What was recorded, as it was recorded, and the status changes that it caused',
  ),
  StatusChange: object<StatusChange>({
    id: text,
    ...statusChange,
    subject: object({ kind: oneOf('person', 'group'), id }),
    cause: object({ 'event?': id, type: text }),
  }),
  StatusChangeData: object<StatusChangeData>(
    {
      ...statusChange,
      subject: ref('SubjectPointer'),
      cause: object({ 'event?': id, type: text, citations: list(ref('CitationView')) }),
    },
    'A change of an answer of the record: all of it as of its cause, but for names and words, which are as they are now',
  ),
  StatusChangeEvent: object<StatusChangeEvent>(
    {
      specversion: { const: '1.0' },
      type: { const: CHANGE_EVENT_TYPE },
      source: { ...text, description: 'urn:habeas:log:<id>: the log' },
      id: {
        ...text,
        description: 'Of the change: f<fold>-<seq>.<n>; the fold is a number, and under four eyes a `v` behind it',
      },
      subject: { ...text, description: 'person/<id> or group/<id>' },
      time: { ...instant, description: 'When the cause was recorded' },
      datacontenttype: { const: 'application/json' },
      dataschema: { const: CHANGE_DATA_SCHEMA },
      sequence: { ...text, description: 'As texts, these have the order of the changes' },
      data: ref('StatusChangeData'),
    },
    'A CloudEvent (1.0) in structured JSON',
  ),
  StatusChangesPage: object<StatusChangesPage>({
    items: list(ref('StatusChangeEvent')),
    'next?': next,
    after: { ...text, description: 'From where to go on, by `after`, in pages or as a stream' },
    'restated?': ref('Restated'),
  }),
  Restated: object<Restated>(
    {
      fromFold: count,
      toFold: count,
      fromLens: { ...oneOf('all', 'verified'), description: 'Which facts counted then' },
      toLens: { ...oneOf('all', 'verified'), description: 'Which facts count now' },
      seq: { ...count, description: 'What was told up to this event may be told otherwise now' },
      changes: { ...text, description: 'Where all changes are, as they are told now' },
    },
    'The record is folded otherwise than when `after`, or Last-Event-ID, was told',
  ),
  StreamTicket: object<StreamTicket>({
    ticket: text,
    expiresAt: { ...instant, description: 'Until then a stream can be opened by it' },
    url: { ...text, description: 'What an EventSource opens, under the address of the server' },
  }),
  ChangedAnswer: object<ChangedAnswer>(changedAnswer),
  DifferenceView: object<DifferenceView>(
    {
      kind,
      id,
      'name?': text,
      'entered?': { const: true, description: 'It was not on record at the first moment' },
      facts: list(ref('FactDifference')),
      records: list(
        object<RecordDifference>({ event: id, type: text, ...changed, 'before?': anything, 'after?': anything }),
      ),
      acts: list(object<DifferenceView['acts'][number]>({ ...act, 'withdrawn?': { const: true } })),
      concerning: list(object<DifferenceView['concerning'][number]>(recorded)),
      answers: list(ref('AnswerDifference')),
      from: ref('AsOf'),
      to: ref('AsOf'),
    },
    'What the record says of a subject at two moments, compared',
  ),
  FactDifference: object<FactDifference>(
    { event: id, type: text, ...changed, 'before?': ref('FactView'), 'after?': ref('FactView') },
    'A fact that is not what it was: as it stood on the timeline at both moments, and who said what of it in between',
  ),
  AnswerDifference: object<AnswerDifference>(
    {
      axis: text,
      'case?': text,
      'key?': text,
      'person?': ref('SubjectPointer'),
      before: ref('AnswerView'),
      after: ref('AnswerView'),
      days: {
        ...list(object({ 'earliest?': day, 'latest?': day, before: ref('DayAnswer'), after: ref('DayAnswer') })),
        description: 'About which days the two records say different things; none where only time has passed',
      },
    },
    'The present answers of both moments, each of its own day',
  ),
  DayAnswer: object<DayAnswer>({ ...changedAnswer, possible: list(text) }),
  FacetView: object<FacetView>(
    {
      values: list(ref('FacetValue')),
      'groups?': list(ref('FacetValue')),
      unknown: { ...count, description: 'Of how many nothing is known' },
      'more?': { ...count, description: 'How many values more there are' },
    },
    'Counts by value under all filters but its own; values that nobody has are left out',
  ),
  FacetValue: object<FacetValue>({ value: text, certain: count, possible: count }),
  Recorded: object<RecordedAnswer>({
    id: { ...id, description: 'The subject' },
    event: { ...id, description: 'What was recorded: what corrections, disputes and `after` name' },
    type: text,
    recordedAt: instant,
    recordedBy: { ...text, description: 'The id of the key' },
    visibility,
    'effective?': {
      ...visibility,
      description: 'Who may see it, where that is fewer: what it is recorded of, cites or names is for them alone',
    },
  }),
  Problem: object<ProblemDocument>(
    {
      type: { type: 'string', format: 'uri' },
      title: text,
      status: count,
      code: { ...text, description: 'Stable; GET /v1/catalogue lists all' },
      detail: text,
      'instance?': { ...text, description: 'Names this request in the log of the server' },
      'errors?': list(
        object({ code: text, detail: text, 'pointer?': { ...text, description: 'JSON pointer into the body' } }),
      ),
    },
    'Problem details (RFC 9457)',
  ),
  Live: object({ status: { const: 'live' } }),
  Ready: object({
    status: oneOf('ready', 'not-ready', 'shutting-down'),
    access: oneOf('following', 'silent'),
    keys: oneOf('open', 'wrong-master-key'),
    views: object<ViewsProgress>(viewsProgress),
    ceilings,
  }),
  Views: object<ViewsStatus>({
    server: { ...id, description: 'This server, since it was started' },
    schemaVersion: count,
    foldVersion: count,
    lens: {
      ...oneOf('all', 'verified'),
      description: 'Which facts count here: all, or under four eyes the verified ones',
    },
    ...viewsProgress,
    ceilings,
  }),
  Skip: object({ event: { ...text, description: 'The id of the event that `poison` names.' } }),
  NewKey: object({
    name: { type: 'string', minLength: 1, maxLength: 200 },
    scopes: { type: 'array', minItems: 1, uniqueItems: true, items: oneOf(...SCOPES) },
    'ceiling?': {
      ...visibility,
      description: 'What its holder sees at most: internal unless said; that of an admin key is confidential',
    },
    'expiresAt?': { ...instant, description: 'From when on it lets nobody in; it does not expire unless said' },
  }),
  CreatedKey: object<NewAccessKey>({
    id: text,
    key: { ...text, description: 'Send it as "Authorization: Bearer <key>"' },
  }),
  Rotation: object({
    'overlapSeconds?': {
      ...count,
      minimum: 0,
      maximum: 604_800,
      description: 'For how long the secret before lets in beside the new one: 0 unless said',
    },
    'expiresAt?': { ...instant, description: 'When the key expires from now on; as before, unless said' },
  }),
  RotatedKey: object<RotatedAccessKey>({
    id: text,
    key: { ...text, description: 'The new one: send it as "Authorization: Bearer <key>"' },
    'previousUntil?': { ...instant, description: 'Until then the one before lets in as well' },
  }),
  OwnKey: object<OwnAccessKey>({ id: text, scopes: list(text), ceiling: visibility, 'expiresAt?': instant }),
  Key: object<AccessKeyInfo>({
    id: text,
    'name?': text,
    scopes: list(text),
    ceiling: visibility,
    createdAt: instant,
    createdBy: text,
    'expiresAt?': instant,
    'rotatedAt?': { ...instant, description: 'When it was last given another secret' },
    'revokedAt?': instant,
    'lastUsedAt?': {
      ...instant,
      description: 'The beginning of the hour in which somebody last came in by it; left out: nobody did',
    },
  }),
  RawEvent: object<RawEventShown>(
    {
      seq: { ...count, description: 'Its place in the log, from 1' },
      stream: text,
      revision: { ...count, description: 'Its place in the stream, from 0' },
      id,
      type: text,
      data: stored,
      metadata: stored,
    },
    'As it is stored. Written without spaces, members in their order, `data` and `metadata` are the bytes that its hash covers',
  ),
  EventsPage: object<EventsPage>({
    logId: { ...id, description: 'Every hash covers it' },
    head: { ...count, description: 'The last seq that the views hold' },
    items: list(ref('RawEvent')),
    'next?': next,
  }),
  AccessPage: object<AccessPage>({ items: list(ref('AccessEntry')), 'next?': next }),
  AccessEntry: object<AccessEntry>({
    at: instant,
    by: { ...text, description: 'The principal of the key, as `recordedBy` names it' },
    operation: { ...text, description: 'The operationId of the route' },
    request: { ...text, description: 'The id of the request, as the log of the server has it' },
    subjects: list(ref('SubjectRef')),
    'more?': { ...count, description: 'How many subjects were shown besides' },
    'everything?': {
      type: 'boolean',
      const: true,
      description: 'What is stored was given as it is stored, or whatever changes',
    },
  }),
  SubjectRef: object<SubjectRef>({ kind, id }),
  Seal: object<Seal>({
    event: id,
    recordedAt: instant,
    size: { ...count, description: 'How many events it covers: those with a seq up to this' },
    root: hash,
    checkpoint: { ...text, description: 'A signed checkpoint (C2SP tlog-checkpoint)' },
    verifierKey: { ...text, description: 'Whose signature it bears (C2SP signed-note)' },
  }),
  SealList: object<SealList>({
    verifierKey: { ...text, description: 'Whose signature the next seal bears' },
    items: list(ref('Seal')),
    'next?': text,
  }),
  InclusionProof: object<InclusionProof>({
    event: id,
    seq: count,
    index: count,
    leaf: hash,
    path: list(hash),
    size: count,
    root: hash,
    seal: ref('Seal'),
  }),
  ConsistencyProof: object<ConsistencyProof>({
    from: object<ProvenHead>({ size: count, root: hash }),
    to: object<ProvenHead>({ size: count, root: hash }),
    path: list(hash),
  }),
  KeyList: object({ items: list(ref('Key')) }),
  ChangeFilter: {
    type: 'object',
    description: 'Which changes are meant: any of the values of each field, and all of the fields',
    additionalProperties: false,
    properties: Object.fromEntries(
      FILTER_FIELDS.map((field) => [
        field,
        { ...list(filterValue(field)), minItems: 1, maxItems: 50, uniqueItems: true },
      ]),
    ),
  },
  ErasureRequest: object({ reason }),
  Erasure: object<ErasureInfo>({
    id,
    person: id,
    askedAt: instant,
    askedBy: { ...text, description: 'The principal' },
    state: {
      ...oneOf('forgetting', 'in-review', 'certified'),
      description: 'Nodes that are up have still to forget; mentions are looked for or reviewed; it is done',
    },
    nodes: list(
      object<ErasingNode>({
        id: text,
        name: text,
        live: { ...flag, description: 'One that is down forgets before it serves again' },
        forgot: { ...flag, description: 'All that was destroyed so far' },
        'stoppedAt?': { ...text, description: 'The event at which its views stand: skip it, else they cannot forget' },
      }),
    ),
    mentions: object<ErasureInfo['mentions']>({
      complete: { ...flag, description: 'The whole record was looked through' },
      open: count,
      redacted: count,
      kept: count,
      citing: { ...count, description: 'Subjects that cite a source which holds the words: only to be looked at' },
      inTheClear: { ...count, description: 'Subjects that hold the words in fields which were never sealed' },
    }),
    'certificate?': object<NonNullable<ErasureInfo['certificate']>>(
      {
        at: instant,
        erased: object({ keys: count, streams: count }),
        mentions: object({ listed: count, redacted: count, kept: count }),
        nodes: { ...list(text), description: 'Those that reported' },
        outOfReach: object({
          nodes: { ...list(text), description: 'Those that were down: they forget before they serve again' },
          inTheClear: { ...count, description: 'Subjects that hold the words in fields which were never sealed' },
          handedOut: {
            ...list(object({ operation: text, times: count, from: instant, to: instant })),
            description: 'Answers that were written down as showing the person, or anything',
          },
          trailDays: { ...count, description: 'Answers are written down for so long; older ones are not known' },
          copies: { ...list(text), description: 'Kinds of copies that nobody can reach, if there are any' },
        }),
      },
      'Holds nothing personal',
    ),
  }),
  ErasureList: object<ErasureList>({ items: list(ref('Erasure')) }),
  Mention: object<MentionInfo>({
    kind,
    id,
    because: {
      ...oneOf('words', 'names', 'clear', 'cites'),
      description:
        'It holds the words; it names the person by id; it holds the words in the clear; it cites a source that holds the words',
    },
    state: oneOf('open', 'redacted', 'kept', 'clear', 'cites'),
    spans: list(span),
    'more?': { ...count, description: 'How many spans there are besides' },
    'inTheClear?': { ...list(span), description: 'Where the words stand in fields that were never sealed: they stay' },
  }),
  MentionPage: object<MentionPage>({ items: list(ref('Mention')), 'next?': next }),
  RedactionRequest: object({
    kind,
    id,
    'words?': {
      ...list({ type: 'string', minLength: 1, maxLength: LONGEST_WORD }),
      minItems: 1,
      maxItems: MOST_WORDS,
      description: 'Further words that are blanked in this subject',
    },
    'spans?': {
      ...list(object({ event: id, pointer: text, start: count, end: count })),
      minItems: 1,
      maxItems: MOST_SPANS,
      description: 'These places, and words that are given; unless said, all places where the words stand',
    },
    'everything?': { ...flag, description: 'All sealed texts of the subject' },
    'reason?': reason,
  }),
  KeptRequest: object({ kind, id, reason }),
  NewWebhook: object({
    url: {
      type: 'string',
      format: 'uri',
      maxLength: 2_000,
      description: 'https, save to what the operator allows inside',
    },
    'name?': { type: 'string', minLength: 1, maxLength: 200 },
    'filter?': ref('ChangeFilter'),
    'after?': { ...seq, description: 'What is behind this seq is sent; what is recorded from now on, unless said' },
  }),
  Webhook: object<WebhookShown>(webhook),
  CreatedWebhook: object<CreatedWebhook>({
    ...webhook,
    secret: { ...text, description: '`whsec_…`: what signatures are verified with (Standard Webhooks)' },
  }),
  WebhookPage: object<WebhookPage>({ items: list(ref('Webhook')), 'next?': next }),
  Replay: object({ from: { type: 'integer', minimum: 1, description: 'The first seq that is sent again' } }),
  Redelivery: object({
    'changes?': {
      ...list({ type: 'string', maxLength: 50 }),
      minItems: 1,
      maxItems: 1_000,
      description: 'Ids of changes; all dead letters, unless said',
    },
  }),
  WebhookPing: object<PingAnswer>({
    id: { ...text, description: 'The webhook-id of what was sent' },
    ...outcome,
    milliseconds: count,
  }),
  WebhookPingEvent: object<PingEvent>(
    {
      specversion: { const: '1.0' },
      type: { const: PING_EVENT_TYPE },
      source: { ...text, description: 'urn:habeas:log:<id>: the log' },
      id: text,
      subject: { ...text, description: 'webhook/<id>' },
      time: { ...instant, description: 'When it was sent' },
    },
    'A CloudEvent (1.0) in structured JSON, without data: what a ping sends',
  ),
  DeadLetterPage: object<DeadLetterPage>({
    items: list(
      object<DeadLetterShown>({
        change: { ...text, description: 'Its id' },
        seq: count,
        firstTried: instant,
        givenUp: instant,
        tries: count,
        ...outcome,
      }),
    ),
    dropped: { ...count, description: 'How many older ones are not kept; a replay sends them' },
    'next?': next,
  }),
  Catalogue: object({
    events: list(
      object({
        type: text,
        summary: text,
        role: oneOf('entry', 'fact', 'act'),
        categories: list(kind),
        routes: list(text),
        schema: { ...text, description: 'Where its JSON Schema is' },
      }),
    ),
    vocabularies: { type: 'object', additionalProperties: list(text) },
    axes: list(
      object({
        axis: text,
        subject: oneOf('person', 'group'),
        per: oneOf('case', 'subject', 'key'),
        values: list(text),
        groups: { type: 'object', additionalProperties: list(text) },
      }),
    ),
    problems: list(object({ code: text, status: count, title: text, 'meaning?': text, 'whatToDo?': text })),
  }),
};
