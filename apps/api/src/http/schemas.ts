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
  citations: list(ref('Citation')),
  data: anything,
};

const role: Readonly<Record<string, Schema>> = {
  role: text,
  value: text,
  'since?': edtf,
  sinceBounds: ref('Days'),
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
  citations: list(ref('Citation')),
};

const document: Readonly<Record<string, Schema>> = {
  id,
  summary: text,
  visibility,
  inconsistencies: list(object({ kind: oneOf('cycle', 'cap'), facts: list(id) })),
  timeline: list(ref('Fact')),
  acts: list(ref('Act')),
  alternativesElsewhere: list(
    object({
      subject: ref('Subject'),
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

const views: Readonly<Record<Capitalize<SubjectCategory>, Schema>> = {
  Person: object({
    ...document,
    kind: { const: 'person' },
    'name?': text,
    names: list(ref('Name')),
    identifiers: list(object({ scheme: text, value: text, event: id })),
    attributes: list(object({ attribute: text, value: text, event: id, disputed: flag })),
    axes: object({
      liberty: ref('Answer'),
      life: ref('Answer'),
      whereabouts: ref('Answer'),
      location: ref('Answer'),
      civicRights: ref('Answer'),
      asylum: list(ref('Answer')),
      extradition: list(ref('Answer')),
    }),
    cases: list(
      object({
        'id?': id,
        'title?': text,
        'unassigned?': flag,
        hold: ref('Answer'),
        stage: ref('Answer'),
        verdict: ref('Answer'),
        finality: ref('Answer'),
        sentence: ref('Answer'),
        offences: list(text),
      }),
    ),
    roles: list(object({ ...role, organisation, attributedAs: list(text) })),
    labels: list(ref('Label')),
    intentions: list(ref('Intention')),
    statements,
    identities: list(
      object({ event: id, person: ref('Subject'), verdict: text, 'reason?': text, citations: list(ref('Citation')) }),
    ),
  }),
  Group: object({
    ...document,
    kind: { const: 'group' },
    'name?': text,
    names: list(ref('Name')),
    'groupKind?': text,
    axes: object({
      registration: ref('Answer'),
      activity: ref('Answer'),
      appeal: ref('Answer'),
      electionEntries: list(ref('Answer')),
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
        citations: list(ref('Citation')),
      }),
    ),
    plans: list(object({ ...intention, submitted: flag })),
    intentions: list(ref('Intention')),
    sizes: list(
      object({
        event: id,
        of: text,
        'qualifier?': text,
        value: count,
        'occurred?': edtf,
        disputed: flag,
        citations: list(ref('Citation')),
      }),
    ),
    holders: list(object({ ...role, holder: ref('Subject') })),
    labels: list(ref('Label')),
    statements,
  }),
  Case: object({
    ...document,
    kind: { const: 'case' },
    'title?': text,
    'court?': text,
    numbers: list(text),
    joined: list(ref('Subject')),
    persons: list(
      object({
        person: ref('Subject'),
        liberty: ref('Answer'),
        hold: ref('Answer'),
        stage: ref('Answer'),
        verdict: ref('Answer'),
        finality: ref('Answer'),
        sentence: ref('Answer'),
      }),
    ),
  }),
  Statement: object({
    ...document,
    kind: { const: 'statement' },
    speaker: ref('Speaker'),
    'audience?': text,
    'channel?': text,
    'occurred?': edtf,
    'form?': text,
    'stance?': text,
    'lang?': text,
    'words?': text,
    conditions: list(text),
    about: list(ref('Subject')),
    citations: list(ref('Citation')),
    speakerSince: list(text),
  }),
  Source: object({
    ...document,
    kind: { const: 'source' },
    'type?': text,
    'title?': text,
    'publisher?': text,
    'author?': text,
    'published?': edtf,
    publishedBounds: ref('Days'),
    'url?': text,
    'lang?': text,
    'sha256?': text,
    'text?': text,
    captures: list(ref('Act')),
    dependsOn: list(object({ source: ref('Subject'), kind: text, event: id })),
    citedBy: list(
      object({
        event: id,
        seq: count,
        type: text,
        subject: ref('Subject'),
        'words?': text,
        'at?': place,
        'locator?': text,
        standing,
      }),
    ),
  }),
};

/** By their names under `#/components/schemas/`. */
export const answerSchemas: Readonly<Record<string, Schema>> = {
  ...views,
  Act: object(act),
  Answer: object(
    {
      axis: text,
      'case?': text,
      'key?': text,
      value: text,
      'detail?': texts,
      'since?': edtf,
      sinceBounds: ref('Days'),
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
  Citation: object({
    source: ref('Subject'),
    'words?': text,
    'at?': place,
    'prefix?': text,
    'suffix?': text,
    'locator?': text,
    'published?': day,
  }),
  Days: object({ 'earliest?': day, 'latest?': day }, 'The first and last day; an open side is left out'),
  Fact: object({
    event: id,
    seq: count,
    type: text,
    subject: ref('Subject'),
    'occurred?': edtf,
    bounds: ref('Days'),
    aspect: oneOf('began', 'observed'),
    'case?': ref('Subject'),
    data: anything,
    mentions: list(object({ kind: kind, id: id, 'name?': text, pointer: text })),
    citations: list(ref('Citation')),
    'basis?': text,
    'confidence?': text,
    'note?': text,
    standing,
    disputed: flag,
    corrections: list(ref('Act')),
    disputes: list(
      object({
        ...act,
        kind: text,
        'by?': text,
        open: flag,
        'outcome?': text,
        'alternative?': object({ subject: ref('Subject'), data: anything }),
      }),
    ),
    verifications: list(ref('Act')),
    accounts: list(ref('Act')),
    recordedAt: instant,
    recordedBy: text,
    visibility,
  }),
  Intention: object(intention, 'What somebody said would happen; nothing of it has happened by being said'),
  Label: object(
    {
      event: id,
      label: text,
      'by?': text,
      'occurred?': edtf,
      standing,
      disputed: flag,
      citations: list(ref('Citation')),
    },
    'Somebody’s word; never a status',
  ),
  Name: object({ text: text, 'kind?': text, 'lang?': text, 'script?': text, event: id }),
  Speaker: object({
    'subject?': ref('Subject'),
    'role?': text,
    'organisation?': organisation,
    'roleAsAttributed?': text,
    'rolesHeld?': list(object({ role: text, organisation, certain: flag })),
    'roleAgrees?': flag,
    'onBehalfOf?': text,
  }),
  StatementLine: object({
    id,
    speaker: ref('Speaker'),
    'occurred?': edtf,
    'form?': text,
    'stance?': text,
    'words?': text,
    'lang?': text,
    conditions: list(text),
    about: list(ref('Subject')),
    standing,
    disputed: flag,
    speakerSince: list(text),
    citations: list(ref('Citation')),
  }),
  Subject: object({ kind, id, 'name?': text }),
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
    problems: list(object({ code: text, status: count, title: text })),
  }),
};
