/** `habeas erase` and `habeas erasures`: forgetting a person, through the server. */
import { setTimeout as delay } from 'node:timers/promises';
import Table from 'cli-table3';
import type { ErasureInfo, MentionInfo } from '#access';
import { clientOf, type Environment } from './client-of.js';
import { RequestFailed } from './client.js';

const LOOK_EVERY_MS = 500;

/** Erases, and waits until all nodes that are up have forgotten and mentions were looked for. The erasure's id alone goes to standard output. */
export async function erase(environment: Environment, person: string, options: { reason: string }): Promise<void> {
  const client = clientOf(environment);
  const wish = { method: 'DELETE', body: options } as const;
  const { body } = await client.request<ErasureInfo>(`/v1/persons/${encodeURIComponent(person)}/personal-data`, wish);
  console.error('They are erased. Nodes are forgetting; mentions are looked for …');
  let erasure = body;
  while (erasure.state === 'forgetting' || (!erasure.mentions.complete && erasure.state === 'in-review')) {
    await delay(LOOK_EVERY_MS);
    erasure = (await client.request<ErasureInfo>(`/v1/erasures/${body.id}`)).body;
    const stopped = erasure.nodes.find(({ live, forgot, stoppedAt }) => live && !forgot && stoppedAt !== undefined);
    if (stopped !== undefined)
      throw new RequestFailed(
        `Node ${stopped.name} cannot forget until event ${stopped.stoppedAt ?? ''} is skipped: see docs/watching.md.`,
        0,
        'views-stopped',
      );
  }
  const { open } = erasure.mentions;
  console.error(
    open === 0 ? 'Nothing is to be reviewed.' : `To be reviewed: ${open}, see habeas erasures mentions ${body.id}`,
  );
  console.log(body.id);
}

export async function listErasures(environment: Environment): Promise<void> {
  const { body } = await clientOf(environment).request<{ items: readonly ErasureInfo[] }>('/v1/erasures');
  const head = ['id', 'person', 'asked', 'state', 'open', 'redacted', 'kept'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { id, person, askedAt, state, mentions } of body.items)
    table.push([id, person, askedAt, state, mentions.open, mentions.redacted, mentions.kept]);
  console.log(table.toString());
}

/** As the interface answers it: the certificate is to be kept. */
export async function showErasure(environment: Environment, id: string): Promise<void> {
  const { body } = await clientOf(environment).request<ErasureInfo>(`/v1/erasures/${encodeURIComponent(id)}`);
  console.log(JSON.stringify(body, undefined, 2));
}

export async function listMentions(environment: Environment, id: string): Promise<void> {
  const client = clientOf(environment);
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? '' : `?cursor=${cursor}`;
    const path = `/v1/erasures/${encodeURIComponent(id)}/mentions${query}`;
    const { body } = await client.request<{ items: readonly MentionInfo[]; next?: string }>(path);
    for (const mention of body.items) console.log(mentionText(mention));
    cursor = body.next;
  } while (cursor !== undefined);
}

export interface RedactOptions {
  readonly word: readonly string[];
  readonly everything: boolean;
}

/** @param mention `source/<id>`, as the list of mentions has it */
export async function redactMention(
  environment: Environment,
  id: string,
  mention: string,
  { word, everything }: RedactOptions,
): Promise<void> {
  const more = { ...(word.length > 0 && { words: word }), ...(everything && { everything }) };
  await decide(environment, `${encodeURIComponent(id)}/redactions`, { ...subjectOf(mention), ...more });
}

export async function keepMention(
  environment: Environment,
  id: string,
  mention: string,
  options: { reason: string },
): Promise<void> {
  await decide(environment, `${encodeURIComponent(id)}/kept`, { ...subjectOf(mention), reason: options.reason });
}

async function decide(environment: Environment, path: string, body: object): Promise<void> {
  const answer = await clientOf(environment).request<MentionInfo>(`/v1/erasures/${path}`, { method: 'POST', body });
  console.log(mentionText(answer.body));
}

function subjectOf(mention: string): { readonly kind: string; readonly id: string } {
  const [kind = '', id = ''] = mention.split('/');
  return { kind, id };
}

function mentionText({ kind, id, because, state, spans, more = 0 }: MentionInfo): string {
  const lines = spans.map(
    ({ pointer, before, words, after }) => `    ${pointer}: ${oneLine(before)}[${oneLine(words)}]${oneLine(after)}`,
  );
  const rest = more > 0 ? [`    and ${more} more`] : [];
  return [`${kind}/${id}  ${state}${state === because ? '' : ` (${because})`}`, ...lines, ...rest].join('\n');
}

/** What a source says is not to move the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
