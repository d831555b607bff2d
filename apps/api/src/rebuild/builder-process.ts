/** What the process runs that builds views: its modules are read from what was compiled before. */
import { useCompileCache } from '../compile-cache.js';

useCompileCache();
const { awaitOrder } = await import('./builder.js');
awaitOrder();
