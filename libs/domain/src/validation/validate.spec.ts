/** What is wrong with a payload is said with a stable code and the place of the fault. */
import { definitionOf, validatePayload } from '../catalogue/catalogue.js';
import type { Data, EventDefinition } from '../catalogue/definition.js';
import { examples } from '../examples/index.js';
import { COUNTRIES } from './countries.js';
import { FORMATS } from './formats.js';

function definition(type: string): EventDefinition {
  const found = definitionOf(type);
  if (found === undefined) throw new Error(type);
  return found;
}

function refusalsOf(type: string, json: unknown): readonly string[] {
  const result = validatePayload(definition(type), json);
  return result.ok ? [] : result.error.map(({ code, pointer }) => `${code} ${pointer ?? ''}`);
}

function arrest(fields: object): readonly string[] {
  return refusalsOf('PersonArrested', { ...examples.PersonArrested, ...fields });
}

const CITATION = (examples.PersonArrested as { citations: readonly object[] }).citations[0];

test.each([[[]], [null], ['arrest'], [1], [true], [undefined]])('a payload that is no object: %p', (json) => {
  expect(refusalsOf('PersonArrested', json)).toEqual(['wrong-type ']);
});

test.each<[string, object, readonly string[]]>([
  ['an unknown field', { colour: 'blue' }, ['unknown-field /colour']],
  ['a field with a slash', { 'a/b~c': 1 }, ['unknown-field /a~1b~0c']],
  ['a field named constructor', { constructor: 1 }, ['unknown-field /constructor']],
  ['a field of all objects', JSON.parse('{"__proto__": {"place": "x"}}') as object, ['unknown-field /__proto__']],
  ['null for an optional field', { place: null }, ['wrong-type /place']],
  ['no evidence', { citations: [] }, ['too-few /citations']],
  ['evidence that is a list in a list', { citations: [[]] }, ['wrong-type /citations/0']],
  ['evidence that is an empty object', { citations: [{}] }, ['missing-field /citations/0/sourceId']],
  ['evidence that is an object', { citations: CITATION }, ['wrong-type /citations']],
  ['too much evidence', { citations: Array.from({ length: 51 }, () => CITATION) }, ['too-many /citations']],
  ['a quote that is a list', { citations: [{ ...CITATION, quote: [] }] }, ['wrong-type /citations/0/quote']],
  [
    'a place that the server sets',
    { citations: [{ ...CITATION, at: {} }] },
    [
      'server-set-field /citations/0/at',
      'missing-field /citations/0/at/start',
      'missing-field /citations/0/at/end',
      'missing-field /citations/0/at/version',
    ],
  ],
  ['a day that does not exist', { occurred: '2017-02-30' }, ['invalid-edtf /occurred']],
  ['a time of day', { occurred: '2017-05-14T10:00' }, ['invalid-edtf /occurred']],
  ['a word that is not in the vocabulary', { basis: 'rumour' }, ['unknown-vocabulary-value /basis']],
  ['a text that is too long', { place: 'x'.repeat(301) }, ['too-long /place']],
  ['a blank text', { place: ' \t ' }, ['invalid-value /place']],
  ['a line break in a line', { place: 'Town\nA' }, ['invalid-value /place']],
  ['a control character', { note: 'a\u0007b' }, ['invalid-value /note']],
  ['a lone surrogate', { note: 'a\ud800b' }, ['invalid-value /note']],
  ['an id in upper case', { case: '0C0C0C0C-0000-4000-8000-000000000001' }, ['invalid-value /case']],
  [
    'one fact twice',
    { after: ['0f0f0f0f-0000-4000-8000-000000000001', '0f0f0f0f-0000-4000-8000-000000000001'] },
    ['duplicate-value /after'],
  ],
  ['an element that is no id', { after: ['0f0f0f0f-0000-4000-8000-000000000001', 'x'] }, ['invalid-value /after/1']],
  ['two actors in one', { by: { name: 'A', group: '0b0b0b0b-0000-4000-8000-000000000001' } }, ['exactly-one /by']],
  ['no actor', { by: {} }, ['exactly-one /by']],
  ['several faults', { place: 1, confidence: 'sure' }, ['wrong-type /place', 'unknown-vocabulary-value /confidence']],
])('%s', (_, fields, expected) => {
  expect(arrest(fields).toSorted()).toEqual([...expected].toSorted());
});

test('what is required is missed', () => {
  const { basis: _, confidence: __, ...rest } = examples.PersonArrested as Record<string, unknown>;
  expect(refusalsOf('PersonArrested', rest)).toEqual(['missing-field /basis', 'missing-field /confidence']);
});

test('an organisation stands only beside the role of an unnamed speaker', () => {
  const organisation = { name: 'Ministry A' };
  const speaking = (speaker: object): readonly string[] =>
    refusalsOf('StatementMade', { ...examples.StatementMade, speaker });
  expect(speaking({ role: 'spokesperson', organisation })).toEqual([]);
  const group = '0b0b0b0b-0000-4000-8000-000000000001';
  expect(speaking({ group, organisation })).toEqual(['missing-field /speaker/role']);
});

test('lengths count code points', () => {
  expect(arrest({ place: '😀'.repeat(300) })).toEqual([]);
  expect(arrest({ place: '😀'.repeat(301) })).toEqual(['too-long /place']);
});

test('no more than fifty faults are told', () => {
  const json = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`x${index}`, 1]));
  expect(arrest(json)).toHaveLength(50);
});

test('no refusal repeats what was sent', () => {
  const secret = 'Somebody Unmistakable';
  const result = validatePayload(definition('PersonEntered'), {
    names: [{ text: `${secret}\u0000`, kind: secret, lang: secret, script: secret }],
    citations: [{ sourceId: secret }],
  });
  expect(result.ok).toBe(false);
  expect(JSON.stringify(result)).not.toContain(secret);
});

test('texts are kept in NFC, with LF at the end of lines', () => {
  const example = examples.PersonArrested as Data;
  const result = validatePayload(definition('PersonArrested'), { ...example, place: 'Cafe\u0301', note: 'a\r\nb\rc' });
  expect(result).toMatchObject({ ok: true, value: { place: 'Café', note: 'a\nb\nc' } });
});

test('every country of the list is one that the platform can name', () => {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  expect(COUNTRIES.size).toBe(250);
  expect([...COUNTRIES].filter((code) => names.of(code) === undefined)).toEqual([]);
});

test.each<[string, readonly string[], readonly string[]]>([
  ['iso-duration', ['P18M', 'P9Y', 'P1Y6M', 'P2W', 'P10D'], ['', 'P', 'P0D', 'PT1H', '18M', 'P1.5Y', 'P-1D', 'P6M1Y']],
  ['iso-day', ['2017-05-14', '2020-02-29'], ['2019-02-29', '2017-5-4', '2017-05', '20170514']],
  [
    'instant',
    ['2019-03-01T10:00:00Z', '2019-03-01T10:00:00.5+07:00'],
    ['2019-03-01', '2019-02-30T10:00:00Z', '2019-03-01T10:00:00'],
  ],
  ['language-tag', ['en', 'km', 'zh-Hant'], ['EN', 'zh-hant', 'english language', '']],
  ['country-code', ['KH', 'XK'], ['kh', 'ZZ', 'UK', 'KHM']],
  [
    'web-address',
    ['https://example.org/a?b#c', 'http://example.org'],
    ['ftp://example.org', 'https://', 'example.org'],
  ],
])('the format %s', (name, valid, invalid) => {
  const test = FORMATS[name];
  expect(valid.filter((text) => test?.(text) !== true)).toEqual([]);
  expect(invalid.filter((text) => test?.(text) !== false)).toEqual([]);
});
