/** What a thread or a process that folds has for its heap. */

/** As a thread takes them. */
interface HeapLimits {
  readonly maxYoungGenerationSizeMb: number;
  readonly maxOldGenerationSizeMb: number;
}

export const VIEWS_HEAP: HeapLimits = {
  // What an event leaves behind is mostly gone after the next commit: with room for it, a tenth less work is garbage.
  maxYoungGenerationSizeMb: 96,
  // Far more than is in use at any time. The nearer the limit, the less garbage V8 lets lie: without one it lets the heap grow
  // to several times of what is in use.
  maxOldGenerationSizeMb: 1_024,
};

/** The same for a process of its own, as arguments of Node. */
export function heapArguments({ maxYoungGenerationSizeMb, maxOldGenerationSizeMb }: HeapLimits): string[] {
  // V8 takes three halves for the young: two that are used in turns, and one for what is large.
  return [`--max-semi-space-size=${maxYoungGenerationSizeMb / 3}`, `--max-old-space-size=${maxOldGenerationSizeMb}`];
}
