/** The compose files of docker/: no engine is here to run them, so they are read, and held to the schema and to rules of ours. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOCKER, readCompose, RULES, violations, type Compose } from './compose-rules.js';

const FILES = ['compose.embedded.yaml', 'compose.yaml', 'compose.cluster.yaml'];

/** A linter over the Compose Specification's schema. Its rules of taste (order, quotes) are warnings, and not asked for. */
function lint(...files: readonly string[]): Promise<string> {
  const cli = join(process.cwd(), 'node_modules/dclint/bin/dclint.cjs');
  // A service that is built has a name for its image, by which others use it.
  const args = [cli, ...files, '--quiet', '--color', 'false', '--disable-rule', 'no-build-and-image'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      if (error !== null && stdout.trim() === '') reject(new Error(stderr));
      else resolve(stdout.trim());
    });
  });
}

describe('the schema', () => {
  test('knows all that the files say', async () => {
    expect(await lint(...['habeas.yaml', ...FILES].map((file) => join(DOCKER, file)))).toBe('');
  });

  test('and nothing that is misspelt', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'habeas-compose-'));
    try {
      const text = await readFile(join(DOCKER, 'compose.yaml'), 'utf8');
      await writeFile(join(folder, 'compose.yaml'), text.replace('mem_limit:', 'memory_limit:'));
      expect(await lint(join(folder, 'compose.yaml'))).toMatch(/additional properties/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test.each(FILES)('%s breaks no rule', (file) => {
  expect(violations(readCompose(file))).toEqual([]);
});

/** One change for each rule that must break it. */
const BREAKING: Readonly<Record<keyof typeof RULES, (compose: Compose) => void>> = {
  'images are of one version': ({ services }) => (services.eventstoredb!.image = 'eventstore/eventstore:latest'),
  'our image is of the version of the package': ({ services }) => (services.habeas!.image = 'habeas:9.9.9'),
  'what goes on serving says how it is': ({ services }) => delete services.eventstoredb!.healthcheck,
  'nobody is root, unless it has no network': ({ services }) => delete services.eventstoredb!.user,
  'no capabilities, no new ones': ({ services }) => (services.habeas!.security_opt = []),
  'the root file system is read-only': ({ services }) => delete services.habeas!.read_only,
  'ports are open on this machine only': ({ services }) => (services.habeas!.ports = ['3000:3000']),
  'no secret stands in the file': ({ services }) => (services.habeas!.environment!.HABEAS_MASTER_KEY = 'abc'),
  'settings are known': ({ services }) => (services.habeas!.environment!.HABEAS_LOGS = 'esdb://eventstoredb:2113'),
  'without TLS only where nobody else is': ({ services }) => (services.eventstoredb!.networks = ['default']),
  'secrets that are read are given': ({ services }) => (services.habeas!.secrets = []),
  'who waits, waits for what happens': ({ services }) => delete services.eventstoredb!.healthcheck,
  'files that are mounted are there': ({ services }) => services.habeas!.volumes!.push('./nginx.conf:/etc/nginx.conf'),
  'everything named is defined, everything defined is used': ({ volumes }) => delete volumes['habeas-data'],
};

test.each(Object.entries(BREAKING))('the rule "%s" catches what breaks it', (rule, breakIt) => {
  const compose = readCompose('compose.yaml');
  breakIt(compose);
  expect(violations(compose).map((violation) => violation.split(':')[0])).toContain(rule);
});

test.each(['esdb://habeas:secret@eventstoredb:2113', 'postgres://habeas:secret@postgres/habeas'])(
  'a password in a connection string is a secret, as in %s',
  (HABEAS_LOG) => {
    const compose = readCompose('compose.yaml');
    Object.assign(compose.services.habeas!.environment!, { HABEAS_LOG });
    expect(violations(compose)).toContain('no secret stands in the file: habeas');
  },
);

test('a setting that EventStoreDB does not know, or that loses what it acknowledged, is none', () => {
  for (const name of ['EVENTSTORE_CLUSTERSIZE', 'EVENTSTORE_UNSAFE_DISABLE_FLUSH_TO_DISK']) {
    const compose = readCompose('compose.yaml');
    Object.assign(compose.services.eventstoredb!.environment!, { [name]: 'true' });
    expect(violations(compose)).toEqual(['settings are known: eventstoredb']);
  }
});
