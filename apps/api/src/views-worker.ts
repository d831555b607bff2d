/**
 * What the thread of the views runs. It loads its modules while the main thread loads its own, long before there is a log
 * to read, and then waits to be told where that is.
 */
import { useCompileCache } from './compile-cache.js';

useCompileCache();
const { awaitBeginning } = await import('./views-thread.js');
awaitBeginning();
