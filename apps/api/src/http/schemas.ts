/**
 * JSON Schemas of what the server answers. What it takes is described by the payload classes themselves; answers have no
 * classes, as nothing validates them on the way out. An end-to-end test holds every answer of the first case to these,
 * with no field that they do not name.
 */
import type { SubjectCategory } from '#projections';

export type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const count: Schema = { type: 'integer' };
const id: Schema = { type: 'string', format: 'uuid' };
const day: Schema = { type: 'string', format: 'date' };
const instant: Schema = { type: 'string', format: 'date-time' };
const edtf: Schema = { type: 'string', description: 'EDTF (ISO 8601-2), as the source gives it' };
const anything: Schema = { type: 'object', additionalProperties: true };
const texts: Schema = { type: 'object', additionalProperties: text };

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const list = (items: Schema): Schema => ({ type: 'array', items });
const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });

/** An object whose fields are all there, save those whose names end in a question mark. */
function object(fields: Readonly<Record<string, Schema>>, description?: string): Schema {
  const entries = Object.entries(fields);
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    additionalProperties: false,
    required: entries.map(([name]) => name).filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
  };
}

const kind = oneOf('person', 'group', 'case', 'statement', 'source');
const visibility = oneOf('public', 'internal', 'confidential');
const standing = oneOf('standing', 'corrected', 'withdrawn', 'moved');
const organisation = object({ 'id?': id, 'name?': text });
const place = object({ start: count, end: count, version: count }, 'In code points of the text of that version');

const act: Readonly<Record<string, Schema>> = {
  event: id,
  seq: count,
  type: text,
  recordedAt: instant,
  recordedBy: text,
  'reason?': text,
  citations: list(ref('CitationView')),
  data: anything,
};

const role: Readonly<Record<string, Schema>> = {
  role: text,
  value: text,
  'since?': edtf,
  sinceBounds: ref('DaysView'),
  'until?': edtf,
  certain: flag,
  disputed: flag,
  restsOn: list(id),
};

const intention: Readonly<Record<string, Schema>> = {
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

const document: Readonly<Record<string, Schema>> = {
  id,
  summary: text,
  visibility,
  inconsistencies: list(object({ kind: oneOf('cycle', 'cap'), facts: list(id) })),
  timeline: list(ref('FactView')),
  acts: list(ref('ActView')),
  alternativesElsewhere: list(
    object({
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
  asOf: object({
    'validAt?': edtf,
    knownAt: object({ seq: count, 'instant?': instant, settled: flag }),
    day: day,
    foldVersion: count,
  }),
};

const statements = object({ by: list(ref('StatementLine')), about: list(ref('StatementLine')) });

const views: Readonly<Record<`${Capitalize<SubjectCategory>}View`, Schema>> = {
  PersonView: object({
    ...document,
    kind: { const: 'person' },
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
      object({
        'id?': id,
        'title?': text,
        'unassigned?': flag,
        hold: ref('AnswerView'),
        stage: ref('AnswerView'),
        verdict: ref('AnswerView'),
        finality: ref('AnswerView'),
        sentence: ref('AnswerView'),
        offences: list(text),
      }),
    ),
    roles: list(object({ ...role, organisation, attributedAs: list(text) })),
    labels: list(ref('LabelView')),
    intentions: list(ref('IntentionView')),
    statements,
    identities: list(
      object({
        event: id,
        person: ref('SubjectPointer'),
        verdict: text,
        'reason?': text,
        citations: list(ref('CitationView')),
      }),
    ),
  }),
  GroupView: object({
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
      object({
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
      object({
        event: id,
        of: text,
        'qualifier?': text,
        value: count,
        'occurred?': edtf,
        disputed: flag,
        citations: list(ref('CitationView')),
      }),
    ),
    holders: list(object({ ...role, holder: ref('SubjectPointer') })),
    labels: list(ref('LabelView')),
    statements,
  }),
  CaseView: object({
    ...document,
    kind: { const: 'case' },
    'title?': text,
    'court?': text,
    numbers: list(text),
    joined: list(ref('SubjectPointer')),
    persons: list(
      object({
        person: ref('SubjectPointer'),
        liberty: ref('AnswerView'),
        hold: ref('AnswerView'),
        stage: ref('AnswerView'),
        verdict: ref('AnswerView'),
        finality: ref('AnswerView'),
        sentence: ref('AnswerView'),
      }),
    ),
  }),
  StatementView: object({
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
  SourceView: object({
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
    captures: list(ref('ActView')),
    dependsOn: list(object({ source: ref('SubjectPointer'), kind: text, event: id })),
    citedBy: list(
      object({
        event: id,
        seq: count,
        type: text,
        subject: ref('SubjectPointer'),
        'words?': text,
        'at?': place,
        'locator?': text,
        standing,
      }),
    ),
  }),
};

/** By their names under `#/components/schemas/`: those of the shapes in libs/projections. */
export const answerSchemas: Readonly<Record<string, Schema>> = {
  ...views,
  ActView: object(act),
  AnswerView: object(
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
      'reason?': { const: 'stale' },
      'laterQuashed?': { const: true },
      restsOn: list(id),
    },
    'The answer on one axis: the main reading, how sure it is, and the events of the facts that it rests on',
  ),
  CitationView: object({
    source: ref('SubjectPointer'),
    'words?': text,
    'at?': place,
    'prefix?': text,
    'suffix?': text,
    'locator?': text,
    'published?': day,
  }),
  DaysView: object({ 'earliest?': day, 'latest?': day }, 'The first and last day; an open side is left out'),
  FactView: object({
    event: id,
    seq: count,
    type: text,
    subject: ref('SubjectPointer'),
    'occurred?': edtf,
    bounds: ref('DaysView'),
    aspect: oneOf('began', 'observed'),
    'case?': ref('SubjectPointer'),
    data: anything,
    mentions: list(object({ kind: kind, id: id, 'name?': text, pointer: text })),
    citations: list(ref('CitationView')),
    'basis?': text,
    'confidence?': text,
    'note?': text,
    standing,
    disputed: flag,
    corrections: list(ref('ActView')),
    disputes: list(
      object({
        ...act,
        kind: text,
        'by?': text,
        open: flag,
        'outcome?': text,
        'alternative?': object({ subject: ref('SubjectPointer'), data: anything }),
      }),
    ),
    verifications: list(ref('ActView')),
    accounts: list(ref('ActView')),
    recordedAt: instant,
    recordedBy: text,
    visibility,
  }),
  IntentionView: object(intention, 'What somebody said would happen; nothing of it has happened by being said'),
  LabelView: object(
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
  NameView: object({ text: text, 'kind?': text, 'lang?': text, 'script?': text, event: id }),
  SpeakerView: object({
    'subject?': ref('SubjectPointer'),
    'role?': text,
    'organisation?': organisation,
    'roleAsAttributed?': text,
    'rolesHeld?': list(object({ role: text, organisation, certain: flag })),
    'roleAgrees?': flag,
    'onBehalfOf?': text,
  }),
  StatementLine: object({
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
  SubjectPointer: object({ kind, id, 'name?': text }),
  ListPage: object({
    items: list(object({ kind, id, 'name?': text, summary: text })),
    'next?': { ...text, description: 'The cursor of the next page; left out on the last' },
  }),
  Recorded: object({
    id: { ...id, description: 'The subject' },
    event: { ...id, description: 'What was recorded: what corrections, disputes and `after` name' },
    type: text,
    recordedAt: instant,
    recordedBy: { ...text, description: 'The id of the key' },
    visibility,
  }),
  Problem: object(
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
    views: object({
      state: oneOf('starting', 'catching-up', 'live', 'stopped', 'failed', 'closed'),
      seq: count,
      'knownAt?': instant,
      lagMilliseconds: count,
      'poison?': object({ event: id, stream: text, revision: count, type: text, seq: count, reason: text }),
      'rebuilding?': object({ reason: text, seq: count }),
      'failure?': text,
    }),
  }),
  NewKey: object({
    name: { type: 'string', minLength: 1, maxLength: 200 },
    scopes: { type: 'array', minItems: 1, uniqueItems: true, items: oneOf('read', 'record', 'review', 'admin') },
  }),
  CreatedKey: object({ id: text, key: { ...text, description: 'Send it as "Authorization: Bearer <key>"' } }),
  Key: object({
    id: text,
    'name?': text,
    scopes: list(text),
    createdAt: instant,
    createdBy: text,
    'revokedAt?': instant,
  }),
  KeyList: object({ items: list(ref('Key')) }),
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
    problems: list(object({ code: text, status: count, title: text })),
  }),
};
