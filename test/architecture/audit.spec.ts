/** `npm run audit`, with something in npm's place that says what a registry may. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../support/server-process.js';

const AUDIT = fileURLToPath(new URL('../../../bin/audit.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'habeas-audit-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function audit(says: unknown, accepted: object): Promise<readonly [number | null, string]> {
  const npm = join(folder, 'npm.cjs');
  const list = join(folder, 'accepted.json');
  writeFileSync(npm, `process.stdout.write(${JSON.stringify(JSON.stringify(says))}); process.exitCode = 1;`);
  writeFileSync(list, JSON.stringify(accepted));
  const done = run(AUDIT, [list], { environment: { npm_execpath: npm } });
  return [await done.ended, done.output() + done.errors()];
}

const advisory = {
  name: 'deep',
  severity: 'high',
  title: 'It may be made to hang',
  range: '<2.0.0',
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
};
const FOUND = { vulnerabilities: { deep: { via: [advisory] }, above: { via: ['deep'] } } };
const ID = 'GHSA-aaaa-bbbb-cccc';

test('it fails on what is found and not accepted, and on what is accepted in vain', async () => {
  expect(await audit({ vulnerabilities: {} }, {})).toEqual([0, 'Nothing is open; 0 accepted.\n']);
  const [code, told] = await audit(FOUND, {});
  expect([code, told]).toEqual([1, expect.stringMatching(/^GHSA-aaaa-bbbb-cccc: high, deep <2\.0\.0: It may be made/)]);
  expect((await audit(FOUND, { [ID]: 'We never call it.' }))[0]).toBe(0);
  // Without a reason nothing is accepted.
  expect((await audit(FOUND, { [ID]: '' }))[0]).toBe(1);
  expect(await audit({ vulnerabilities: {} }, { [ID]: 'We never call it.' })).toEqual([
    1,
    'GHSA-aaaa-bbbb-cccc is accepted, and is not found any more: remove it.\n',
  ]);
});

test('a registry that does not say is told from one that has nothing to say', async () => {
  const refused = { message: '405 Method Not Allowed', error: {} };
  expect(await audit(refused, {})).toEqual([3, expect.stringContaining('did not answer (405 Method Not Allowed)')]);
});
