/** A record of somebody who is to be forgotten, and how they are: over HTTP, as a reviewer does it. */
import type { ErasureInfo, MentionInfo } from '#access';
import type { Client } from '../../../apps/cli/src/client.js';
import { until } from '../../support/until.js';

/** What is erased; no other text here has three letters in a row in common with these. */
export const ERASED = ['Zorqvexia', 'Kjälmduxx', 'Wuxplynth', 'ស៊ិនសុវណ្ណារ៉ា', 'Qyzzlwarp'];
const [FIRST = '', LAST = '', ALIAS = '', KHMER = '', PLACE = ''] = ERASED;
const NAME = `${FIRST} ${LAST}`;

export interface Told {
  readonly source: string;
  readonly person: string;
  readonly other: string;
  readonly statement: string;
  /** What to read all of it at. */
  readonly position: string;
}

/** Enters them, visible to whoever may see anything, and another person whose record names them. */
export async function recordPerson(client: Client): Promise<Told> {
  let position = '';
  const record = async (path: string, body: object): Promise<string> => {
    const headers = { 'habeas-visibility': 'public' };
    const answer = await client.request<{ id: string }>(`/v1/${path}`, { method: 'POST', body, headers });
    position = answer.headers.get('habeas-position') ?? '';
    return answer.body.id;
  };
  const source = await record('sources', {
    type: 'article',
    title: `On ${NAME}`,
    lang: 'en',
    text: `The police took ${NAME} away. ${KHMER}\nA man said: “${ALIAS} will be free.”`,
  });
  const fact = (exact = 'away'): object => ({
    citations: [{ sourceId: source, quote: { exact } }],
    basis: 'reported',
    confidence: 'medium',
  });
  const person = await record('persons', {
    names: [
      { text: NAME, kind: 'legal' },
      { text: ALIAS, kind: 'alias' },
      { text: KHMER, lang: 'km', kind: 'legal' },
    ],
    citations: [{ sourceId: source, quote: { exact: NAME } }],
  });
  await record(`persons/${person}/arrests`, { ...fact(), occurred: '2017-05', note: `In ${PLACE}.` });
  const other = await record('persons', {
    names: [{ text: 'Ada Miller', kind: 'legal' }],
    citations: [{ sourceId: source, quote: { exact: 'A man' } }],
  });
  await record(`persons/${other}/arrests`, { ...fact(), occurred: '2017-05', note: `With ${ALIAS}.` });
  const statement = await record('statements', {
    ...fact(`${ALIAS} will be free`),
    speaker: { person: other },
    form: 'direct',
    lang: 'en',
    words: `${ALIAS} will be free.`,
    about: [{ person }],
    stance: 'none',
  });
  return { source, person, other, statement, position };
}

/** Asks that they be forgotten. */
export async function erasePerson(client: Client, person: string): Promise<ErasureInfo> {
  const body = { reason: `By letter of ${NAME}.` };
  return (await client.request<ErasureInfo>(`/v1/persons/${person}/personal-data`, { method: 'DELETE', body })).body;
}

export async function erasure(client: Client, id: string): Promise<ErasureInfo> {
  return (await client.request<ErasureInfo>(`/v1/erasures/${id}`)).body;
}

/** Redacts whatever names them, and leaves the rest, until the erasure is certified. */
export async function review(client: Client, id: string): Promise<ErasureInfo> {
  await until(async () => (await erasure(client, id)).mentions.complete, 30_000);
  await reviewOpen(client, id);
  await until(async () => (await erasure(client, id)).state === 'certified', 60_000);
  return erasure(client, id);
}

/** Redacts what is found to name them so far, and leaves the rest. */
export async function reviewOpen(client: Client, id: string): Promise<void> {
  const { items } = (await client.request<{ items: MentionInfo[] }>(`/v1/erasures/${id}/mentions?limit=200`)).body;
  for (const mention of items.filter(({ state }) => state === 'open')) await decide(client, id, mention);
}

async function decide(client: Client, erasing: string, { kind, id, spans }: MentionInfo): Promise<void> {
  const path = `/v1/erasures/${erasing}/${spans.length > 0 ? 'redactions' : 'kept'}`;
  const body = { kind, id, ...(spans.length === 0 && { reason: 'It names nobody.' }) };
  await client.request(path, { method: 'POST', body });
}
