/**
 * `npm run demo`: a server with a data folder of its own, the first case entered through its public interface, and what
 * the record then says. Run again, it finds everything recorded and shows the same.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { GroupView, PersonView } from '#projections';
import { quickStart } from '../../../api/src/quick-start.js';
import { keepFilesPrivate, untilSignal } from '../../../api/src/serve.js';
import { readSettings } from '../../../api/src/settings.js';
import { readWatchSettings } from '../../../api/src/watching/settings.js';
import { StartError } from '../../../api/src/start-error.js';
import { Client } from '../client.js';
import { barText } from '../progress.js';
import { enterCase } from './enter.js';
import { firstCase, type CaseCommand } from './first-case.js';
import { showLiveChange } from './live.js';
import { printSubject } from './print.js';

export interface DemoOptions {
  /** End when everything has been shown. */
  readonly exit: boolean;
  readonly data: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The demo's own admin key, kept beside its record so that a second run can show it again. */
function keptKey(folder: string): string {
  const file = join(folder, 'demo-key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new StartError(`The demo's key cannot be read from ${file}.`);
  }
  const key = `demo-${randomBytes(24).toString('base64url')}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new StartError(`The demo cannot write into ${folder}.`, { cause });
  }
  return key;
}

/** A line that is written over itself on a terminal, and one line for each command elsewhere. */
function progress(total: number): (done: number, command: CaseCommand) => void {
  const terminal = process.stdout.isTTY;
  const width = String(total).length;
  return (done, command) => {
    if (!terminal) {
      console.log(`  [${String(done).padStart(width)}/${total}] ${command.tells}`);
      return;
    }
    const line = `  ${barText(done / total)} ${String(done).padStart(width)}/${total} ${command.tells}`;
    process.stdout.write(`\r\u001b[2K${line.slice(0, process.stdout.columns - 1)}`);
    if (done === total) process.stdout.write('\n');
  };
}

const SUBJECTS = ['knlf', 'vy', 'serey', 'siphan', 'sopheak'] as const;

export async function demo(options: DemoOptions): Promise<void> {
  const data = resolve(options.data);
  keepFilesPrivate();
  const given = readSettings({ ...options.environment, HABEAS_DATA: data });
  const adminKey = given.adminKey ?? keptKey(data);
  const settings = { ...given, adminKey };
  const ended = untilSignal();
  // What is asked of it is shown in a better way below.
  const watch = readWatchSettings({ HABEAS_LOG_LEVEL: 'warn', ...options.environment });
  const habeas = await quickStart(settings, watch);
  try {
    console.log('Habeas demo: the first case, entered through the public REST interface.');
    console.log(
      'The people in it are real; its facts were reported by the press and are not verified by anyone here.\n',
    );
    const client = new Client(habeas.url, adminKey);
    const entered = await enterCase(client, firstCase, progress(firstCase.length));
    const columns = process.stdout.isTTY ? process.stdout.columns : 118;
    const wait = new URLSearchParams({ minPosition: entered.last });
    const shown: (readonly [path: string, subject: PersonView | GroupView])[] = [];
    for (const name of SUBJECTS) {
      const path = `/v1/${name === 'knlf' ? 'groups' : 'persons'}/${entered.ids.get(name) ?? ''}`;
      shown.push([path, (await client.request<PersonView | GroupView>(`${path}?${wait.toString()}`)).body]);
    }
    const facts = shown.flatMap(([, subject]) => subject.timeline);
    for (const [path, subject] of shown) {
      console.log(`\n${printSubject(subject, facts, columns)}\n${habeas.url}${path}`);
    }
    await showLiveChange(client, entered.ids.get('knlf') ?? '');
    console.log(`\nREST       ${habeas.url}/v1/persons`);
    console.log(`Browse it  ${habeas.url}/docs`);
    console.log(`Key        ${adminKey}`);
    console.log(`Data       ${data} (delete it to begin anew)`);
    console.log(
      `\n  curl -H "Authorization: Bearer ${adminKey}" '${habeas.url}/v1/persons/${entered.ids.get('vy') ?? ''}?validAt=2018-01-01'`,
    );
  } catch (error) {
    await habeas.close();
    throw error;
  }
  if (options.exit) await habeas.close();
  else {
    console.log('\nServing until Ctrl-C.');
    await ended;
    await habeas.close();
  }
}
