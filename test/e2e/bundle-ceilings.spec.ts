/** Over HTTP and the command line: a bundle holds what may be seen up to a ceiling, and is checked where there is nothing else. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readVerifierKey, type Seal, unzip, verifyBundle } from '#audit';
import { createRecordCodec } from '#log-format';
import { Client, RequestFailed } from '../../apps/cli/src/client.js';
import { realRandomness } from '../support/real.js';
import { run } from '../support/server-process.js';
import { until } from '../support/until.js';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

let server: TestServer;
let folder: string;
let seal: Seal;
let last = '';
/** By ceiling. */
const keys = new Map<string, string>([['confidential', ADMIN_KEY]]);
const ids: Record<string, string> = {};
const events: Record<string, string> = {};

async function record(name: string, path: string, body: object, visibility: string): Promise<void> {
  const answer = await server.client.request<{ id: string; event: string }>(`/v1/${path}`, {
    method: 'POST',
    body,
    headers: { 'habeas-visibility': visibility, 'idempotency-key': `bundle-${name}` },
  });
  ids[name] = answer.body.id;
  last = answer.headers.get('habeas-position') ?? '';
  events[name] = answer.body.event;
}

const cites = (source: string): object => ({ citations: [{ sourceId: ids[source], locator: 'throughout' }] });
const fact = (source: string): object => ({ basis: 'reported', confidence: 'medium', ...cites(source) });
const named = (text: string): object => ({ names: [{ text, kind: 'legal' }] });

beforeAll(async () => {
  folder = temporaryFolder();
  server = await startServer(temporaryFolder());
  for (const ceiling of ['public', 'internal']) {
    const body = { name: ceiling, scopes: ['read', 'audit'], ceiling };
    keys.set(ceiling, (await server.client.request<{ key: string }>('/v1/keys', { method: 'POST', body })).body.key);
  }
  const article = { type: 'article', title: 'An article', lang: 'en', text: 'She was arrested.' };
  await record('paper', 'sources', article, 'public');
  await record('letter', 'sources', { ...article, type: 'interview', title: 'Qwertyletter' }, 'confidential');
  await record('trial', 'cases', { title: 'A trial', ...cites('paper') }, 'public');
  await record('person', 'persons', { ...named('Thuy Vy'), ...cites('paper') }, 'public');
  await record('hidden', 'persons', { ...named('Qwertyname'), ...cites('paper') }, 'confidential');
  const at = `persons/${ids.person}`;
  const inCase = { case: ids.trial };
  await record('arrest', `${at}/arrests`, { occurred: '2019-05-01', ...inCase, ...fact('paper') }, 'public');
  await record('inside', `${at}/labels`, { label: 'Asdfword', ...fact('paper') }, 'internal');
  const detained = { occurred: '2019-05-03', facility: 'Qwertyfacility', ...inCase, ...fact('letter') };
  await record('detention', `${at}/pretrial-detentions`, detained, 'public');
  await record(
    'charge',
    `persons/${ids.hidden}/charges`,
    { counts: [{ offence: 'x' }], ...inCase, ...fact('paper') },
    'public',
  );
  const released = { reason: 'unknown', after: [events.arrest, events.detention], ...fact('paper') };
  await record('release', `${at}/releases`, released, 'public');
  await record('summons', `${at}/summonses`, { as: 'suspect', ...fact('paper') }, 'public');
  for (const ceiling of keys.keys()) await ask(`sources?minPosition=${last}`, ceiling);
  seal = (await server.client.request<Seal>('/v1/seals', { method: 'POST' })).body;
}, 120_000);

afterAll(async () => {
  await server.end();
  rmSync(folder, { recursive: true });
});

function ask(path: string, ceiling: string): Promise<Response> {
  return fetch(`${server.url}/v1/${path}`, { headers: { authorization: `Bearer ${keys.get(ceiling)}` } });
}

async function filesOf(path: string, ceiling: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const answer = await ask(path, ceiling);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/zip']);
  return unzip(Buffer.from(await answer.arrayBuffer()), 2 ** 26);
}

/** Everything in it, as one text. */
const whole = (files: ReadonlyMap<string, Uint8Array>): string =>
  [...files].map(([name, bytes]) => `${name} ${Buffer.from(bytes).toString('utf8')}`).join('\n');

async function habeas(args: readonly string[], key = ADMIN_KEY) {
  const environment = { HABEAS_DATA: join(folder, 'nothing'), HABEAS_URL: server.url, HABEAS_KEY: key };
  const done = run(CLI, args, { environment });
  const code = await done.ended;
  return { code, output: done.output(), errors: done.errors().trim() };
}

const SECRETS = (): readonly string[] => [
  'Qwerty',
  ...['letter', 'hidden'].map((name) => ids[name] ?? ''),
  ...['letter', 'hidden', 'detention', 'charge'].map((name) => events[name] ?? ''),
];

test.each(['person', 'case'])('of a %s: what a reader sees, and nothing of what is hidden', async (kind) => {
  const path = `${kind}s/${ids[kind === 'case' ? 'trial' : kind]}`;
  const everything = whole(await filesOf(`${path}/bundle`, 'confidential'));
  expect(everything).toContain('Qwertyfacility');
  for (const ceiling of ['public', 'internal']) {
    const files = await filesOf(`${path}/bundle`, ceiling);
    const client = new Client(server.url, keys.get(ceiling) ?? '');
    const { body } = await client.request(`/v1/${path}?knownAt=${seal.size}`);
    expect(JSON.parse(Buffer.from(files.get('record.json') ?? []).toString())).toEqual(body);
    const told = whole(files);
    for (const secret of SECRETS()) expect([secret, told.includes(secret)]).toEqual([secret, false]);
    expect(told.includes('Asdfword')).toBe(ceiling === 'internal' && kind === 'person');
    // Whoever sees more can ask for the same one.
    const lower = await filesOf(`${path}/bundle?ceiling=${ceiling}`, 'confidential');
    expect(whole(lower)).toBe(told);
  }
});

test('a hidden subject is the same 404 as an unknown one; nobody asks for more than they see', async () => {
  for (const ceiling of ['public', 'internal']) {
    const answers = await Promise.all(
      [ids.hidden, randomUUID()].map(async (id) => {
        const answer = await ask(`persons/${id}/bundle`, ceiling);
        return [answer.status, { ...((await answer.json()) as object), instance: '' }];
      }),
    );
    expect(answers[0]).toMatchObject([404, { code: 'not-found' }]);
    expect(answers[1]).toEqual(answers[0]);
  }
  const above = await ask(`persons/${ids.person}/bundle?ceiling=internal`, 'public');
  expect([above.status, await above.json()]).toMatchObject([403, { code: 'ceiling-too-low' }]);
  const odd = await ask(`persons/${ids.person}/bundle?ceiling=secret`, 'public');
  expect([odd.status, await odd.json()]).toMatchObject([
    400,
    { code: 'invalid-query', errors: [{ pointer: '/ceiling' }] },
  ]);
});

test('by the command line, with a key that sees less; it is checked where there is nothing else', async () => {
  const file = join(folder, 'public.zip');
  expect(await habeas(['bundle', 'person', ids.person ?? '', file], keys.get('public'))).toMatchObject({
    code: 0,
    errors: '',
  });
  const found = await habeas(['verify', file, '--key', seal.verifierKey]);
  expect(found).toMatchObject({ code: 0, errors: '' });
  expect(found.output).toContain('it holds what may be seen up to public');
  // The label and the detention are not there; the release names the detention.
  expect(found.output).toContain('gaps           in 1 place it says');
  expect(found.output).toContain('withheld       1 event that may be seen: as stored it names what may not');

  const lower = join(folder, 'lower.zip');
  expect(await habeas(['bundle', 'person', ids.person ?? '', lower, '--ceiling', 'public'])).toMatchObject({ code: 0 });
  expect(Buffer.compare(readFileSync(lower), readFileSync(file))).toBe(0);
  const none = join(folder, 'none.zip');
  const asked = ['bundle', 'person', ids.person ?? '', none, '--ceiling', 'confidential'];
  expect(await habeas(asked, keys.get('public'))).toMatchObject({
    code: 1,
    errors: expect.stringContaining('This key sees up to public'),
  });
  expect(existsSync(none)).toBe(false);
});

test('of a person who was erased: made, proved, and said to be erased, up to every ceiling', async () => {
  const erase = (): Promise<number> =>
    server.client
      .request(`/v1/persons/${ids.person}/personal-data`, { method: 'DELETE', body: { reason: 'At their wish.' } })
      .then(
        ({ status }) => status,
        (error: unknown) => (error instanceof RequestFailed ? error.status : 0),
      );
  expect(await erase()).toBe(202);
  await until(async () => (await erase()) === 410, 30_000);
  const resealed = (await server.client.request<Seal>('/v1/seals', { method: 'POST' })).body;
  for (const ceiling of ['public', 'internal', 'confidential']) {
    const path = `persons/${ids.person}/bundle`;
    await until(async () => (await ask(path, ceiling)).status === 200, 30_000);
    const files = await filesOf(path, ceiling);
    const told = whole(files);
    expect(told).not.toMatch(/Thuy Vy|Asdfword|Qwertyfacility/);
    expect(told).toContain('Its personal fields were erased');
    const key = readVerifierKey(resealed.verifierKey);
    const found = verifyBundle({ files, codec: createRecordCodec(realRandomness), ...(key && { verifiers: [key] }) });
    expect([found.faults, found.closed > 0]).toEqual([[], true]);
    expect(found.manifest.size).toBe(resealed.size);
  }
});
