/** What the thread runs that builds views: its modules are read from what was compiled before. */
import { useCompileCache } from '../compile-cache.js';

useCompileCache();
const { buildOrdered } = await import('./thread.js');
await buildOrdered();
