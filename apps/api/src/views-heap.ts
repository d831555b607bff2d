/** What a thread that folds has for its heap. */
import type { ResourceLimits } from 'node:worker_threads';

export const VIEWS_HEAP: ResourceLimits = {
  // What an event leaves behind is mostly gone after the next commit: with room for it, a tenth less work is garbage.
  maxYoungGenerationSizeMb: 96,
  // Far more than is in use at any time. The nearer the limit, the less garbage V8 lets lie: without one it lets the heap grow
  // to several times of what is in use.
  maxOldGenerationSizeMb: 1_024,
};
