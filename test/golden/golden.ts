/**
 * Golden files: the stored form of every version of every event that was ever written, made with fixed keys, time and
 * randomness. Whoever changes a byte of what is stored, or forgets how an old version is read, hears of it here.
 *
 * Each file holds its own key, so that it can be read for ever. Files are added, never edited: a log that holds such
 * events cannot be edited either.
 */
import { join } from 'node:path';
import { ACCESS_EVENTS, ERASURE_EVENTS } from '#access';
import {
  catalogue,
  type Category,
  type Data,
  decide,
  evolve,
  EXAMPLE_IDS as ID,
  examples,
  initial,
  type EventDefinition,
  type SubjectState,
  validatePayload,
} from '#domain';
import { WEBHOOK_EVENTS } from '#feed';
import { canonicalJson, canonicalValue, derivedId, type JsonObject, streamName } from '#kernel';
import {
  CHAIN_START,
  createEventCodec,
  FOLD_ADOPTED,
  LOG_SEALED,
  LOG_STARTED,
  requestMac,
  type StoredForm,
} from '#log-format';
import { fixedKey, seededRandomness } from '../support/fixed.js';

/** Behind every day that the examples speak of. */
const NOW = new Date('2026-01-02T03:04:05.678Z');

/** In the sources, also for what runs from dist. */
export const GOLDEN_FOLDER = join(import.meta.dirname, '../../../test/fixtures/golden');

export interface Golden {
  readonly type: string;
  readonly schemaVersion: number;
  readonly logId: string;
  readonly stream: string;
  /** `key` in hex. */
  readonly key: { readonly keyId: string; readonly key: string };
  readonly events: readonly {
    /** As it is read in this version, personal fields open. */
    readonly plain: JsonObject;
    readonly stored: { readonly id: string; readonly data: string; readonly metadata: string };
  }[];
}

/** Every event that is written today. */
export const forms: readonly StoredForm[] = [
  ...catalogue,
  ...ACCESS_EVENTS,
  ...WEBHOOK_EVENTS,
  ...ERASURE_EVENTS,
  LOG_STARTED,
  FOLD_ADOPTED,
  LOG_SEALED,
];

export function fileOf({ type, schemaVersion }: Pick<StoredForm, 'type' | 'schemaVersion'>): string {
  return join(GOLDEN_FOLDER, `${type}.v${schemaVersion}.json`);
}

/** The golden file's text, as today's program makes it. */
export function makeGolden(form: StoredForm): string {
  const { type, schemaVersion } = form;
  const definition = catalogue.find((each) => each.type === type);
  const examplesOfType = definition === undefined ? [OTHERS[type]] : variants(definition);
  const [category = categoryOf(form)] = definition?.categories ?? [];
  const stream = streamName(category, derivedId('golden', 'subject', category));
  const logId = derivedId('golden', 'log', 0);
  const key = fixedKey(`golden ${type}`);
  const { events, recorded } = createEventCodec(forms, seededRandomness(`golden ${type}`)).encode(
    examplesOfType.map((data, index) => {
      if (data === undefined) throw new Error(`There is no example of ${type}.`);
      return { id: derivedId('golden', type, index), type, data };
    }),
    {
      logId,
      stream,
      head: CHAIN_START,
      key,
      recordedAt: NOW,
      recordedBy: 'key:golden',
      correlationId: derivedId('golden', 'correlation', 0),
      causationId: derivedId('golden', 'causation', 0),
      requestMac: requestMac(key, type),
      visibility: 'internal',
    },
  );
  const golden: Golden = {
    type,
    schemaVersion,
    logId,
    stream,
    key: { keyId: key.keyId, key: Buffer.from(key.key).toString('hex') },
    events: events.map(({ id, data, metadata }, index) => ({
      // In the order of canonical JSON: how a class orders its fields is no part of the stored form.
      plain: JSON.parse(canonicalJson(recorded[index]!.data)) as JsonObject,
      stored: { id, data, metadata },
    })),
  };
  return `${JSON.stringify(golden, null, 2)}\n`;
}

/** Of events that are no subject's. */
function categoryOf(form: StoredForm): string {
  if (ACCESS_EVENTS.includes(form)) return 'access';
  if (ERASURE_EVENTS.includes(form)) return 'erasure';
  return WEBHOOK_EVENTS.includes(form) ? 'webhook' : 'log';
}

const OTHERS: Readonly<Partial<Record<string, object>>> = {
  FoldAdopted: { foldVersion: 1 },
  LogSealed: {
    checkpoint: `habeas/log/${derivedId('golden', 'log', 0)}\n2\n${'A'.repeat(43)}=\n\n— habeas/log/${derivedId('golden', 'log', 0)} AAAAAAAA\n`,
    verifierKey: `habeas/log/${derivedId('golden', 'log', 0)}+00000000+AAAA`,
  },
  LogStarted: { logId: derivedId('golden', 'log', 0) },
  AccessKeyCreated: {
    hash: '0123456789abcdef'.repeat(4),
    name: 'Laptop A',
    scopes: ['read', 'record'],
    ceiling: 'public',
    expiresAt: '2027-01-01T00:00:00.000Z',
  },
  AccessKeyRotated: {
    hash: 'fedcba9876543210'.repeat(4),
    expiresAt: '2028-01-01T00:00:00.000Z',
    previousUntil: '2026-01-02T04:04:05.678Z',
  },
  AccessKeyRevoked: {},
  WebhookRegistered: {
    url: 'https://newsroom.example.org/hooks?token=A',
    name: 'Newsroom A',
    filter: { axis: ['liberty'], country: ['DK'], group: [ID.groupA], person: [ID.personA, ID.personB], to: ['free'] },
    after: 17,
  },
  WebhookRewound: { after: 4 },
  WebhookDeadLettersReleased: { changes: ['f2-15.0', 'f2-15.1'] },
  WebhookSecretRotated: {
    secret: ID.personB,
    previousUntil: '2026-01-02T04:04:05.678Z',
  },
  WebhookDeleted: {},
  ErasureAsked: { person: ID.personA, reason: 'Asked by letter', words: ['Ada A', 'Аda'] },
  KeysCondemned: {
    stream: `habeasPerson-${ID.personA}`,
    revision: 7,
    keys: [derivedId('golden', 'condemned', 0), derivedId('golden', 'condemned', 1)],
  },
  MentionsListed: {
    mentions: [
      { kind: 'source', id: ID.sourceA, because: 'words' },
      { kind: 'statement', id: ID.statementA, because: 'names' },
      { kind: 'person', id: ID.personB, because: 'cites' },
    ],
    complete: true,
  },
  MentionKept: { kind: 'source', id: ID.sourceA, reason: 'Somebody else of this name' },
  NodeForgot: { node: 'node-a', upTo: 5 },
  ErasureCertified: {
    erased: { keys: 3, streams: 2 },
    mentions: { listed: 3, redacted: 1, kept: 2 },
    nodes: ['node-a'],
    outOfReach: {
      nodes: ['node-b'],
      handedOut: [
        {
          operation: 'readPerson',
          times: 2,
          from: '2025-12-01T00:00:00.000Z',
          to: '2026-01-01T00:00:00.000Z',
        },
      ],
      trailDays: 365,
      copies: ['backups-of-keys'],
    },
  },
};

/** What is recorded where the cited source holds its text (places of words), and where it holds none (the words, sealed). */
function variants(definition: EventDefinition): readonly object[] {
  const moved = definition.role === 'fact' ? { movedFrom: { person: ID.personB, fact: ID.factB } } : {};
  return [decided(definition), { ...bodyOf(definition.type), ...moved }];
}

/** The example of a request's body, as it passes the door. */
function bodyOf(type: string): Data {
  const definition = catalogue.find((each) => each.type === type);
  if (definition === undefined) throw new Error(`The catalogue has no ${type}.`);
  const payload = validatePayload(definition, canonicalValue(examples[type]));
  if (!payload.ok) throw new Error(`The example of ${type} is refused: ${JSON.stringify(payload.error)}`);
  return payload.value;
}

function decided(definition: EventDefinition): object {
  const [category = 'person'] = definition.categories;
  const result = decide(
    definition,
    definition.role === 'entry' ? undefined : stateFor(category, definition.type),
    bodyOf(definition.type),
    {
      now: NOW,
      recordedBy: 'key:golden',
      eventId: (index) => derivedId('golden', definition.type, index),
      exists: () => true,
      subject: (kind) => stateFor(kind, ''),
      ...(definition.type === 'FactMoved' && { movedTo: ID.factB }),
    },
  );
  if (!result.ok) throw new Error(`The example of ${definition.type} is refused: ${JSON.stringify(result.error)}`);
  return result.value[0]!.data;
}

const ENTRIES: Readonly<Record<Category, [type: string, id: string]>> = {
  person: ['PersonEntered', ID.personA],
  group: ['GroupEntered', ID.groupA],
  case: ['CaseEntered', ID.caseA],
  statement: ['StatementMade', ID.statementA],
  source: ['SourceEntered', ID.sourceA],
};

/** A subject on which everything is on record that the examples of acts speak of. */
function stateFor(category: Category, forAct: string): SubjectState {
  const [entered, id] = ENTRIES[category];
  const judgement = forAct === 'IdentityJudgementRevoked' ? 'IdentityJudged' : 'FactsJudgedSame';
  const story: [type: string, id: string][] = [[entered, derivedId('golden', 'entry', category)]];
  if (category === 'person') {
    story.push(['PersonArrested', ID.factA], ['PersonArrested', ID.factB]);
    story.push(['FactDisputed', ID.disputeA], [judgement, ID.judgementA]);
  }
  const recordedAt = NOW.toISOString();
  return story.reduce(
    (state, [type, eventId]) =>
      evolve(state, {
        id: eventId,
        type,
        data: bodyOf(type),
        recordedAt,
        recordedBy: 'key:another',
        visibility: 'internal',
      }),
    initial(category, id),
  );
}
