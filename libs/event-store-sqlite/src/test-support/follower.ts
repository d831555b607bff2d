/** A thread of its own that follows a log, for ownership.spec.ts. Posts the kind of each message it is handed. */
import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteLog } from '../open.js';

const store = await openSqliteLog({ folder: workerData as string, mode: 'read' });
parentPort!.once('message', () => void store.close());
for await (const { kind } of store.subscribeToAll()) parentPort!.postMessage(kind);
