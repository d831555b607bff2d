/**
 * The examples of docs/ are run, so that they stay true: each page's shell blocks as one script against a server with an
 * empty record, and what a block prints is compared with the block that follows it.
 *
 * A `js` block that begins with the name of a file is one in the folder where the shell runs, which else looks like this one.
 *
 * A `json` block says what the answer must at least hold: members and elements that it leaves out may be anything, and
 * "…" stands for any text. A `text` block says the whole output.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SCHEMA_VERSION } from '#projections';
import { startServer, ADMIN_KEY, temporaryFolder, type TestServer } from '../e2e/test-support/server.js';

interface Example {
  readonly script: string;
  readonly expected: { readonly kind: string; readonly body: string } | undefined;
}

function examplesOf(page: string): readonly Example[] {
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind = '', body = '']) => ({ kind, body }));
  return blocks.flatMap(({ kind, body }, index): Example[] => {
    const [, file] = /^\/\/ (\S+\.mjs)\n/.exec(body) ?? [];
    // To be saved under this name, beside the modules that it imports.
    if (kind === 'js' && file !== undefined)
      return [{ script: `cat > ${file} <<'END'\n${body}END`, expected: undefined }];
    if (kind !== 'sh') return [];
    const next = blocks[index + 1];
    const expected = next?.kind === 'json' || next?.kind === 'text' ? { kind: next.kind, body: next.body } : undefined;
    return [{ script: body, expected }];
  });
}

const MARK = '\u0001';
/** Of an example that fails, nothing stays behind. */
const END_WHAT_RUNS = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT";

/** The output of each example, in order. All run in one shell, since later ones use what earlier ones set. */
async function run(examples: readonly Example[], server: TestServer): Promise<readonly string[]> {
  const script = [
    'set -euo pipefail',
    END_WHAT_RUNS,
    ...examples.map(({ script: body }) => `${body}\nprintf '${MARK}'`),
  ].join('\n');
  const env = { ...process.env, HABEAS_URL: server.url, HABEAS_KEY: ADMIN_KEY, HABEAS_DATA: server.folder };
  const cwd = mkdtempSync(join(tmpdir(), 'habeas-docs-'));
  for (const name of readdirSync('.')) symlinkSync(resolve(name), join(cwd, name));
  const shell = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  shell.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise((ended) => shell.once('close', ended));
  rmSync(cwd, { recursive: true });
  const outputs = output.split(MARK);
  if (code !== 0)
    throw new Error(`Example ${outputs.length} ended with ${String(code)}: ${errors}\n${outputs.at(-1) ?? ''}`);
  return outputs;
}

/** Where the actual value does not hold what is expected; empty if it does. */
function missing(expected: unknown, actual: unknown, path = ''): readonly string[] {
  if (expected === '…') return typeof actual === 'string' ? [] : [`${path}: no text`];
  if (typeof expected !== 'object' || expected === null) {
    return Object.is(expected, actual)
      ? []
      : [`${path}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`];
  }
  if (Array.isArray(expected) && expected.length === 0) {
    return Array.isArray(actual) && actual.length === 0 ? [] : [`${path}: not an empty list`];
  }
  if (typeof actual !== 'object' || actual === null) return [`${path}: ${JSON.stringify(actual)}`];
  return Object.entries(expected).flatMap(([name, value]) =>
    missing(value, (actual as Record<string, unknown>)[name], `${path}/${name}`),
  );
}

test('the table of a view file in docs/replaying.md names every table', async () => {
  const server = await startServer();
  try {
    const served = readFileSync(`${server.folder}/views-${SCHEMA_VERSION}.current`, 'utf8');
    const db = new DatabaseSync(`${server.folder}/${served}`, { readOnly: true });
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%'").all();
    db.close();
    const page = readFileSync('docs/replaying.md', 'utf8');
    expect(tables.map(({ name }) => String(name)).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
    expect(tables.length).toBeGreaterThan(10);
  } finally {
    await server.end();
  }
});

const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));

test.each(pages)(
  'the examples of docs/%s',
  async (name) => {
    const examples = examplesOf(readFileSync(`docs/${name}`, 'utf8'));
    if (examples.length === 0) return;
    const server = await startServer(temporaryFolder(), { webhooksInside: ['127.0.0.1'] });
    try {
      const outputs = await run(examples, server);
      for (const [index, { script, expected }] of examples.entries()) {
        if (expected === undefined) continue;
        const output = outputs[index] ?? '';
        const wrong =
          expected.kind === 'text'
            ? output.trim() === expected.body.trim()
              ? []
              : [`"${output.trim()}" instead of "${expected.body.trim()}"`]
            : missing(JSON.parse(expected.body), JSON.parse(output));
        expect({ script, wrong }).toEqual({ script, wrong: [] });
      }
    } finally {
      await server.end();
    }
  },
  90_000,
);
