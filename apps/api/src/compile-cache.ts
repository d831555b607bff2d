/** What V8 made of our modules and of those we use, kept between starts: compiling them anew is a fifth of a start. */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../../node_modules/.cache/habeas', import.meta.url));

/**
 * For the calling thread, and for modules that it loads from now on. NODE_COMPILE_CACHE names another folder. Where the
 * folder cannot be written, everything is compiled as ever.
 */
export function useCompileCache(): void {
  enableCompileCache(FOLDER);
}

/** Writes down what is new by now: a process that is killed would otherwise leave nothing to the next one. */
export function keepCompiled(): void {
  flushCompileCache();
}
