/** Evidence bundles, from a whole server on either log to a machine that has nothing else: `habeas bundle`, `habeas verify <bundle>`. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzip, type Seal } from '#audit';
import { enterCase, type Entered } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { run } from '../support/server-process.js';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

async function habeas(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  // In a folder where nothing is, and nothing may come to be.
  const empty = temporaryFolder();
  const done = run(CLI, args, { environment: { HABEAS_DATA: join(empty, 'data'), ...environment } });
  const code = await done.ended;
  expect(readdirSync(empty)).toEqual([]);
  rmSync(empty, { recursive: true });
  return { code, output: done.output(), errors: done.errors().trim() };
}

const inZip = (bytes: Uint8Array, name: string): string =>
  Buffer.from(unzip(bytes, 2 ** 26).get(name) ?? []).toString('utf8');

describe.each(['embedded', 'EventStoreDB'])('evidence bundles (%s)', (log) => {
  let simulator: Simulator | undefined;
  let server: TestServer;
  let entered: Entered;
  let seal: Seal;
  let folder: string;

  beforeAll(async () => {
    folder = temporaryFolder();
    simulator = log === 'embedded' ? undefined : await Simulator.start();
    const elsewhere = simulator && { log: simulator.connectionString(), logNamespace: `${randomUUID()}-` };
    server = await startServer(temporaryFolder(), elsewhere);
    entered = await enterCase(server.client, firstCase);
    await server.client.request(`/v1/sources?minPosition=${entered.last}`);
  }, 120_000);
  afterAll(async () => {
    await server.end();
    await simulator?.stop();
    rmSync(folder, { recursive: true });
  });

  const id = (name: string): string => entered.ids.get(name) ?? '';

  async function ask(path: string, key = ADMIN_KEY): Promise<Response> {
    return fetch(`${server.url}/v1/${path}`, { headers: { authorization: `Bearer ${key}` } });
  }

  async function refused(path: string): Promise<string> {
    const answer = await ask(path);
    return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
  }

  async function bytesOf(path: string): Promise<Buffer> {
    const answer = await ask(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/zip']);
    return Buffer.from(await answer.arrayBuffer());
  }

  function kept(name: string, content: string | Uint8Array): string {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  }

  const bundling = (...args: readonly string[]) =>
    habeas(['bundle', ...args], { HABEAS_URL: server.url, HABEAS_KEY: ADMIN_KEY });

  test('what is not sealed is not bundled', async () => {
    expect(await refused(`persons/${id('vy')}/bundle`)).toBe('404 not-sealed-yet');
    seal = (await server.client.request<Seal>('/v1/seals', { method: 'POST' })).body;
    expect((await ask(`persons/${id('vy')}/bundle`)).status).toBe(200);
  });

  test.each([
    ['person', 'vy', 'Thuy Vy'],
    ['person', 'serey', 'Sam Serey'],
    ['group', 'knlf', 'Khmer National Liberation Front'],
  ])('of a %s (%s): it is checked where there is nothing else', async (kind, name, called) => {
    const file = join(folder, `${name}.zip`);
    const bundled = await bundling(kind, id(name), file);
    expect(bundled).toMatchObject({ code: 0, errors: '' });
    expect(bundled.output).toContain('names, words and texts in the clear');
    const against = kept('seal.txt', seal.checkpoint);
    const found = await habeas(['verify', file, '--key', seal.verifierKey, '--against', against]);
    expect(found).toMatchObject({ code: 0, errors: '' });
    expect(found.output).toMatch(new RegExp(`^The bundle of ${kind} ${id(name)} is whole: \\d+ events\n`));
    expect(found.output).toContain(`of the seal with the root ${seal.root}\n`);
    expect(found.output).toContain('seal and bundle bear its signature');
    expect(found.output).toContain('the seal is the one that was kept');
    const bytes = readFileSync(file);
    const page = inZip(bytes, 'index.html');
    expect(page).toContain(`<h1 dir="auto">${called}</h1>`);
    const { body } = await server.client.request<{ summary: string }>(`/v1/${kind}s/${id(name)}?knownAt=${seal.size}`);
    expect(JSON.parse(inZip(bytes, 'record.json'))).toEqual(body);
    expect(page).toContain(body.summary);
    expect(inZip(bytes, `sources/${id('article')}.txt`)).toBe(
      (await server.client.request<{ text: string }>(`/v1/sources/${id('article')}`)).body.text,
    );
  });

  test('where more was recorded since, it is of what was sealed, and the same as it was', async () => {
    const before = readFileSync(join(folder, 'vy.zip'));
    const article = { sourceId: id('article') };
    const { position } = await server.record(`persons/${id('vy')}/labels`, {
      label: 'activist',
      citations: [article],
      basis: 'reported',
      confidence: 'low',
    });
    const path = `persons/${id('vy')}/bundle?minPosition=${position}`;
    expect(await refused(path)).toBe('404 not-sealed-yet');
    expect(Buffer.compare(await bytesOf(`${path}&size=${seal.size}`), before)).toBe(0);
    const later = (await server.client.request<Seal>('/v1/seals', { method: 'POST' })).body;
    const bytes = await bytesOf(path);
    expect(inZip(bytes, 'index.html')).toContain('activist');
    const file = kept('later.zip', bytes);
    const at = (one: Seal) => habeas(['verify', file, '--against', kept('kept.txt', one.checkpoint)]);
    expect(await at(later)).toMatchObject({ code: 0 });
    expect(await at(seal)).toMatchObject({ code: 1, errors: expect.stringMatching(`with --size ${seal.size}`) });
    const sized = join(folder, 'sized.zip');
    expect(await bundling('person', id('vy'), sized, '--size', String(seal.size))).toMatchObject({ code: 0 });
    expect(Buffer.compare(readFileSync(sized), before)).toBe(0);
  });

  test('a bundle that was changed ends with exit code 2, and what is wrong is named', async () => {
    const bytes = readFileSync(join(folder, 'vy.zip'));
    // Somewhere among the packed files.
    bytes[Math.floor(bytes.length / 3)]! ^= 1;
    const changed = await habeas(['verify', kept('changed.zip', bytes)]);
    expect([1, 2]).toContain(changed.code);
    expect(`${changed.output}${changed.errors}`).toMatch(/^The bundle is not whole: file-changed in |no zip file/);
    const other = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
    const asked = await habeas(['verify', join(folder, 'vy.zip'), '--key', other]);
    expect(asked).toMatchObject({ code: 2, errors: '' });
    expect(asked.output).toMatch(/^The bundle is not whole: unknown-signer in signature.txt: .*\.\n.*seal\.txt/);
  });

  test('what cannot be done is said in a sentence', async () => {
    const file = join(folder, 'vy.zip');
    expect(await habeas(['verify', join(folder, 'nowhere.zip')])).toMatchObject({
      code: 1,
      errors: `The bundle ${join(folder, 'nowhere.zip')} cannot be read (ENOENT).`,
    });
    const none = kept('none.zip', 'PK');
    expect(await habeas(['verify', none])).toMatchObject({
      code: 1,
      output: '',
      errors: `${none}: It is no zip file, or a damaged one.`,
    });
    expect(await bundling('person', id('vy'), file)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/already/),
    });
    const absent = join(folder, 'absent.zip');
    expect(await bundling('person', randomUUID(), absent)).toMatchObject({
      code: 1,
      errors: 'There is no person with this id.',
    });
    expect(existsSync(absent)).toBe(false);
    expect(await bundling('source', id('article'), absent)).toMatchObject({ code: 1 });
    expect(await refused(`persons/${id('vy')}/bundle?size=2`)).toBe('404 unknown-seal');
    expect(await refused(`persons/${id('vy')}/bundle?size=x`)).toBe('400 invalid-query');
    expect(await refused(`groups/${id('vy')}/bundle`)).toBe('404 not-found');
    // A person who was entered since is not sealed yet, and was not there then.
    const names = [{ text: 'Somebody', kind: 'legal' }];
    const late = await server.record('persons', { names, citations: [{ sourceId: id('article') }] });
    const path = `persons/${late.id}/bundle?minPosition=${late.position}`;
    expect(await refused(path)).toBe('404 not-sealed-yet');
    expect(await refused(`${path}&size=${seal.size}`)).toBe('404 not-found');
    expect(await refused(`cases/${randomUUID()}/bundle`)).toBe('404 not-found');
  });

  test('it takes no more than the scope read, and to see everything', async () => {
    const body = { name: 'reader', scopes: ['read'], ceiling: 'confidential' };
    const { key } = (await server.client.request<{ key: string }>('/v1/keys', { method: 'POST', body })).body;
    expect((await ask(`groups/${id('knlf')}/bundle?size=${seal.size}`, key)).status).toBe(200);
  });
});
