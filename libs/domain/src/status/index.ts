export { computeStatus } from './compute.js';
export { answerOver, blankSegment } from './segments.js';
export { summaryLine, summaryPhrases } from './summary.js';
export * from './types.js';
export * from './vocabulary.js';
