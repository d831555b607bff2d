/**
 * Views that are to replace those that are served are built by a process of its own, so that what is served is kept up to date
 * meanwhile: a thread would share the collection of garbage with those that answer, and the system could not put all of it last.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BuildFailedError, type ViewsOptions } from '#projections';
import type { KeySettings } from '../settings.js';
import { heapArguments, VIEWS_HEAP } from '../views-heap.js';
import type { FromBuilder, ToBuilder } from './builder.js';

const PROGRAM = fileURLToPath(new URL('./builder-process.js', import.meta.url));

/** What `runViews` takes as `build`. */
export function buildElsewhere(settings: KeySettings): NonNullable<ViewsOptions['build']> {
  return async ({ path, ceiling, lens, skip, onProgress, signal }) => {
    signal.throwIfAborted();
    const builder = fork(PROGRAM, [], {
      execArgv: heapArguments(VIEWS_HEAP),
      serialization: 'advanced',
      // What a program says in its last moments may quote the record.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let told: FromBuilder | undefined;
    builder.on('message', (message: FromBuilder) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else told = message;
    });
    // It could not be started, or not be told; either way it ends.
    builder.on('error', () => undefined);
    const end = (): void => {
      builder.kill('SIGKILL');
    };
    signal.addEventListener('abort', end);
    const ended = once(builder, 'close') as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
    // In a message, and not in its environment or arguments: others can read those, and there are secrets in it.
    const order: ToBuilder = { settings, path, ceiling, lens, skip };
    builder.send(order);
    const [, endedBy] = await ended;
    signal.removeEventListener('abort', end);
    signal.throwIfAborted();
    if (told?.kind === 'built') return;
    // V8 ends a process so that has come to the limit of its heap.
    const code = endedBy === 'SIGABRT' ? 'out-of-memory' : 'process-ended';
    throw new BuildFailedError(told?.kind === 'failed' ? told.code : code);
  };
}
