/**
 * A valid example of every event, as the body of a request, by its type: for the specifications, the documentation and
 * the files that hold the stored forms of every version. The people, groups and places in them are invented.
 */
import { groupExamples } from './group.js';
import { personExamples } from './person.js';
import { recordExamples } from './record.js';

export { EXAMPLE_IDS, EXAMPLE_TEXT } from './ids.js';

/** Facts that acts name have the id `EXAMPLE_IDS.factA`, and are arrests. */
export const examples: Readonly<Record<string, object>> = { ...personExamples, ...groupExamples, ...recordExamples };
