/**
 * Takes subjects out of a view file, to be folded again: their events lie apart, as if nobody might see them, and nothing that
 * followed from them is left. What search holds of them is left to whoever fills it.
 */
import type { AxisRef } from '#domain';
import { type RefColumns, refOf } from './segment-columns.js';
import type { EventColumns, ViewFile } from './view-file.js';

/** @returns of each subject, the axes of which it was told before that they are answered otherwise to those who may see more or less now */
export function withdraw(file: ViewFile, sids: Iterable<number>): ReadonlyMap<number, readonly AxisRef[]> {
  const { db } = file;
  file.begin();
  const restated = db.prepare("SELECT DISTINCT axis, case_id, key FROM changes WHERE sid = ? AND kind = 'visibility'");
  const hide = db.prepare('INSERT INTO hidden_events SELECT * FROM events WHERE sid = ? AND data IS NOT NULL');
  const deletions = [
    'DELETE FROM events WHERE sid = ? AND data IS NOT NULL',
    ...['subjects', 'segments', 'traits', 'changes', 'documents', 'stale'].map(
      (table) => `DELETE FROM ${table} WHERE sid = ?`,
    ),
  ].map((sql) => db.prepare(sql));
  const found = new Map<number, readonly AxisRef[]>();
  for (const sid of sids) {
    const refs = (restated.all(sid) as unknown as RefColumns[]).map(refOf);
    if (refs.length > 0) found.set(sid, refs);
    hide.run(sid);
    for (const deletion of deletions) deletion.run(sid);
    file.withdrawStream(nameOf(file, sid));
  }
  return found;
}

/** The events of these subjects that readers of the file may see, in the order of the log: none of them is there any more. */
export function* withdrawn(
  file: ViewFile,
  sids: ReadonlySet<number>,
): Generator<{ readonly event: EventColumns; readonly stream: string }, void, undefined> {
  const { db } = file;
  const ofOne = db.prepare('SELECT seq, visibility FROM hidden_events WHERE sid = ? AND data IS NOT NULL');
  const whole = db.prepare('SELECT * FROM hidden_events WHERE seq = ?');
  const remove = db.prepare('DELETE FROM hidden_events WHERE seq = ?');
  const rows = [...sids].flatMap((sid) => ofOne.all(sid) as unknown as Pick<EventColumns, 'seq' | 'visibility'>[]);
  const seqs = rows.filter(({ visibility }) => file.shows(visibility)).map(({ seq }) => seq);
  for (const seq of seqs.sort((a, b) => a - b)) {
    const event = whole.get(seq) as unknown as EventColumns;
    remove.run(seq);
    yield { event, stream: nameOf(file, event.sid) };
  }
}

function nameOf({ db }: ViewFile, sid: number): string {
  return String(db.prepare('SELECT name FROM streams WHERE sid = ?').get(sid)?.name);
}
