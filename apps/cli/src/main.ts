/**
 * `habeas <verb>`: the command line. Talks to a running server through the public interface, as any client does. What a
 * verb alone needs is loaded by that verb.
 */
import { Argument, Command, CommanderError, Option } from 'commander';
import { VISIBILITIES } from '#kernel';
import { BackupError } from '../../api/src/backup/backup-error.js';
import type { AccessLogOptions } from './access-log.js';
import type { BundleArguments } from './bundle.js';
import { RequestFailed } from './client.js';
import type { CopyLogArguments } from './copy-log.js';
import type { RedactOptions } from './erasures.js';
import { createKey, listKeys, type NewKeyOptions, revokeKey, type RotateOptions, rotateKey } from './keys.js';

// `habeas … | head` closes the pipe early. What is recorded is safe; there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const BUNDLED = ['person', 'group', 'case'] as const;

const program = new Command('habeas')
  .description('An event-sourced record of what happens to people and groups in political and legal cases.')
  .exitOverride()
  .showHelpAfterError('(habeas --help says more)');

program
  .command('serve')
  .description(
    'start the server (settings: HABEAS_DATA, HABEAS_HOST, HABEAS_PORT, HABEAS_ADMIN_KEY, HABEAS_MASTER_KEY)',
  )
  .action(async () => {
    const { serve } = await import('../../api/src/serve.js');
    await serve(process.env);
  });

program
  .command('demo')
  .description('start a server with the first case in a data folder of its own, and show what the record says')
  .option('--exit', 'end when it has been shown, instead of serving on', false)
  .option('--data <folder>', 'the data folder', './demo-data')
  .action(async (options: { exit: boolean; data: string }) => {
    const { demo } = await import('./demo/demo.js');
    await demo({ ...options, environment: process.env });
  });

program
  .command('import')
  .description(
    'record what a file says, on the server that HABEAS_URL names, by the key in HABEAS_KEY; run again, it records nothing twice',
  )
  .argument(
    '<file>',
    'commands as JSON Lines (docs/importing.md), packed by gzip if it ends in .gz; - for standard input',
  )
  .addOption(new Option('--refused <file>', 'write refused lines there, each with its reason').conflicts('log'))
  .option(
    '--log',
    'the file is an export: it becomes the log of HABEAS_DATA or HABEAS_LOG, which is empty (docs/exporting.md)',
  )
  .action(async (file: string, options: { refused?: string; log?: true }) => {
    if (options.log === true) {
      process.exitCode = await (await import('./copy-log.js')).importLog(process.env, file);
      return;
    }
    const { importFile } = await import('./import/import.js');
    if (!(await importFile(file, { ...options, environment: process.env }))) process.exitCode = 1;
  });

program
  .command('export')
  .description(
    'write the log of HABEAS_DATA or HABEAS_LOG into a file as JSON Lines, also while the server runs (docs/exporting.md)',
  )
  .argument('<file>', 'to be made; packed by gzip if it ends in .gz; - for standard output')
  .action(async (file: string) => {
    process.exitCode = await (await import('./export.js')).exportLog(process.env, file);
  });

const keys = program
  .command('keys')
  .description(
    'access keys, on the server that HABEAS_URL names (http://127.0.0.1:3000 unless said), by the admin key in HABEAS_KEY',
  );

keys
  .command('create')
  .description('make a key; it is printed once')
  .requiredOption('--name <name>', 'what to call it')
  .requiredOption(
    '--scopes <scopes>',
    'what it allows, separated by commas: read, record, review, audit, webhooks, admin',
  )
  .addOption(
    new Option(
      '--ceiling <level>',
      'what its holder sees at most; internal unless said, confidential for admin',
    ).choices(VISIBILITIES),
  )
  .option('--expires <instant>', 'when it ends by itself, such as 2030-12-31T00:00:00Z; never unless said')
  .action((options: NewKeyOptions) => createKey(process.env, options));

keys
  .command('list')
  .description('list all keys')
  .action(() => listKeys(process.env));

keys
  .command('rotate')
  .description('give a key a new secret, which is printed once; what it stands for and may do stays')
  .argument('<id>')
  .option('--overlap <seconds>', 'for how long the secret before is good as well; it ends at once unless said', Number)
  .option('--expires <instant>', 'when the key ends by itself from now on; as before, unless said')
  .action((id: string, options: RotateOptions) => rotateKey(process.env, id, options));

keys
  .command('revoke')
  .description('revoke a key by its id')
  .argument('<id>')
  .action((id: string) => revokeKey(process.env, id));

program
  .command('erase')
  .description(
    'erase what is personal of a person, for good, on the server that HABEAS_URL names, by the admin key in HABEAS_KEY; the id of the erasure is printed (docs/erasing.md)',
  )
  .argument('<person>', 'their id')
  .requiredOption('--reason <text>', 'why; it is sealed, and destroyed with the certificate')
  .action(async (person: string, options: { reason: string }) =>
    (await import('./erasures.js')).erase(process.env, person, options),
  );

const erasures = program
  .command('erasures')
  .description(
    'who is forgotten, and what tells of them elsewhere, on the server that HABEAS_URL names, by a key with the scope review in HABEAS_KEY',
  );

erasures
  .command('list')
  .description('list all erasures')
  .action(async () => (await import('./erasures.js')).listErasures(process.env));

erasures
  .command('show')
  .description('how one stands, with its certificate once it is done, as JSON')
  .argument('<id>')
  .action(async (id: string) => (await import('./erasures.js')).showErasure(process.env, id));

erasures
  .command('mentions')
  .description('what tells of the person, with the words in brackets')
  .argument('<id>')
  .action(async (id: string) => (await import('./erasures.js')).listMentions(process.env, id));

erasures
  .command('redact')
  .description('blank the words in a subject, for good')
  .argument('<id>')
  .argument('<mention>', 'kind and id of the subject, such as source/<id>')
  .option(
    '--word <text>',
    'blank this as well; may be repeated',
    (one: string, others: readonly string[]) => [...others, one],
    [] as readonly string[],
  )
  .option('--everything', 'blank all sealed texts of the subject', false)
  .action(async (id: string, mention: string, options: RedactOptions) =>
    (await import('./erasures.js')).redactMention(process.env, id, mention, options),
  );

erasures
  .command('keep')
  .description('leave a mention as it is')
  .argument('<id>')
  .argument('<mention>', 'kind and id of the subject, such as source/<id>')
  .requiredOption('--reason <text>', 'why: it tells of somebody else, for one')
  .action(async (id: string, mention: string, options: { reason: string }) =>
    (await import('./erasures.js')).keepMention(process.env, id, mention, options),
  );

program
  .command('backup')
  .description('copy the record of HABEAS_DATA, log and keys, into a new folder, also while the server runs')
  .argument('<folder>', 'the folder to make')
  .option('--with-master-key', 'put the master key in as well: whoever has the backup can then read everything', false)
  .action(async (folder: string, options: { withMasterKey: boolean }) =>
    (await import('./backup.js')).backup(process.env, folder, options),
  );

program
  .command('restore')
  .description('check a backup and make it the data folder of a server')
  .argument('<backup>', 'a folder that `habeas backup` made')
  .option('--data <folder>', 'the data folder to make; absent or empty (HABEAS_DATA, or ./data, unless said)')
  .option('--check', 'only check the backup, where it lies', false)
  .option(
    '--present <folder>',
    'the data folder that is to be replaced, wherever it lies: what was erased in it since is listed',
  )
  .option('--accept-closed', 'take it although names, words and notes cannot be opened', false)
  .action(async (folder: string, options: { data?: string; present?: string; check: boolean; acceptClosed: boolean }) =>
    (await import('./restore.js')).restore(process.env, folder, options),
  );

program
  .command('copy-keys')
  .description('copy the keys of HABEAS_DATA to the PostgreSQL of HABEAS_KEYS, or back; run again, it goes on')
  .addArgument(new Argument('<to>', 'postgres, or file: keys.db in the data folder').choices(['postgres', 'file']))
  .action(async (to: 'postgres' | 'file') => (await import('./copy-keys.js')).copyKeysTo(process.env, to));

program
  .command('replace-master-key')
  .description(
    'wrap all keys of HABEAS_DATA or HABEAS_KEYS by a new master key, made, or given by HABEAS_NEW_MASTER_KEY, while no server uses the folder; the log stays as it is (docs/master-key.md)',
  )
  .action(async () => (await import('./replace-master-key.js')).replaceMasterKey(process.env));

program
  .command('verify')
  .description(
    'check that nobody edited the log of HABEAS_DATA or HABEAS_LOG, or an evidence bundle: chains, tree, seals; exit code 2 if it is not whole',
  )
  .argument('[bundle]', 'an evidence bundle, as habeas bundle made it; nothing else is needed then')
  .option(
    '--against <file>',
    'a seal that was kept elsewhere: the answer of GET /v1/seals/latest; may be repeated',
    (file: string, files: readonly string[]) => [...files, file],
    [] as readonly string[],
  )
  .option('--key <verifier key>', 'whose seals are believed, as GET /v1/seals gives it')
  .action(async (bundle: string | undefined, options: { against: readonly string[]; key?: string }) => {
    process.exitCode = await (await import('./verify.js')).verify(process.env, bundle, options);
  });

program
  .command('access-log')
  .description(
    'show who was shown what is confidential, the latest first, from the server that HABEAS_URL names, by the key of an auditor in HABEAS_KEY (docs/auditing.md)',
  )
  .option('--key <id>', 'only what this key was shown')
  .option('--subject <id>', 'only answers that showed this subject')
  .option('--from <instant>', 'only then and later, such as 2026-11-23T00:00:00Z')
  .option('--to <instant>', 'only then and earlier')
  .option('--all', 'all entries, not only the latest 50', false)
  .option('--json', 'one entry a line, as GET /v1/audit/access has them', false)
  .action(async (options: AccessLogOptions) => (await import('./access-log.js')).accessLog(process.env, options));

program
  .command('replay')
  .description('write the whole views as they were known at a moment into a new file that any SQLite tool opens')
  .requiredOption('--known-at <moment>', 'an instant such as 2026-11-23T00:00:00Z, or a seq')
  .requiredOption('--out <file>', 'the file to make')
  .action(async (options: { knownAt: string; out: string }) => {
    process.exitCode = await (await import('./replay.js')).replay(process.env, options);
  });

program
  .command('diff')
  .description('what the record says at two moments, compared, by subject; from the views in HABEAS_DATA')
  .requiredOption('--from <moment>', 'an instant such as 2026-11-23T00:00:00Z, or a seq')
  .option('--to <moment>', 'the later one; what the views hold now, unless said')
  .option('--json', 'as JSON Lines, each as GET /v1/persons/{id}/diff answers', false)
  .action(async (options: { from: string; to?: string; json: boolean }) =>
    (await import('./diff.js')).diff(process.env, options),
  );

program
  .command('check')
  .description(
    'fold the log from its beginning and compare with the views in HABEAS_DATA, row by row; exit code 2 if they differ',
  )
  .action(async () => {
    process.exitCode = await (await import('./check.js')).check(process.env);
  });

program
  .command('rebuild')
  .description(
    'have the server that HABEAS_URL names fold its views again, by the admin key in HABEAS_KEY; it serves on meanwhile',
  )
  .action(async () => {
    process.exitCode = await (await import('./rebuild.js')).rebuild(process.env);
  });

program
  .command('follow')
  .description(
    'show status changes as they happen, from the server that HABEAS_URL names, by the key in HABEAS_KEY, until it is ended (docs/subscribing.md)',
  )
  .option(
    '--where <field=value>',
    'only changes with this value: person, group, axis, from, to, kind, organisation, country; may be repeated',
    (one: string, others: readonly string[]) => [...others, one],
    [] as readonly string[],
  )
  .option(
    '--after <place>',
    'the id of a change, or a seq: first those behind it, then new ones (new ones, unless said)',
  )
  .option('--json', 'one CloudEvent a line, as GET /v1/status-changes has them', false)
  .action(async (options: { where: readonly string[]; after?: string; json: boolean }) =>
    (await import('./follow.js')).follow(process.env, options),
  );

program
  .command('skip')
  .description(
    'have the server that HABEAS_URL names go on behind the event at which its views stopped, by the admin key in HABEAS_KEY (docs/watching.md)',
  )
  .argument('<event>', 'its id, as /health/ready names it')
  .action(async (event: string) => (await import('./skip.js')).skip(process.env, event));

program
  .command('bundle')
  .description(
    'fetch what proves what was recorded of a subject, as one file to be handed on, from the server that HABEAS_URL names, by the key in HABEAS_KEY (docs/auditing.md)',
  )
  .addArgument(new Argument('<kind>').choices(BUNDLED))
  .argument('<id>')
  .argument('<file>', 'to be made, such as bundle.zip')
  .option('--size <events>', 'of a seal: what the record held then (the last seal, unless said)')
  .addOption(
    new Option(
      '--ceiling <level>',
      'for whom it is to be: what is above that level is not in it (the ceiling of the key, unless said)',
    ).choices(VISIBILITIES),
  )
  .action(async (kind: (typeof BUNDLED)[number], id: string, file: string, options: BundleArguments) =>
    (await import('./bundle.js')).fetchBundle(process.env, kind, id, file, options),
  );

program
  .command('copy-log')
  .description(
    'copy the log to another place, event by event, while no server runs; run again, it goes on, or copies what came since (docs/moving.md)',
  )
  .option('--from <place>', 'a data folder or esdb://… (the log of HABEAS_LOG, unless said)')
  .option('--to <place>', 'a data folder or esdb://… (the log of HABEAS_LOG, unless said)')
  .option('--from-namespace <name>', 'its namespace in that EventStoreDB (HABEAS_LOG_NAMESPACE for that of HABEAS_LOG)')
  .option('--to-namespace <name>', 'its namespace in that EventStoreDB (HABEAS_LOG_NAMESPACE for that of HABEAS_LOG)')
  .action(async (options: CopyLogArguments) => {
    process.exitCode = await (await import('./copy-log.js')).copyLog(process.env, options);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else if (
    error instanceof RequestFailed ||
    error instanceof BackupError ||
    (error instanceof Error && ['StartError', 'ImportError', 'CopyLogError'].includes(error.name))
  ) {
    console.error(error.message);
    process.exitCode = 1;
  } else throw error;
}
