/**
 * What the views answer: the documents of persons, groups, cases, statements and sources, their lists, and the health
 * of the projection. These shapes are part of the public interface (REST serves them as they are), so fields are only
 * ever added.
 *
 * Days are ISO days (`2018-11-20`); `occurred` and `since` are EDTF as the source gives them; instants are UTC with
 * milliseconds and Z. What is not known is left out, never null. Personal fields are left out where they were erased.
 */
export * from './shapes/common.js';
export * from './shapes/facts.js';
export * from './shapes/parts.js';
export * from './shapes/documents.js';
export * from './shapes/pages.js';
export * from './shapes/changes.js';
export * from './shapes/differences.js';
export * from './shapes/health.js';
