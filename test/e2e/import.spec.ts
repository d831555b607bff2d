/** `habeas import`, as a process, against a whole server. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ADMIN_KEY, startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startServer();
  folder = mkdtempSync(join(tmpdir(), 'habeas-import-'));
}, 60_000);
afterAll(async () => {
  await server.end();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

async function run(args: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(process.execPath, ['dist/apps/cli/src/main.js', 'import', ...args], {
    env: { ...process.env, HABEAS_URL: server.url, HABEAS_KEY: ADMIN_KEY },
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output, errors };
}

const source = (title: string, key?: string) =>
  JSON.stringify({
    ...(key !== undefined && { key }),
    path: '/v1/sources',
    body: { type: 'report', title, lang: 'en' },
  });
const personOf = (key: string) =>
  JSON.stringify({
    path: '/v1/persons',
    body: { names: [{ text: 'Somebody', kind: 'legal' }], citations: [{ sourceId: `{id:${key}}` }] },
  });

async function count(kind: string): Promise<number> {
  const { body } = await server.client.request<{ items: readonly object[] }>(`/v1/${kind}?limit=200`);
  return body.items.length;
}

test('a file without keys, packed, then with lines added and moved: what was recorded is not recorded again', async () => {
  const file = join(folder, 'some.jsonl.gz');
  // Two lines that say the same are two commands.
  const lines = [source('One', 'one'), source('Two'), source('Two'), personOf('one')];
  writeFileSync(file, gzipSync(lines.join('\n')));
  expect(await run([file])).toEqual({ code: 0, output: '4 recorded, 0 refused\n', errors: '' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect([await count('sources'), await count('persons')]).toEqual([3, 1]);

  writeFileSync(
    file,
    gzipSync(['\ufeff' + source('Three'), '', ...lines.toReversed().slice(1), personOf('one')].join('\r\n')),
  );
  expect(await run([file])).toMatchObject({ code: 0, output: '5 recorded, 0 refused\n' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect([await count('sources'), await count('persons')]).toEqual([4, 1]);
});

test('refused lines: told, or kept in a file with their reasons; the exit code says so', async () => {
  const input = [source('Good'), '{"path": ', personOf('nobody'), source('\u2028')].join('\n');
  const told = await run(['-'], input);
  expect(told).toMatchObject({ code: 1, output: '1 recorded, 3 refused\n' });
  expect(told.errors).toBe(
    [
      'line 2: malformed-json: The body is not valid JSON.',
      'line 3: unknown-reference: No earlier line of this batch has the key named here.',
      'line 4: invalid-value: This field takes one line of text that is not blank, without control characters.',
      '',
    ].join('\n'),
  );
  const refused = join(folder, 'refused.jsonl');
  expect(await run(['-', '--refused', refused], input)).toMatchObject({ code: 1, output: '1 recorded, 3 refused\n' });
  const kept = readFileSync(refused, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(kept).toMatchObject([
    { line: 2, status: 400, code: 'malformed-json', command: '{"path": ' },
    { line: 3, status: 422, code: 'unknown-reference', command: { path: '/v1/persons' } },
    { line: 4, status: 422, code: 'invalid-value' },
  ]);
});

test('lines name lines of earlier chunks', async () => {
  const many = Array.from({ length: 10_050 }, (_, n) => `{"path":"/v1/persons","key":"filler-${n}","body":{}}`);
  const input = [source('Far away', 'far'), ...many, personOf('far')].join('\n');
  expect(await run(['-'], input)).toMatchObject({ code: 1, output: '2 recorded, 10050 refused\n' });
}, 30_000);

test('files that cannot be imported', async () => {
  const broken = join(folder, 'broken.jsonl.gz');
  writeFileSync(broken, gzipSync(source('Cut')).subarray(0, -10));
  const plain = join(folder, 'plain.gz');
  writeFileSync(plain, source('Not packed'));
  for (const [file, message] of [
    [join(folder, 'nothing'), 'There is no file'],
    [folder, 'is a folder'],
    [broken, 'could not be read to its end'],
    [plain, 'could not be read to its end'],
  ] as const) {
    const { code, errors } = await run([file]);
    expect([code, errors]).toEqual([1, expect.stringContaining(message)]);
  }
});
