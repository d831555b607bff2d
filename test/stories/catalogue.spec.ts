/**
 * Every event of the catalogue, on every kind of subject that it is recorded of, through the command handler into an
 * embedded log: accepted, stored as the golden file says, repeated, and refused by each code that can befall it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Category,
  type Data,
  definitionOf,
  type EventDefinition,
  EXAMPLE_IDS as ID,
  examples,
  recordable,
  REFUSAL_CODES,
  references,
} from '#domain';
import type { Command } from '#command-handling';
import { GOLDEN_FOLDER, type Golden } from '../golden/golden.js';
import { faultsIn } from './test-support/faulty.js';
import {
  ARREST,
  ENTRY,
  exchanged,
  factTypeOf,
  type Json,
  type Names,
  Office,
  reader,
  recorder,
  reviewer,
  SUBJECT,
} from './test-support/office.js';

let office: Office;
let all: Names;

beforeAll(async () => {
  office = await Office.open();
  all = await office.enterAll();
});
afterAll(() => office.close());

const pairs = recordable.flatMap((definition) =>
  definition.categories.map((category) => [definition.type, category, definition] as const),
);

const seen = new Set<string>();

describe.each(pairs)('%s of a %s', (type, category, definition) => {
  let names: Names;
  let command: Command & { readonly data: Json };
  let key = 0;

  beforeAll(async () => {
    const judgement = { FactsJudgementRevoked: 'FactsJudgedSame', IdentityJudgementRevoked: 'IdentityJudged' } as const;
    names = await office.subject(category, all, judgement[type as keyof typeof judgement]);
    const subject = definition.role === 'entry' ? {} : { id: names.get(SUBJECT[category]) ?? '' };
    command = { type, category, ...subject, data: exchanged(bodyOf(definition, category), names) };
  });

  const again = (): Command & { readonly data: Json } => ({
    ...command,
    idempotencyKey: `${type}-${category}-${++key}`,
  });

  /** Codes and places; nothing may be written. */
  async function refused(changed: Partial<Command>, by = reviewer): Promise<readonly string[]> {
    const result = await office.commands.execute({ ...command, ...changed }, by);
    const codes = result.ok ? ['accepted'] : result.error.map(({ code, pointer }) => `${code} ${pointer ?? ''}`.trim());
    for (const each of codes) seen.add(each.split(' ')[0] ?? '');
    return codes;
  }

  test('is refused by its code for each fault that its schema names', async () => {
    const before = (await office.events()).length;
    const inside =
      type === 'FactCorrected'
        ? faultsIn(category === 'case' ? 'CaseEntered' : factTypeOf(category), command.data.data as Json).map(
            (fault) => ({
              ...fault,
              pointer: `/data${fault.pointer}`,
              body: { ...command.data, data: fault.body },
            }),
          )
        : [];
    for (const { code, pointer, body } of [...faultsIn(type, command.data), ...inside]) {
      expect({ body, refused: await refused({ data: body }) }).toEqual({
        body,
        refused: expect.arrayContaining([`${code} ${pointer}`.trim()]) as unknown,
      });
    }
    expect(await office.events()).toHaveLength(before);
  });

  test('is refused where it names what is not there, what is to come, or itself', async () => {
    const before = (await office.events()).length;
    const { data } = command;
    const inner = definitionOf(category === 'case' ? 'CaseEntered' : factTypeOf(category));
    for (const { kind, pointer } of references(definition, data, inner)) {
      expect(await refused({ data: replaced(data, pointer, ELSEWHERE) })).toContain(`${kind}-not-found ${pointer}`);
    }
    for (const [pointer, code] of BY_ID) {
      if (at(data, pointer) === undefined) continue;
      expect(await refused({ data: replaced(data, pointer, ELSEWHERE) })).toContain(`${code} ${pointer}`);
    }
    for (const [pointer, subject] of [
      ['/other', SUBJECT[category]],
      ['/person', ID.personA],
      [`/to/${category}`, SUBJECT[category]],
    ] as const) {
      if (!ITSELF.has(type) || at(data, pointer) === undefined) continue;
      const self = replaced(data, pointer, names.get(subject));
      expect(await refused({ data: self })).toContain(
        `refers-to-itself ${pointer.startsWith('/to') ? '/to' : pointer}`,
      );
    }
    if (Array.isArray(data.citations)) {
      const unwritten = replaced(data, '/citations/0/quote', { exact: 'words that nobody wrote' });
      expect(await refused({ data: unwritten })).toEqual(['quote-not-in-source /citations/0/quote/exact']);
    }
    if ('occurred' in data && definition.isFact) {
      expect(await refused({ data: { ...data, occurred: '2999' } })).toEqual(['occurred-in-future /occurred']);
    }
    if (definition.role !== 'entry') expect(await refused({ id: ELSEWHERE })).toEqual(['not-found']);
    expect(await refused({}, reader)).toEqual(['forbidden']);
    expect(await office.events()).toHaveLength(before);
  });

  test('is accepted, stored as ever, and repeated without a trace', async () => {
    const asked = again();
    const accepted = await office.accepted(asked, reviewer);
    expect(accepted.events.map((event) => event.type)).toEqual([type]);
    expect(accepted.repeated).toBe(false);

    const [event] = accepted.events;
    const stored = (await office.events(accepted.stream)).find(({ id }) => id === event?.id);
    if (category === definition.categories[0]) {
      const golden = goldenOf(type);
      const back = new Map([...names].map(([example, id]) => [id, example === ARREST ? ID.factA : example]));
      if (typeof event?.data.movedTo === 'string') back.set(event.data.movedTo, ID.factB);
      expect(exchanged(event?.data, back)).toEqual(golden.plain);
      expect(exchanged(unsealed(stored?.data), back)).toEqual(unsealed(golden.stored.data));
    }

    const before = (await office.events()).length;
    const repeated = await office.accepted(asked, reviewer);
    expect(repeated).toMatchObject({ ...accepted, repeated: true });
    expect(await refused({ ...asked, data: otherwise(asked.data) })).toEqual(['idempotency-key-reused']);
    const second = SECOND[type];
    if (second !== undefined) expect(await refused({})).toEqual([second]);
    expect(await office.events()).toHaveLength(before);
  });
});

test('who recorded a fact does not verify it', async () => {
  const names = await office.subject('person', all);
  const data = exchanged(examples.FactVerified, names);
  const id = names.get(ID.personA) ?? '';
  const result = await office.commands.execute({ type: 'FactVerified', category: 'person', id, data }, recorder);
  expect(result).toMatchObject({ ok: false, error: [{ code: 'verified-by-recorder', pointer: '/fact' }] });
  seen.add('verified-by-recorder');
});

test('what opened a stream is corrected, not withdrawn', async () => {
  const names = await office.subject('person', all);
  const data = { ...examples.FactRetracted, fact: ENTRY };
  const command = {
    type: 'FactRetracted',
    category: 'person',
    id: names.get(ID.personA) ?? '',
    data: exchanged(data, names),
  };
  const result = await office.commands.execute(command, recorder);
  expect(result).toMatchObject({ ok: false, error: [{ code: 'not-correctable', pointer: '/fact' }] });
  seen.add('not-correctable');
});

test('a text that no append would hold is refused', async () => {
  const data = { ...examples.SourceEntered, text: '\u{10ffff}'.repeat(100_000) };
  const result = await office.commands.execute({ type: 'SourceEntered', category: 'source', data }, recorder);
  expect(result).toMatchObject({ ok: false, error: [{ code: 'payload-too-large' }] });
  seen.add('payload-too-large');
});

test('every code of the domain was met', () => {
  // No payload names a statement, and new subjects' ids are derived anew.
  const never = ['statement-not-found', 'already-exists'];
  expect(Object.keys(REFUSAL_CODES).filter((code) => !seen.has(code))).toEqual(never);
});

/** The example's body, for a subject of that category. */
function bodyOf({ type }: EventDefinition, category: Category): Json {
  const example = examples[type] as Data;
  const fact = factTypeOf(category);
  const inner = examples[category === 'case' ? 'CaseEntered' : fact] as Data;
  const other = category === 'group' ? { group: ID.groupB } : { person: ID.personB };
  switch (type) {
    case 'FactCorrected':
      if (category === 'person') return example;
      return { ...example, data: inner, ...(category === 'case' && { fact: ENTRY }) };
    case 'FactDisputed': {
      if (category === 'person') return example;
      const { alternative: _, ...rest } = example;
      return category === 'statement' ? rest : { ...example, alternative: { subject: other, data: inner } };
    }
    case 'FactMoved':
      return { ...example, to: other };
    case 'FactAssignedToCase':
      return { ...example, fact: ARREST };
    default:
      return example;
  }
}

const ELSEWHERE = '99999999-0000-4000-8000-000000000009';

/** Fields that name an event of the subject, and the code where there is none. */
const BY_ID = [
  ['/fact', 'fact-not-found'],
  ['/facts/0', 'fact-not-found'],
  ['/judgement', 'not-judged'],
  ['/dispute', 'dispute-not-open'],
] as const;

/** Where another subject is asked for. */
const ITSELF = new Set(['IdentityJudged', 'CasesJoined', 'SourceDependsOn', 'FactMoved']);

/** What comes of asking for the same once more, under another key. */
const SECOND: Readonly<Record<string, string>> = {
  FactRetracted: 'fact-already-withdrawn /fact',
  FactMoved: 'fact-already-withdrawn /fact',
  DisputeSettled: 'dispute-not-open /dispute',
  FactsJudgementRevoked: 'not-judged /judgement',
  IdentityJudgementRevoked: 'not-judged /judgement',
};

function goldenOf(type: string): Golden['events'][number] {
  const version = definitionOf(type)?.schemaVersion ?? 1;
  const golden = JSON.parse(readFileSync(join(GOLDEN_FOLDER, `${type}.v${version}.json`), 'utf8')) as Golden;
  const [event] = golden.events;
  if (event === undefined) throw new Error(`The golden file of ${type} is empty.`);
  return event;
}

/** What is stored in the clear, and that something is sealed. */
function unsealed(data: string | undefined): Json {
  const { sealed, ...open } = JSON.parse(data ?? '{}') as Json;
  return { ...open, sealed: sealed !== undefined };
}

/** Another request that is as valid. */
function otherwise(data: Json): Json {
  if ('confidence' in data) return { ...data, confidence: 'high' };
  if ('names' in data) return replaced(data, '/names/0/text', 'Another name');
  if (data.kind === 'reprint') return { ...data, kind: 'quotes' };
  const field = ['reason', 'value', 'title', 'text', 'method', 'what', 'url', 'note'].find((name) => name in data);
  if (field === undefined) throw new Error('Say how this request could be another.');
  return { ...data, [field]: `${String(data[field])}x` };
}

function at(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, step) => (inner as Json | undefined)?.[step], value);
}

function replaced(data: Json, pointer: string, by: unknown): Json {
  const put = (value: unknown, [step, ...rest]: readonly string[]): unknown => {
    if (step === undefined) return by;
    if (Array.isArray(value))
      return value.map((one: unknown, index) => (String(index) === step ? put(one, rest) : one));
    return { ...(value as Json), [step]: put((value as Json)[step], rest) };
  };
  return put(data, pointer.split('/').slice(1)) as Json;
}
