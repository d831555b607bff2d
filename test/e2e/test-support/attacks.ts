/** What an attacker sends to a route, by kind: each kind draws its requests anew from chance. */
import type { Chance } from './chance.js';
import { draw, ODD, type OpenApi, type Operation } from './described.js';
import { LEVELS, nobodys, type Planted } from './planted.js';
import type { Sent } from './sending.js';

export interface Target {
  readonly operation: Operation;
  readonly chance: Chance;
  readonly planted: Planted;
  readonly schemas: OpenApi['components']['schemas'];
}

/** Syntax of SQL, of full-text search, of paths and templates; names that mean something to JavaScript; control and bidi characters. */
const SYNTAX: readonly string[] = [
  "' OR 1=1 --",
  "'; DROP TABLE subjects; --",
  "1') UNION SELECT sql FROM sqlite_master --",
  '"',
  '""" NEAR(',
  '* OR *',
  'name:*',
  '{name words}: a',
  'a AND NOT b',
  '^a + b',
  '-',
  '(((((',
  '%',
  '_%_',
  '\\',
  '${7*7}{{7*7}}',
  '../../../../etc/passwd',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '\u0000',
  '\u0007\u001b[31m',
  '\r\nset-cookie: a=b',
  '\u202e\u2066abc',
  '\ufeff',
  '\uffff',
  'x'.repeat(499),
  'x'.repeat(501),
  'é'.repeat(300),
  '9'.repeat(400),
  '-1',
  'NaN',
  '1e9',
  '9007199254740993',
  '../..',
  '2017/2016',
  '[..',
  '0000-00-00',
  '',
  ' ',
];

const PIECES: readonly string[] = [
  '%00',
  '%2e%2e%2f%2e%2e%2f',
  '..',
  '%ZZ',
  '%',
  '%F0%28%8C%28',
  '%E2%80%AE',
  "'%20OR%201=1--",
  '__proto__',
  'constructor',
  'toString',
  '-',
  '*',
  ':id',
  '{id}',
  'x'.repeat(100),
  'x'.repeat(101),
  '00000000-0000-0000-0000-000000000000',
  ';a=b',
];

const BROKEN: readonly string[] = [
  '{',
  '{"a":}',
  '[]',
  'null',
  '"text"',
  '\u0000',
  '{"a":1}{"a":1}',
  '{"__proto__":{"admin":true}}',
  '{"\\u005f_proto__":{"scopes":["admin"]}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  `{"a":${'['.repeat(40)}${']'.repeat(40)}}`,
  '['.repeat(200_000),
  `{"a":"${'\\u202e'.repeat(1_000)}"}`,
  '{"a":1e999,"b":-0,"c":12345678901234567890}',
  '\ufeff{}',
  '{"a":"\ud800"}',
  `{${Array.from({ length: 5_000 }, (_, index) => `"k${String(index)}":0`).join()}}`,
];

const HEADERS: readonly string[] = [
  'idempotency-key',
  'if-match',
  'if-none-match',
  'habeas-visibility',
  'last-event-id',
  'content-type',
  'accept',
  'traceparent',
  'x-forwarded-for',
  'x-http-method-override',
  'origin',
  'range',
  'content-encoding',
  'authorization-x',
];

/** What may stand in a header as Node's client sends it. */
const visible = (text: string): string => text.replaceAll(/[^\x20-\x7e\x80-\xff]/g, '?').trim();

function pathOf({ operation, chance, planted }: Target): string {
  const [, , plural = ''] = operation.path.split('/');
  const among = [...LEVELS.map((level) => planted.ids[level][plural]), nobodys()].filter((id) => id !== undefined);
  return operation.path.replaceAll(/\{\w+\}/g, () => chance.one(among));
}

/** A body of nearly the right shape, with ids of all levels in it; undefined: the route takes none. */
function bodyOf({ operation, chance, planted, schemas }: Target, oddOneIn: number): string | undefined {
  if (operation.schema === undefined) return undefined;
  const ids = LEVELS.flatMap((level) => Object.entries(planted.ids[level]));
  const fields: Readonly<Record<string, string>> = { sourceId: 'sources', person: 'persons', group: 'groups' };
  const known = (field: string): string =>
    chance.one(ids.filter(([plural]) => plural === (fields[field] ?? plural)))[1];
  const drawn = draw(operation.schema, { chance, schemas, known, oddOneIn });
  return `${JSON.stringify(drawn)}\n`;
}

const media = ({ operation }: Target): Record<string, string> =>
  operation.mediaType === undefined ? {} : { 'content-type': operation.mediaType };

function request(target: Target, rest: Partial<Sent> = {}): Sent {
  const body = bodyOf(target, 1_000_000);
  const { headers = {}, ...others } = rest;
  return {
    method: target.operation.method,
    path: pathOf(target),
    headers: { ...media(target), ...headers },
    ...(body !== undefined && { body }),
    ...others,
  };
}

export const KINDS: Readonly<Record<string, (target: Target) => readonly Sent[]>> = {
  'as it is meant': (target) => [request(target), request(target)],

  'ids that are none': (target) => {
    const { operation, chance } = target;
    if (!operation.path.includes('{')) return [];
    return [0, 1].map(() => request(target, { path: operation.path.replaceAll(/\{\w+\}/g, () => chance.one(PIECES)) }));
  },

  'syntax in parameters': (target) => {
    const { operation, chance } = target;
    const names = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    const path = pathOf(target);
    const query = (name: string): string => `${name}=${encodeURIComponent(chance.one(SYNTAX))}`;
    // One at a time, since the first that is wrong is what is told of; and two at once.
    const single = names.flatMap((name) => [query(name), query(name), query(name), query(name)]);
    const several = names.length < 2 ? [] : [`${query(chance.one(names))}&${query(chance.one(names))}`];
    return [...single, ...several, query('__proto__'), query('constructor'), '%00=%FF&&&=', '?'.repeat(50)].map((one) =>
      request(target, { path: `${path}?${one}` }),
    );
  },

  'broken bodies': (target) => {
    const { operation, chance } = target;
    if (operation.method !== 'POST') return [];
    return [
      ...[0, 1, 2].map(() => request(target, { body: chance.one(BROKEN) })),
      request(target, { body: chance.bytes(1 + chance.nat(300)) }),
      request(target, { body: '' }),
      request(target, {
        headers: { 'content-type': chance.one(['text/plain', 'application/json; charset=utf-16', '']) },
      }),
    ];
  },

  'odd values in bodies': (target) =>
    target.operation.schema === undefined
      ? []
      : [3, 5, 8, 12].map((oddOneIn) => request(target, { body: bodyOf(target, oddOneIn) ?? '' })),

  'names that mean something in bodies': (target) => {
    const { operation, chance } = target;
    const body = bodyOf(target, 1_000_000);
    if (body === undefined || operation.path === '/v1/batch') return [];
    const value = JSON.parse(body) as Record<string, unknown>;
    const name = chance.one([
      'constructor',
      'prototype',
      'toString',
      'toJSON',
      'then',
      'length',
      '\u202e',
      '\u0000',
      '',
    ]);
    return [
      { ...value, [name]: chance.one(ODD) },
      Object.fromEntries(Object.keys(value).map((each) => [each, SYNTAX])),
    ].map((one) => request(target, { body: JSON.stringify(one) }));
  },

  'syntax in headers': (target) => {
    const { chance } = target;
    return [0, 1, 2].map(() =>
      request(target, { headers: { [chance.one(HEADERS)]: visible(chance.one([...SYNTAX, 'x'.repeat(5_000)])) } }),
    );
  },

  'other methods': (target) => [
    request(target, {
      method: target.chance.one(['PUT', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'DELETE', 'QUERY']),
    }),
  ],

  'bodies without end': (target) =>
    target.operation.method === 'POST' && target.chance.nat(9) === 0
      ? [request(target, { body: `{"note":"${'x'.repeat(1_100_000)}"}` })]
      : [],
};
