/** Where a webhook's progress lies: one value of the operational state, written often, and its dead letters in another, written rarely. */
import type { OperationalState } from '#event-store';
import type { ChangePlace } from '../ports.js';
import { type Fence, FencedValue } from './fenced-value.js';
import { beginningAt, type DeadLetter, type Pending, type Progress } from './progress.js';

/** Letters of one webhook that are kept; beyond it the oldest go, and are counted. A replay still has them sent. */
export const MOST_LETTERS = 1_000;

export interface Letters {
  /** The oldest first. */
  readonly kept: readonly DeadLetter[];
  readonly dropped: number;
}

export interface StoredProgress {
  readonly progress: Progress;
  readonly letters: Letters;
}

export const NO_LETTERS: Letters = { kept: [], dropped: 0 };

/** Infinity has no JSON. */
type PlaceJson = readonly [seq: number, n: number | null];
type PlacedJson<T> = Omit<T, 'place'> & { readonly place: PlaceJson };

interface ProgressJson extends Omit<Progress, 'position' | 'pending'> {
  /** The fold that the places are of; a number, as an older program wrote it. */
  readonly fold: string | number;
  readonly position: PlaceJson;
  readonly pending: readonly PlacedJson<Pending>[];
  /** It was deleted. */
  readonly ended?: true;
}

interface LettersJson extends Omit<Letters, 'kept'> {
  readonly kept: readonly PlacedJson<DeadLetter>[];
}

export class ProgressStore {
  readonly #progress: FencedValue<ProgressJson>;
  readonly #letters: FencedValue<LettersJson>;
  readonly #fold: string;

  /**
   * @param fold by which changes are told at present
   * @returns what is there; undefined: nothing was delivered yet
   * @throws as FencedValue.open does
   */
  static async open(
    fence: Fence,
    id: string,
    fold: string,
  ): Promise<{ readonly store: ProgressStore; readonly found: StoredProgress | 'ended' | undefined }> {
    const progress = await FencedValue.open<ProgressJson>(fence, nameOf(id));
    const letters = await FencedValue.open<LettersJson>(fence, lettersOf(id));
    return {
      store: new ProgressStore(progress.value, letters.value, fold),
      found: asFound(progress.found, letters.found, fold),
    };
  }

  private constructor(progress: FencedValue<ProgressJson>, letters: FencedValue<LettersJson>, fold: string) {
    this.#fold = fold;
    this.#progress = progress;
    this.#letters = letters;
  }

  save({ position, pending, ...rest }: Progress): Promise<void> {
    return this.#progress.write({
      fold: this.#fold,
      position: placeJson(position),
      pending: pending.map(placedJson),
      ...rest,
    });
  }

  saveLetters({ kept, dropped }: Letters): Promise<void> {
    return this.#letters.write({ kept: kept.map(placedJson), dropped });
  }

  /** Of a webhook that was deleted: nothing of it is kept. */
  async end(): Promise<void> {
    await this.#letters.write({ ...NO_LETTERS, kept: [] });
    const { position, ...nothing } = beginningAt(0);
    await this.#progress.write({
      ...nothing,
      fold: this.#fold,
      position: placeJson(position),
      pending: [],
      ended: true,
    });
  }
}

/** The same for who only looks, on whatever node. @throws EventStoreError */
export async function readProgress(state: OperationalState, id: string, fold: string): Promise<Progress | undefined> {
  const there = await state.read(nameOf(id));
  const progress = there && (JSON.parse(there.value) as ProgressJson);
  return progress === undefined || progress.ended === true ? undefined : progressOf(progress, fold);
}

/** The oldest first. @throws EventStoreError */
export async function readLetters(state: OperationalState, id: string): Promise<readonly DeadLetter[]> {
  const there = await state.read(lettersOf(id));
  return there === undefined ? [] : lettersIn(JSON.parse(there.value) as LettersJson).kept;
}

function asFound(
  progress: ProgressJson | undefined,
  letters: LettersJson | undefined,
  present: string,
): StoredProgress | 'ended' | undefined {
  if (progress === undefined) return undefined;
  if (progress.ended === true) return 'ended';
  return { progress: progressOf(progress, present), letters: letters === undefined ? NO_LETTERS : lettersIn(letters) };
}

function progressOf({ fold, position, pending, ...rest }: ProgressJson, present: string): Progress {
  return { ...rest, position: positionOf(position, String(fold) === present), pending: pending.map(placed) };
}

function lettersIn({ kept, dropped }: LettersJson): Letters {
  return { kept: kept.map(placed), dropped };
}

/** Of another fold it is not known how many changes an event has: none of them is to be missed. */
function positionOf([seq, n]: PlaceJson, isOfPresent: boolean): ChangePlace {
  if (n === null) return { seq, n: Infinity };
  return isOfPresent || seq === 0 ? { seq, n } : { seq: seq - 1, n: Infinity };
}

function placeJson({ seq, n }: ChangePlace): PlaceJson {
  return [seq, Number.isFinite(n) ? n : null];
}

function placedJson<T extends { readonly place: ChangePlace }>({ place, ...rest }: T): PlacedJson<T> {
  return { ...rest, place: placeJson(place) };
}

function placed<T extends object>({
  place: [seq, n],
  ...rest
}: PlacedJson<T>): Omit<T, 'place'> & { place: ChangePlace } {
  return { ...(rest as Omit<T, 'place'>), place: { seq, n: n ?? Infinity } };
}

function nameOf(id: string): string {
  return `webhook-${id}`;
}

function lettersOf(id: string): string {
  return `webhook-${id}-letters`;
}
