/** What our programs end with, besides what the system gives to one that a signal ended. */

export const DONE = 0;
/** Nothing was done, or not all of it: a sentence says why. */
export const FAILED = 1;
/** What was compared or checked is not as it should be. */
export const DIFFERENT = 2;
/** A fault of ours. */
export const FAULT = 70;
/** Somebody ended it. */
export const INTERRUPTED = 130;
