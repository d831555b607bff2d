/**
 * Every code with which the domain refuses, as data: the documentation and the mapping to HTTP statuses read it here.
 * Codes are part of the public interface: added, never renamed.
 */

/** What a refusal is about: `payload` the request alone, `reference` something it names, `state` what is on record. */
export type RefusalKind = 'payload' | 'reference' | 'state';

export interface RefusalCodeInfo {
  readonly kind: RefusalKind;
  readonly meaning: string;
  readonly whatToDo: string;
}

const CODES = {
  'wrong-type': {
    kind: 'payload',
    meaning: 'A field holds another type of JSON value than it takes; null counts as a value.',
    whatToDo: 'Send the type that the schema names; leave an optional field out instead of sending null.',
  },
  'unknown-field': {
    kind: 'payload',
    meaning: 'A field is not part of this payload.',
    whatToDo: 'Compare the spelling with the schema, or leave the field out.',
  },
  'server-set-field': {
    kind: 'payload',
    meaning: 'A field is set by the server (readOnly in the schema).',
    whatToDo: 'Leave the field out.',
  },
  'missing-field': {
    kind: 'payload',
    meaning: 'A required field is missing.',
    whatToDo: 'Add the field.',
  },
  'exactly-one': {
    kind: 'payload',
    meaning: 'Of several fields exactly one must be given.',
    whatToDo: 'Give one of the fields that the schema lists under oneOf, and leave the others out.',
  },
  'invalid-value': {
    kind: 'payload',
    meaning: 'A value does not have the form that the field asks for.',
    whatToDo: 'Read the description of the field in the schema.',
  },
  'unknown-vocabulary-value': {
    kind: 'payload',
    meaning: 'A value is not one of the words of its vocabulary.',
    whatToDo: 'Use one of the values that the schema lists under enum.',
  },
  'invalid-edtf': {
    kind: 'payload',
    meaning: 'A date is not written in EDTF (ISO 8601-2), does not exist, or holds a time of day.',
    whatToDo: 'Write the date as imprecise as the source gives it: 2017-05, 2014, 2018-11-20, 2019-01~, 2017/2018.',
  },
  'invalid-duration': {
    kind: 'payload',
    meaning: 'A length of time is not an ISO 8601 duration of whole years, months, weeks and days.',
    whatToDo: 'Write P18M, P9Y, P1Y6M, P10D.',
  },
  'too-long': {
    kind: 'payload',
    meaning: 'A text has more characters (code points) than the field takes.',
    whatToDo: 'Shorten it, or split it.',
  },
  'too-few': {
    kind: 'payload',
    meaning: 'A list has fewer elements than the field asks for; a fact needs at least one citation.',
    whatToDo: 'Add what is missing.',
  },
  'too-many': {
    kind: 'payload',
    meaning: 'A list has more elements than the field takes.',
    whatToDo: 'Split it over several requests.',
  },
  'duplicate-value': {
    kind: 'payload',
    meaning: 'A list that names things names one of them twice.',
    whatToDo: 'Name each once.',
  },
  'payload-too-large': {
    kind: 'payload',
    meaning: 'The whole of the request is larger than one append to the log may be.',
    whatToDo: 'Enter a long source with the first part of its text, and add the rest under text-continuations.',
  },
  'occurred-in-future': {
    kind: 'payload',
    meaning: 'A fact would have happened after the day on which it is recorded.',
    whatToDo: 'Record plans and announcements as intentions; check the date.',
  },
  'person-not-found': {
    kind: 'reference',
    meaning: 'There is no person with this id.',
    whatToDo: 'Enter the person first.',
  },
  'group-not-found': {
    kind: 'reference',
    meaning: 'There is no group with this id.',
    whatToDo: 'Enter the group first.',
  },
  'case-not-found': { kind: 'reference', meaning: 'There is no case with this id.', whatToDo: 'Enter the case first.' },
  'statement-not-found': {
    kind: 'reference',
    meaning: 'There is no statement with this id.',
    whatToDo: 'Enter the statement first.',
  },
  'source-not-found': {
    kind: 'reference',
    meaning: 'There is no source with this id.',
    whatToDo: 'Enter the source first.',
  },
  'quote-not-in-source': {
    kind: 'reference',
    meaning: "The quoted words, with what is said to stand around them, are not in the source's text.",
    whatToDo: 'Quote the words exactly as they stand in the text that the source holds.',
  },
  'fact-not-found': {
    kind: 'reference',
    meaning: 'There is no such fact, or entry that can be corrected, on this subject.',
    whatToDo: 'Use the id of an event of this very subject.',
  },
  'refers-to-itself': {
    kind: 'reference',
    meaning: 'An event names itself, or a subject itself, where another is asked for.',
    whatToDo: 'Name the other.',
  },
  'not-correctable': {
    kind: 'state',
    meaning: 'This kind of event cannot be corrected or withdrawn in this way.',
    whatToDo:
      'Withdraw a judgement, dispute or verification and record it anew; an entry can be corrected, not withdrawn.',
  },
  'fact-already-withdrawn': {
    kind: 'state',
    meaning: 'The fact, or the act, was withdrawn or moved before.',
    whatToDo: 'Withdraw the withdrawal, if it was wrong, or record the fact anew.',
  },
  'dispute-not-open': {
    kind: 'state',
    meaning: 'The fact has no open dispute to settle.',
    whatToDo: 'Look at the present disputes of the fact.',
  },
  'not-judged': {
    kind: 'state',
    meaning: 'There is no standing judgement that this would revoke.',
    whatToDo: 'Look at the present judgements.',
  },
  'verified-by-recorder': {
    kind: 'state',
    meaning: 'A fact is verified by somebody other than the one who recorded or corrected it.',
    whatToDo: 'Ask somebody else to verify it.',
  },
  'already-exists': {
    kind: 'state',
    meaning: 'The subject was entered before.',
    whatToDo: 'Use the subject that is there.',
  },
} as const satisfies Record<string, RefusalCodeInfo>;

export type RefusalCode = keyof typeof CODES;

export const REFUSAL_CODES: Readonly<Record<RefusalCode, RefusalCodeInfo>> = CODES;
