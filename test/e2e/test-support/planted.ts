/** A record with words in it that are not for everybody, and keys to it of every kind. */
import { chanceOf } from './chance.js';

/** No words of any language, and none of ours. A reader whose ceiling is below theirs is never to meet them. */
export const SECRET = 'Qzxconfidentvy';
export const INSIDE = 'Qzxinternvy';
const OPEN = 'Qzxpublicvy';

export const LEVELS = ['public', 'internal', 'confidential'] as const;
type Level = (typeof LEVELS)[number];

const WORDS: Readonly<Record<Level, string>> = { public: OPEN, internal: INSIDE, confidential: SECRET };

const SCOPES = ['read', 'record', 'review', 'audit', 'webhooks'] as const;

export interface Attacker {
  readonly name: string;
  readonly key: string;
  /** Words that no answer to them may hold. */
  readonly hidden: readonly string[];
}

/** Ids by the plural of their kind, as routes have it: `persons`, `events`, `keys` …. */
export type Ids = Readonly<Record<string, string>>;

export interface Planted {
  readonly ids: Readonly<Record<Level, Ids>>;
  readonly attackers: readonly Attacker[];
}

type Send = <Body>(path: string, body: object, headers?: Readonly<Record<string, string>>) => Promise<Body>;

interface Recorded {
  readonly id: string;
  readonly event: string;
}

/** Plants all kinds of subjects on each level, and a confidential fact of the public person. */
export async function plant(send: Send): Promise<Planted> {
  const ids: Partial<Record<Level, Ids>> = {};
  for (const level of LEVELS) ids[level] = await plantLevel(send, level);
  const all = ids as Record<Level, Ids>;
  const visible = { 'habeas-visibility': 'confidential' };
  const citations = [{ sourceId: all.confidential.sources, quote: { exact: `${SECRET} was` } }];
  await send(
    `/v1/persons/${all.public.persons ?? ''}/arrests`,
    { occurred: '2018', basis: 'reported', confidence: 'low', note: `${SECRET} told of it`, citations },
    visible,
  );
  const attackers: Attacker[] = [];
  for (const ceiling of ['public', 'internal'] as const) {
    for (const scope of SCOPES) {
      const name = `${ceiling} ${scope}`;
      const { key } = await send<{ key: string }>('/v1/keys', { name, scopes: [scope], ceiling });
      attackers.push({ name, key, hidden: ceiling === 'public' ? [SECRET, INSIDE] : [SECRET] });
    }
  }
  return { ids: all, attackers };
}

async function plantLevel(send: Send, visibility: Level): Promise<Ids> {
  const word = WORDS[visibility];
  const record = (path: string, body: object): Promise<Recorded> =>
    send(path, body, { 'habeas-visibility': visibility });
  const source = await record('/v1/sources', {
    type: 'report',
    title: `${word} title`,
    publisher: `${word} press`,
    lang: 'en',
    published: '2020',
    text: `${word} was seen. Others said so.`,
  });
  const citations = [{ sourceId: source.id, quote: { exact: `${word} was` } }];
  const fact = { occurred: '2019-05', basis: 'reported', confidence: 'low', note: `${word} noted`, citations };
  const person = await record('/v1/persons', { names: [{ text: `${word} Person`, kind: 'legal' }], citations });
  const group = await record('/v1/groups', {
    names: [{ text: `${word} Group`, kind: 'legal' }],
    kind: 'movement',
    citations,
  });
  const legalCase = await record('/v1/cases', { title: `${word} v. state`, court: `${word} court`, citations });
  const statement = await record('/v1/statements', {
    ...fact,
    speaker: { person: person.id },
    form: 'paraphrase',
    lang: 'en',
    words: `${word} was wronged`,
    about: [{ group: group.id }],
    stance: 'none',
  });
  const arrest = await record(`/v1/persons/${person.id}/arrests`, { ...fact, place: `${word} town` });
  await record(`/v1/persons/${person.id}/labels`, { ...fact, label: `${word} mastermind` });
  return {
    persons: person.id,
    groups: group.id,
    cases: legalCase.id,
    statements: statement.id,
    sources: source.id,
    events: arrest.event,
  };
}

/** Ids that nothing has. */
export function nobodys(): string {
  const hex = chanceOf(7).bytes(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
