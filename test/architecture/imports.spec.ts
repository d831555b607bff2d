/**
 * The table of rooms, enforced and shown to bite: the sources break no rule, and for every rule there is an import that
 * it catches. A rule that catches nothing would look just like a rule that is kept.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = process.cwd();

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
  readonly to: string;
}

function cruise(folder: string): Promise<readonly Violation[]> {
  const cli = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [cli, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'libs', 'apps', 'test'];
  return new Promise((resolve, reject) => {
    // The exit code is the number of violations: the output alone says whether it ran.
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1 << 28 }, (_error, stdout, stderr) => {
      try {
        const report = JSON.parse(stdout) as { summary: { violations: Violation[]; totalCruised: number } };
        if (report.summary.totalCruised === 0) reject(new Error('nothing was looked at'));
        resolve(report.summary.violations);
      } catch {
        reject(new Error(stderr));
      }
    });
  });
}

/** One illegal import for each rule: the file that breaks it, and its text. */
const ILLEGAL: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'room-kernel': ['libs/kernel/src/illegal.ts', "export type { X } from '#domain';"],
  'room-domain': ['libs/domain/src/illegal.ts', "export type { X } from '#event-store';"],
  'room-event-store': ['libs/event-store/src/illegal.ts', "export type { X } from '#projections';"],
  'room-event-store-sqlite': ['libs/event-store-sqlite/src/illegal.ts', "export type { X } from '#domain';"],
  'room-event-store-eventstoredb': [
    'libs/event-store-eventstoredb/src/illegal.ts',
    "export type { X } from '#domain';",
  ],
  'room-log-format': ['libs/log-format/src/illegal.ts', "export type { X } from '#command-handling';"],
  'room-command-handling': ['libs/command-handling/src/illegal.ts', "export type { X } from '#projections';"],
  'room-projections': ['libs/projections/src/illegal.ts', "export type { X } from '#command-handling';"],
  'room-feed': ['libs/feed/src/illegal.ts', "export type { X } from '#audit';"],
  'room-audit': ['libs/audit/src/illegal.ts', "export type { X } from '#access';"],
  'room-access': ['libs/access/src/illegal.ts', "export type { X } from '../../../apps/api/src/main.js';"],
  'rooms-through-their-door': ['libs/domain/src/illegal.ts', "export type { X } from '../../kernel/src/secret.js';"],
  'apps-through-the-door': ['apps/api/src/illegal.ts', "export type { X } from '../../../libs/kernel/src/secret.js';"],
  'adapters-are-picked-in-one-place': ['apps/cli/src/illegal.ts', "export type { X } from '#event-store-sqlite';"],
  'nest-in-apps-only': ['libs/access/src/illegal.ts', "export { Module } from '@nestjs/common';"],
  'domain-without-io': ['libs/domain/src/illegal.ts', "export { readFile } from 'node:fs';"],
  'one-importer-of-the-eventstoredb-client': [
    'libs/projections/src/illegal.ts',
    "export { EventStoreDBClient } from '@eventstore/db-client';",
  ],
  'one-importer-of-the-postgres-driver': ['libs/access/src/illegal.ts', "export { Pool } from 'pg';"],
  'swagger-when-asked': ['apps/api/src/http/illegal.ts', "export { ApiTags } from '@nestjs/swagger';"],
  'production-without-test-tools': ['libs/domain/src/illegal.ts', "export { default } from 'fast-check';"],
  'no-cycles': ['libs/domain/src/illegal.ts', "import { y } from './index.js'; export const x = y;"],
  resolvable: ['libs/domain/src/illegal.ts', "export { x } from './not-there.js';"],
};

describe('imports', () => {
  test('the sources break no rule', async () => {
    expect(await cruise(ROOT)).toEqual([]);
  });

  describe('each rule catches an illegal import', () => {
    let folder = '';
    let violations: readonly Violation[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'habeas-imports-'));
      for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']) {
        await cp(join(ROOT, file), join(folder, file));
      }
      await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      const write = async (file: string, text: string): Promise<void> => {
        await mkdir(dirname(join(folder, file)), { recursive: true });
        await writeFile(join(folder, file), text);
      };
      const rooms = Object.keys(ILLEGAL).flatMap((rule) =>
        rule.startsWith('room-') ? [rule.slice('room-'.length)] : [],
      );
      for (const room of rooms) await write(`libs/${room}/src/index.ts`, 'export type X = 1;');
      await write('libs/kernel/src/secret.ts', 'export type X = 1;');
      await write('apps/api/src/main.ts', 'export type X = 1;');
      await write('test/empty.ts', 'export {};');
      await write('libs/domain/src/index.ts', "export { x } from './no-cycles.illegal.js'; export type X = 1;");
      for (const [rule, [file, text]] of Object.entries(ILLEGAL)) {
        await write(file.replace('illegal', `${rule}.illegal`), text);
      }
      violations = await cruise(folder);
    });

    afterAll(() => rm(folder, { recursive: true, force: true }));

    test.each(Object.keys(ILLEGAL))('%s', (rule) => {
      const caught = violations.filter((violation) => `${violation.from} ${violation.to}`.includes(`${rule}.illegal`));
      expect(caught.map((violation) => violation.rule.name)).toContain(rule);
    });

    test('no rule is left out', async () => {
      const config = (await import(join(ROOT, '.dependency-cruiser.mjs'))) as {
        default: { forbidden: readonly { readonly name: string }[] };
      };
      expect(config.default.forbidden.map((rule) => rule.name).sort()).toEqual(Object.keys(ILLEGAL).sort());
    });
  });
});
