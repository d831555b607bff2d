/** Histories, status changes and streams of them, and what two moments differ in. */
import {
  CHANGE_DATA_SCHEMA,
  CHANGE_EVENT_TYPE,
  FILTER_FIELDS,
  type Restated,
  type StatusChangeData,
  type StatusChangeEvent,
} from '#feed';
import {
  type AnswerDifference,
  CHANGE_KINDS,
  type ChangedAnswer,
  type DayAnswer,
  type DifferenceView,
  FACT_CHANGES,
  type FactDifference,
  type HistoryEntry,
  type HistoryPage,
  type RecordDifference,
  type StatusChange,
} from '#projections';
import { filterValue } from '../change-parameters.js';
import type { StatusChangesPage, StreamTicket } from '../change-routes.js';
import {
  type Fields,
  type Schema,
  anything,
  count,
  day,
  edtf,
  flag,
  id,
  instant,
  kind,
  list,
  next,
  object,
  oneOf,
  ref,
  text,
  texts,
  visibility,
} from './shape.js';
import { act, told } from './shared.js';

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

export const changeSchemas: Readonly<Record<string, Schema>> = {
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
};
