/** Enters a case through the public interface: one request after another, each with a fixed idempotency key. */
import type { Client } from '../client.js';
import { resolveNames, type CaseCommand } from './first-case.js';

interface Recorded {
  readonly id: string;
  readonly event: string;
}

export interface Entered {
  /** What each command's name stands for. */
  readonly ids: ReadonlyMap<string, string>;
  /** The position of what was written last: views apply the log in its order, so what holds it holds everything. */
  readonly last: string;
}

/**
 * Sends the commands in their order. The idempotency keys are made of the commands' names, so that sending them again
 * records nothing twice and gives the same ids.
 *
 * @throws RequestFailed at the first command that is refused.
 */
export async function enterCase(
  client: Client,
  commands: readonly CaseCommand[],
  progress: (done: number, command: CaseCommand) => void = () => undefined,
): Promise<Entered> {
  const ids = new Map<string, string>();
  let last = '';
  for (const [index, command] of commands.entries()) {
    const { path, body } = resolveNames(command, ids);
    const answer = await client.request<Recorded>(path, {
      method: 'POST',
      body,
      headers: { 'idempotency-key': `first-case-${command.name}` },
    });
    const entry = /^\/v1\/[a-z]+$/.test(path);
    ids.set(command.name, entry ? answer.body.id : answer.body.event);
    last = answer.headers.get('habeas-position') ?? last;
    progress(index + 1, command);
  }
  return { ids, last };
}
