/**
 * How far a webhook's deliveries have come, as a value of the operational state, and how it moves on: pure functions.
 *
 * Everything up to the position was looked at; what of it was not delivered is pending, and tried again; what was tried in vain for
 * days is a dead letter. Nothing leaves these three without having been delivered, but dead letters beyond a bound, which are counted.
 */
import type { ChangePlace } from '../ports.js';
import { isDelivered, isGone, type Delivered, type Outcome } from './courier.js';
import type { Steering } from './webhook.js';

/** A change that was tried, and not delivered. */
export interface Pending {
  /** Its id. */
  readonly change: string;
  readonly place: ChangePlace;
  /** When it was first tried, and when it is to be tried again: milliseconds since 1970. */
  readonly since: number;
  readonly next: number;
  readonly tries: number;
  readonly outcome: Outcome;
}

export interface DeadLetter extends Omit<Pending, 'next'> {
  /** When it was given up. */
  readonly at: number;
}

export interface Progress {
  readonly position: ChangePlace;
  /** In the order of the log. */
  readonly pending: readonly Pending[];
  /** The revision of the last event of the webhook's stream that was heeded. */
  readonly heeded: number;
  /** Since when nothing was delivered that was tried. */
  readonly failingSince?: number;
  readonly last?: { readonly at: number; readonly outcome: Outcome };
  /** Nothing is sent before. */
  readonly notBefore?: number;
  /** When the receiver said that it wants nothing more. */
  readonly goneSince?: number;
  /** How many dead letters are kept, and how many more there were. */
  readonly letters: number;
  readonly dropped: number;
}

/** Of a webhook that nothing was delivered by yet. */
export function beginningAt(after: number): Progress {
  return { position: { seq: after, n: Infinity }, pending: [], heeded: 0, letters: 0, dropped: 0 };
}

/** As long as so many are pending, the receiver is taken for down: the position stands still, and only the oldest is tried. */
export const MOST_PENDING = 100;
/** Milliseconds for which a change is tried. */
const GIVE_UP_MS = 3 * 24 * 3_600_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 4 * 3_600_000;
/** How long a receiver may ask to be left alone, at most. */
const LONGEST_REQUEST_MS = 24 * 3_600_000;

export function isDown({ pending }: Progress): boolean {
  return pending.length >= MOST_PENDING;
}

/** The pending change that is to be tried next: of a receiver that is down the oldest one. */
export function nextDue(progress: Progress): Pending | undefined {
  const [oldest] = progress.pending;
  if (oldest === undefined || isDown(progress)) return oldest;
  return progress.pending.reduce((first, one) => (one.next < first.next ? one : first));
}

export interface Tried {
  readonly change: string;
  readonly place: ChangePlace;
  readonly delivered: Delivered;
  /** When the answer came. */
  readonly at: number;
  /** Between 0 and 1, drawn. */
  readonly chance: number;
}

/** The progress after a change was tried, a new one or a pending one; and the letter that this makes of it, where it was tried for long enough. */
export function afterTry(
  progress: Progress,
  { change, place, delivered, at, chance }: Tried,
): { readonly progress: Progress; readonly dead?: DeadLetter } {
  const { outcome, retryAfter } = delivered;
  const others = progress.pending.filter((one) => one.change !== change);
  const before = progress.pending.find((one) => one.change === change);
  const { failingSince, notBefore: _, ...rest } = progress;
  const told = { ...rest, last: { at, outcome } };
  if (isDelivered(outcome)) {
    // A receiver that is there again is told at once of what it missed.
    const wasDown = isDown(progress);
    return { progress: { ...told, pending: wasDown ? others.map((one) => ({ ...one, next: at })) : others } };
  }
  const tries = (before?.tries ?? 0) + 1;
  const since = before?.since ?? at;
  const asked = Math.min(retryAfter ?? 0, LONGEST_REQUEST_MS);
  const failing: Progress = {
    ...told,
    failingSince: failingSince ?? at,
    ...(asked > 0 && { notBefore: at + asked }),
    ...(isGone(outcome) && { goneSince: at }),
    pending: others,
  };
  if (at - since >= GIVE_UP_MS) return { progress: failing, dead: { change, place, since, at, tries, outcome } };
  const next = at + Math.max(asked, pauseAfter(tries, chance));
  return { progress: { ...failing, pending: inOrder([...others, { change, place, since, next, tries, outcome }]) } };
}

/** Milliseconds until the next try: doubled from try to try, each drawn between half and the whole. */
function pauseAfter(tries: number, chance: number): number {
  const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 30));
  return (ceiling * (1 + chance)) / 2;
}

/** A time to wait for that a clock which was set back does not put off. */
export function noLaterThanPlanned(next: number, now: number): number {
  return Math.min(next, now + LONGEST_REQUEST_MS);
}

/**
 * The progress after what was asked of it, and the dead letters that stay. What is sent again by a position put back is not
 * pending any more; a receiver that wanted nothing more is tried again.
 */
export function afterSteering(
  progress: Progress,
  letters: readonly DeadLetter[],
  steering: Steering,
  now: number,
): { readonly progress: Progress; readonly letters: readonly DeadLetter[] } {
  const { goneSince: _, notBefore: __, ...rest } = progress;
  const heeded = { ...rest, heeded: steering.revision };
  if (steering.kind === 'rewound') {
    const { after } = steering;
    const pending = progress.pending.filter(({ place }) => place.seq <= after);
    return { progress: { ...heeded, position: { seq: after, n: Infinity }, pending }, letters };
  }
  const isMeant = ({ change }: DeadLetter): boolean => steering.changes?.includes(change) ?? true;
  const known = new Set(progress.pending.map(({ change }) => change));
  const released = letters.filter((letter) => isMeant(letter) && !known.has(letter.change));
  // Tried for days again.
  const again = released.map(({ at: _at, ...letter }) => ({ ...letter, since: now, next: now, tries: 0 }));
  return {
    progress: { ...heeded, pending: inOrder([...progress.pending, ...again]) },
    letters: letters.filter((letter) => !isMeant(letter)),
  };
}

export function inOrder(pending: readonly Pending[]): readonly Pending[] {
  return pending.toSorted(({ place: a }, { place: b }) => a.seq - b.seq || a.n - b.n);
}
