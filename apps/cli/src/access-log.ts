/** `habeas access-log`: who was shown what is confidential, from a server that is asked for it page by page. */
import Table from 'cli-table3';
import type { AccessEntry, AccessPage } from '#access';
import type { Client } from './client.js';
import { clientOf, type Environment } from './client-of.js';

export interface AccessLogOptions {
  /** As `GET /v1/audit/access` takes them. */
  readonly key?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
  /** Not only the latest. */
  readonly all: boolean;
  /** One entry a line, as the server gives it. */
  readonly json: boolean;
}

/** How many of the latest are shown, unless all are. */
const LATEST = 50;
/** As many as a page holds. */
const PAGE = 200;
/** Of one answer, in the table. */
const SUBJECTS_SHOWN = 3;

/** @throws RequestFailed */
export async function accessLog(environment: Environment, { all, json, ...query }: AccessLogOptions): Promise<void> {
  const client = clientOf(environment);
  const table = new Table({ head: ['at', 'key', 'operation', 'shown'], style: { head: [], border: [] } });
  let count = 0;
  for await (const entry of entries(client, query)) {
    if (!all && count === LATEST) {
      console.error(`These are the latest ${LATEST}; --all gives all, --to those until an instant.`);
      break;
    }
    count++;
    if (json) console.log(JSON.stringify(entry));
    else table.push([entry.at, entry.by.replace(/^key:/, ''), entry.operation, shown(entry)]);
  }
  if (!json) console.log(count === 0 ? 'Nobody was shown anything of that.' : table.toString());
}

/** The latest first. */
async function* entries(client: Client, query: Omit<AccessLogOptions, 'all' | 'json'>): AsyncIterable<AccessEntry> {
  const parameters = new URLSearchParams({ ...query, limit: String(PAGE) });
  for (;;) {
    const { items, next } = (await client.request<AccessPage>(`/v1/audit/access?${parameters.toString()}`)).body;
    yield* items;
    if (next === undefined) return;
    parameters.set('cursor', next);
  }
}

function shown({ everything, subjects, more = 0 }: AccessEntry): string {
  const named = subjects.slice(0, SUBJECTS_SHOWN).map(({ kind, id }) => `${kind} ${id}`);
  const others = subjects.length - named.length + more;
  return [...(everything === true ? ['any'] : []), ...named, ...(others > 0 ? [`and ${others} more`] : [])].join('\n');
}
