/**
 * A replay as a process of its own, to be killed in the middle. Tells how far it has come, and how it ended.
 *
 * usage: fork replaying.js <folder of the record> <out> <seq>
 */
import { openSqliteKeyStore } from '#access';
import { openSqliteLog } from '#event-store-sqlite';
import { realRandomness } from '../../../../test/support/real.js';
import { replayViews } from '../replay.js';

/** The seq up to which everything is committed: first that from which it went on. */
export type Told = number | 'done';

function tell(told: Told, then?: () => void): void {
  process.send?.(told, undefined, undefined, then);
}

const [, , folder = '', out = '', seq = ''] = process.argv;

const eventStore = await openSqliteLog({ folder, mode: 'read' });
const keyStore = await openSqliteKeyStore({ folder, mode: 'read', randomness: realRandomness });
const order = { eventStore, keyStore, out, knownAt: { seq: Number(seq) } };
const replayed = await replayViews({
  ...order,
  // Many commits, so that one is under way when it is killed.
  eventsPerCommit: 1,
  onProgress: (progress) => {
    tell(progress.seq);
  },
});
await eventStore.close();
await keyStore.close();
if (!replayed.ok) throw new Error(replayed.error.code);
tell('done', () => {
  process.disconnect?.();
});
