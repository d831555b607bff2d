/**
 * `habeas rebuild`: the views of a running server are folded again and swapped, and clients that read and write all the
 * while meet no error and no answer that is older than one that they were given before.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HistoryPage, ListPage, PersonView, SearchPage } from '#projections';
import { Client as HttpClient } from '../../apps/cli/src/client.js';
import { kill, killAll, ready, run, runServer } from '../support/server-process.js';
import { LOGS, type LogUnderTest, logUnderTest } from './test-support/logs.js';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

const PERSONS = 150;

interface Line {
  readonly status: number;
  readonly id: string;
  readonly position: string;
}

async function send(server: TestServer, commands: readonly object[]): Promise<readonly Line[]> {
  const lines: Line[] = [];
  const body = commands.map((command) => JSON.stringify(command)).join('\n');
  for await (const line of server.client.lines<Line>('/v1/batch', body)) lines.push(line);
  expect(lines.filter(({ status }) => status !== 201)).toEqual([]);
  return lines;
}

/** Persons with some facts each. */
async function record(server: TestServer): Promise<{ readonly persons: readonly string[]; readonly last: string }> {
  const source = await server.record('sources', { type: 'report', title: 'A report', lang: 'en', published: '2020' });
  const citations = [{ sourceId: source.id, locator: 'page 3' }];
  const entered = await send(
    server,
    Array.from({ length: PERSONS }, (_, n) => ({
      path: '/v1/persons',
      key: `person-${n}`,
      body: { names: [{ text: `Person ${n}`, kind: 'legal' }], citations },
    })),
  );
  const fact = { basis: 'reported', confidence: 'medium', citations };
  const facts = await send(
    server,
    entered.flatMap(({ id }, n) =>
      Object.entries({
        arrests: { occurred: '2017-05' },
        'pretrial-detentions': { occurred: '2017-06' },
        sentences: { occurred: '2018', counts: [{ offence: 'libel' }], presence: 'represented', penalty: 'fine' },
        releases: { occurred: '2018-11-20', reason: 'served' },
      }).map(([route, body]) => ({
        path: `/v1/persons/${id}/${route}`,
        key: `${route}-${n}`,
        body: { ...body, ...fact },
      })),
    ),
  );
  return { persons: entered.map(({ id }) => id), last: facts.at(-1)?.position ?? '' };
}

/** Asks until it is told to stop. What it was given before, a client never loses again. */
class Client {
  private seq = 0;
  asked = 0;

  constructor(
    private readonly server: TestServer,
    private readonly until: () => boolean,
  ) {}

  async get<View extends { readonly asOf: object }>(path: string): Promise<View> {
    const { body } = await this.server.client.request<View>(`/v1/${path}`);
    const { seq, knownAt } = body.asOf as { seq?: number; knownAt?: { seq: number } };
    const at = seq ?? knownAt?.seq ?? 0;
    if (at < this.seq) throw new Error(`Seq ${at} after ${this.seq}, from ${path}.`);
    this.seq = at;
    this.asked++;
    return body;
  }

  async work(step: (round: number) => Promise<void>): Promise<void> {
    for (let round = 0; !this.until(); round++) await step(round);
  }
}

function present({ asOf: _, ...document }: PersonView): object {
  return document;
}

/** A process that it started, by its number; undefined where it has none. */
function childOf(parent: number): number | undefined {
  for (const thread of readdirSync(`/proc/${parent}/task`)) {
    const [child] = readFileSync(`/proc/${parent}/task/${thread}/children`, 'utf8').split(' ');
    if (child !== undefined && child !== '') return Number(child);
  }
  return undefined;
}

/** What the system calls its niceness, of each of its threads. */
function nicenessOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const [, fields = ''] = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ');
    return Number(fields.split(' ')[16]);
  });
}

async function until<T>(what: () => T | undefined | false): Promise<T> {
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    const found = what();
    if (found !== undefined && found !== false) return found;
    await delay(2);
  }
  throw new Error('It did not come to be so.');
}

const statusOf = async (server: TestServer): Promise<{ file?: string; rebuilding?: object }> =>
  (await server.client.request<{ file?: string; rebuilding?: object }>('/v1/views')).body;

afterAll(killAll);

describe.each(LOGS)('on the log: %s', (where) => {
  let log: LogUnderTest;
  let server: TestServer;
  let persons: readonly string[];
  let last: string;
  beforeAll(async () => {
    log = await logUnderTest(where);
    server = await startServer(temporaryFolder(), log.settings);
    ({ persons, last } = await record(server));
  }, 60_000);
  afterAll(async () => {
    await server.end();
    await log.end();
  });

  test('under load: no error, no stale answer, the same documents', async () => {
    const person = (n: number): string => persons[n % persons.length] ?? '';
    const before = new Map<string, object>();
    for (const id of persons) {
      const { body } = await server.client.request<PersonView>(`/v1/persons/${id}?minPosition=${last}`);
      before.set(id, present(body));
    }
    let done = false;
    const clients = Array.from({ length: 5 }, () => new Client(server, () => done));
    const [reader, writer, lister, historian, searcher] = clients as [Client, Client, Client, Client, Client];
    let written = 0;
    const load = [
      reader.work(async (round) => {
        const id = person(round);
        expect(present(await reader.get<PersonView>(`persons/${id}`))).toEqual(before.get(id));
      }),
      writer.work(async (round) => {
        const title = `during ${where} ${round}`;
        const { id, position } = await server.record('sources', { type: 'post', title, lang: 'en' });
        const read = `sources/${id}?minPosition=${position}`;
        expect((await writer.get<PersonView & { title: string }>(read)).title).toBe(title);
        written++;
      }),
      lister.work(async (round) => {
        expect((await lister.get<ListPage>(`persons?liberty=free&limit=5`)).total).toBe(PERSONS);
        const { id, position } = await server.record('sources', { type: 'post', title: `listed ${round}`, lang: 'en' });
        const page = await lister.get<ListPage>(`sources?sort=-entered&limit=50&minPosition=${position}`);
        expect(page.items.map((item) => item.id)).toContain(id);
      }),
      historian.work(async (round) => {
        expect((await historian.get<HistoryPage>(`persons/${person(round * 7)}/history`)).items).toHaveLength(5);
      }),
      searcher.work(async (round) => {
        const title = `sought ${where} ${round}x`;
        const { id, position } = await server.record('sources', { type: 'post', title, lang: 'en' });
        const query = new URLSearchParams({ q: title, minPosition: position });
        const { items } = await searcher.get<SearchPage>(`search?${query.toString()}`);
        expect(items.map((item) => item.id)).toEqual([id]);
      }),
    ];
    const failed = Promise.all(load);
    failed.catch(() => undefined);
    const files = new Set<string | undefined>();
    try {
      for (let n = 0; n < 2; n++) {
        files.add((await statusOf(server)).file);
        const rebuilt = run(CLI, ['rebuild'], { environment: { HABEAS_URL: server.url, HABEAS_KEY: ADMIN_KEY } });
        const code = await Promise.race([rebuilt.ended, failed]);
        expect([code, rebuilt.errors()]).toEqual([0, '']);
        expect(rebuilt.output()).toMatch(
          /^The views are folded again: views-\d+-\d+\.db is served, of [\d,]+ events\n/,
        );
      }
      files.add((await statusOf(server)).file);
    } finally {
      done = true;
      await failed;
    }
    expect(files.size).toBe(3);
    expect(clients.every(({ asked }) => asked > 0) && written > 0).toBe(true);
    for (const [id, document] of before)
      expect(present((await server.client.request<PersonView>(`/v1/persons/${id}`)).body)).toEqual(document);
    const left = readdirSync(server.folder).filter((name) => /^views-.*\.db$/.test(name));
    expect(left).toEqual([(await statusOf(server)).file]);
  }, 120_000);
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'what builds gives way to what serves, has no more memory than that, and does not outlive it',
  async () => {
    const folder = temporaryFolder();
    const first = await startServer(folder);
    const { last, persons } = await record(first);
    await first.client.request(`/v1/persons/${persons[0] ?? ''}?minPosition=${last}`);
    await first.stop();
    const views = (): string[] => readdirSync(folder).filter((name) => /^views-.*\.db/.test(name));
    const server = runServer(folder, { environment: { HABEAS_ADMIN_KEY: ADMIN_KEY } });
    const client = new HttpClient(await ready(server), ADMIN_KEY);
    const served = (await client.request<{ file: string }>('/v1/views')).body.file;
    await client.request('/v1/views/rebuild', { method: 'POST' });
    const builder = await until(() => childOf(server.process.pid ?? 0));
    await until(() => views().some((name) => !name.startsWith(served)));
    // Else it might be done before it is looked at.
    process.kill(builder, 'SIGSTOP');
    expect(new Set(nicenessOf(builder))).toEqual(new Set([10]));
    const command = readFileSync(`/proc/${builder}/cmdline`, 'utf8').split('\0');
    expect(command).toEqual(expect.arrayContaining(['--max-semi-space-size=32', '--max-old-space-size=1024']));
    await kill(server);
    process.kill(builder, 'SIGCONT');
    await until(() => !existsSync(`/proc/${builder}`));
    expect(views().filter((name) => !name.startsWith(served))).toEqual([]);
    const again = await startServer(folder);
    await again.client.request(`/v1/persons/${persons[0] ?? ''}?minPosition=${last}`);
    await again.end();
  },
  60_000,
);
