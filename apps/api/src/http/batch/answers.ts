/**
 * The answers to a batch, in the order of its lines, while the lines still arrive. Memory is bounded on both sides: no more
 * than so many lines are under way, and no line is read while more than so much waits to be fetched.
 */
import type { Line } from './lines.js';

export interface AnswerOptions {
  /** Lines under way at once. */
  readonly width: number;
  /** What may wait to be fetched, in characters. Clients that send everything before they read anything rely on it. */
  readonly maxWaiting: number;
}

/** About what one write to the network takes. */
const MOST_AT_ONCE = 64 * 1024;

interface Slot {
  answer: string | undefined;
}

/**
 * @param answer never rejects
 * @throws whatever reading the lines throws, behind the answers to the lines before
 */
export async function* answersTo(
  lines: AsyncIterable<Line>,
  answer: (line: Line) => Promise<string>,
  { width, maxWaiting }: AnswerOptions,
): AsyncGenerator<string, void, undefined> {
  const slots: Slot[] = [];
  const [answered, fetched] = [new Signal(), new Signal()];
  let underWay = 0;
  let waiting = 0;
  let gone = false;

  const isGone = (): boolean => gone;
  const isFull = (): boolean => !gone && (underWay >= width || waiting >= maxWaiting);

  const read = async (): Promise<void> => {
    for await (const line of lines) {
      if (isGone()) return;
      const slot: Slot = { answer: undefined };
      slots.push(slot);
      underWay++;
      void answer(line).then((text) => {
        slot.answer = text;
        underWay--;
        waiting += text.length;
        answered.give();
        fetched.give();
      });
      while (isFull()) await fetched.next();
    }
  };
  let ended: { readonly error?: unknown } | undefined;
  const reading = read()
    .then(
      () => (ended = {}),
      (error: unknown) => (ended = { error }),
    )
    .finally(() => {
      answered.give();
    });
  try {
    for (;;) {
      const ready = takeReady(slots);
      if (ready !== '') {
        yield ready;
        waiting -= ready.length;
        fetched.give();
      } else if (slots.length > 0 || ended === undefined) await answered.next();
      else if ('error' in ended) throw ended.error;
      else return;
    }
  } finally {
    gone = true;
    fetched.give();
    // What is under way is recorded all the same; nobody hears of it until it is sent again.
    void reading;
  }
}

/** Answers whose turn has come, as lines. */
function takeReady(slots: Slot[]): string {
  let text = '';
  let count = 0;
  for (const { answer } of slots) {
    if (answer === undefined || text.length > MOST_AT_ONCE) break;
    text += `${answer}\n`;
    count++;
  }
  slots.splice(0, count);
  return text;
}

/** Wakes the one who waits. A sign that nobody waits for is not kept: whoever waits has looked just before. */
class Signal {
  #wake: (() => void) | undefined;

  next(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  give(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
