/** `habeas follow`: status changes as they happen, until it is ended. */
import type { StatusChangeEvent } from '#feed';
import { untilSignal } from '../../api/src/serve.js';
import { changeLines } from './change-text.js';
import { followChanges } from './change-stream.js';
import { clientOf, type Environment } from './client-of.js';

export interface FollowOptions {
  /** As `GET /v1/status-changes` takes them: `person=<id>`, `axis=liberty`. */
  readonly where: readonly string[];
  /** The id of a change, or a seq: changes behind it come first. */
  readonly after?: string;
  /** One CloudEvent a line. */
  readonly json: boolean;
}

/** @throws RequestFailed where the server does not let it in */
export async function follow(environment: Environment, { where, after, json }: FollowOptions): Promise<void> {
  const { url, key } = clientOf(environment);
  const query = new URLSearchParams(where.map((one) => [one.split('=', 1)[0] ?? '', one.slice(one.indexOf('=') + 1)]));
  if (after !== undefined) query.set('after', after);
  const ended = untilSignal();
  const show = (change: StatusChangeEvent): void => {
    console.log(json ? JSON.stringify(change) : changeLines(change).join('\n'));
  };
  const stream = followChanges({
    url,
    key,
    query,
    onChange: show,
    onRestated: (changes) => {
      console.error(`Statuses are worked out in another way since; ${changes} tells all changes anew.`);
    },
  });
  try {
    await stream.opened;
    if (process.stderr.isTTY) console.error('Waiting for changes. Ctrl-C ends it.');
    await Promise.race([ended, stream.failed]);
  } finally {
    stream.close();
  }
}
