/** What a write answers, whichever door it came through: built from what is stored, so that a repeated request gets the same. */
import type { Accepted } from '#command-handling';
import { isVisibility, VISIBILITIES, type Visibility } from '#kernel';
import { problem } from './problem.js';

export interface RecordedAnswer {
  /** The subject. */
  readonly id: string;
  /** The event that was recorded: what corrections, disputes and `after` name. */
  readonly event: string;
  readonly type: string;
  readonly recordedAt: string;
  readonly recordedBy: string;
  /** As it was recorded. */
  readonly visibility: Visibility;
  /** Who may see it at present, where that is fewer: its subject, a source or something else that it names is for them alone. */
  readonly effective?: Visibility;
}

export function recordedAnswer({ subject, events, effective }: Accepted): RecordedAnswer {
  const [event] = events;
  if (event === undefined) throw new Error('A command was accepted without an event.');
  const { recordedAt, recordedBy, visibility } = event.metadata;
  return {
    id: subject,
    event: event.id,
    type: event.type,
    recordedAt,
    recordedBy,
    visibility,
    ...(effective !== visibility && { effective }),
  };
}

/**
 * @param name what it is called where it was sent
 * @throws ProblemError `invalid-header`
 */
export function readVisibility(value: unknown, name: string): Visibility | undefined {
  if (value === undefined) return undefined;
  if (isVisibility(value)) return value;
  throw problem('invalid-header', `${name} must be one of ${VISIBILITIES.join(', ')}.`);
}
