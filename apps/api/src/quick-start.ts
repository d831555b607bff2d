/**
 * Starts a server as a process does. Most of a start is loading modules, so this file loads next to none itself, and has
 * the two threads that need many load them side by side, from what was compiled at an earlier start.
 */
import { keepCompiled, useCompileCache } from './compile-cache.js';
import type { RunningHabeas } from './compose.js';
import type { Settings } from './settings.js';
import { ViewsThread } from './views.js';
import type { WatchSettings } from './watching/settings.js';

/** @throws StartError with one sentence for whoever started it; everything that was opened is let go of. */
export async function quickStart(settings: Settings, watch: WatchSettings): Promise<RunningHabeas> {
  const thread = new ViewsThread();
  useCompileCache();
  const { startHabeas } = await import('./compose.js');
  const habeas = await startHabeas(settings, watch, thread);
  setImmediate(keepCompiled);
  return habeas;
}
