/**
 * A writer that misbehaves, for writer-thread.spec.ts: takes the folder, says that it is ready, and then never answers. An
 * event of the type `Deadly` ends it.
 */
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { takeOwnership } from '../owner.js';
import type { FromWriter, ToWriter, WriterStart } from '../protocol.js';

takeOwnership(dirname((workerData as WriterStart).file));
parentPort!.on('message', (message: ToWriter) => {
  const events = message.kind === 'append' ? message.requests.flatMap(([, , , events]) => events) : [];
  if (events.some(([, type]) => type === 'Deadly')) throw new Error('the writer dies');
});
parentPort!.postMessage({ kind: 'ready' } satisfies FromWriter);
