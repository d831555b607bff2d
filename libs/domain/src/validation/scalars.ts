/**
 * The kinds of single values that payloads are made of. Each is a list of rules, and each rule is at once a test, the
 * code of the refusal and its piece of JSON Schema. Tests, like schema keywords, pass whatever is of another type than
 * the one they speak of: the first rule of every kind says the type.
 */
import { codePointsBetween } from './code-points.js';
import { FORMATS } from './formats.js';
import type { JsonSchema } from './json-schema.js';
import type { RefusalCode } from './refusal-codes.js';

export interface Rule {
  readonly code: RefusalCode;
  /** For people; never holds the value. */
  readonly detail: string;
  readonly schema: JsonSchema;
  readonly test: (value: unknown) => boolean;
}

export interface Scalar {
  readonly rules: readonly Rule[];
}

function onText(test: (text: string) => boolean): (value: unknown) => boolean {
  return (value) => typeof value !== 'string' || test(value);
}

const IS_TEXT: Rule = {
  code: 'wrong-type',
  detail: 'This field takes a string.',
  schema: { type: 'string' },
  test: (value) => typeof value === 'string',
};

function atMost(max: number): Rule {
  return {
    code: 'too-long',
    detail: `This field takes at most ${max} characters.`,
    schema: { maxLength: max },
    // A text of more than twice as many units cannot have few enough code points: no need to count.
    test: onText(
      (text) => text.length <= max || (text.length <= 2 * max && codePointsBetween(text, 0, text.length) <= max),
    ),
  };
}

function pattern(source: string, detail: string): Rule {
  const expression = new RegExp(source, 'u');
  return { code: 'invalid-value', detail, schema: { pattern: source }, test: onText((text) => expression.test(text)) };
}

function format(name: string, code: RefusalCode, detail: string): Rule {
  const test = FORMATS[name];
  if (test === undefined) throw new Error(`There is no format ${name}.`);
  return { code, detail, schema: { format: name }, test: onText(test) };
}

// Not blank; no control characters and no lone surrogates. A line has no line breaks, a text has. One class of
// characters each, so that matching needs no stack, however long the text is.
const LINE = String.raw`^(?=\s*\S)[^\p{Cc}\p{Cs}\u2028\u2029]*$`;
const TEXT_CHARACTER = String.raw`[^\p{Cs}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]`;
const TEXT = String.raw`^(?=\s*\S)${TEXT_CHARACTER}*$`;

/** A text of one line: a name, a title, a court. */
export function line(max: number): Scalar {
  return {
    rules: [
      IS_TEXT,
      atMost(max),
      pattern(LINE, 'This field takes one line of text that is not blank, without control characters.'),
    ],
  };
}

/** A text of any number of lines. Ends of lines are stored as LF. */
export function text(max: number): Scalar {
  return {
    rules: [
      IS_TEXT,
      atMost(max),
      pattern(TEXT, 'This field takes text that is not blank, without control characters but line breaks and tabs.'),
    ],
  };
}

/** Words cut out of a text: may begin or end with white space, and may be blank. */
export function excerpt(max: number): Scalar {
  return {
    rules: [
      IS_TEXT,
      atMost(max),
      pattern(
        `^${TEXT_CHARACTER}+$`,
        'This field takes text that is not empty, without control characters but line breaks and tabs.',
      ),
    ],
  };
}

/** An id of this record: a UUID in lower case. */
export function uuid(): Scalar {
  return {
    rules: [
      IS_TEXT,
      pattern(
        '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
        'This field takes a UUID in lower case, as the record gives it.',
      ),
    ],
  };
}

/** SHA-256 in hexadecimal digits, lower case. */
export function sha256(): Scalar {
  return {
    rules: [IS_TEXT, pattern('^[0-9a-f]{64}$', 'This field takes a SHA-256 as 64 hexadecimal digits in lower case.')],
  };
}

/** One of a fixed list of words. */
export function oneOf(vocabulary: readonly string[]): Scalar {
  const words = new Set(vocabulary);
  return {
    rules: [
      IS_TEXT,
      {
        code: 'unknown-vocabulary-value',
        detail: `This field takes one of: ${vocabulary.join(', ')}.`,
        schema: { enum: vocabulary },
        test: onText((word) => words.has(word)),
      },
    ],
  };
}

/** When, as imprecisely as it is known (EDTF, ISO 8601-2, level 2; no times of day). */
export function edtf(): Scalar {
  return {
    rules: [
      IS_TEXT,
      atMost(100),
      format('edtf', 'invalid-edtf', 'This field takes a date in EDTF that exists, without a time of day.'),
    ],
  };
}

/** A length of time: an ISO 8601 duration in years, months, weeks and days. */
export function duration(): Scalar {
  return {
    rules: [
      IS_TEXT,
      format('iso-duration', 'invalid-duration', 'This field takes an ISO 8601 duration such as P18M or P9Y.'),
    ],
  };
}

/** A day: YYYY-MM-DD. */
export function isoDate(): Scalar {
  return {
    rules: [IS_TEXT, format('iso-day', 'invalid-value', 'This field takes a day of the calendar, YYYY-MM-DD.')],
  };
}

/** A moment: ISO 8601 with Z or an offset. */
export function instant(): Scalar {
  return {
    rules: [
      IS_TEXT,
      atMost(35),
      format('instant', 'invalid-value', 'This field takes a moment in ISO 8601 with Z or an offset.'),
    ],
  };
}

/** A country: ISO 3166-1 alpha-2 (and XK). */
export function country(): Scalar {
  return {
    rules: [
      IS_TEXT,
      format('country-code', 'unknown-vocabulary-value', 'This field takes a country in two letters (ISO 3166-1).'),
    ],
  };
}

/** A language: BCP 47, in its usual spelling. */
export function language(): Scalar {
  return {
    rules: [
      IS_TEXT,
      format(
        'language-tag',
        'invalid-value',
        'This field takes a language tag (BCP 47) in its usual spelling, such as en or zh-Hant.',
      ),
    ],
  };
}

/** A script: ISO 15924, four letters. */
export function script(): Scalar {
  return { rules: [IS_TEXT, pattern('^[A-Z][a-z]{3}$', 'This field takes a script in four letters (ISO 15924).')] };
}

/** An address on the web, http or https. */
export function webAddress(): Scalar {
  return {
    rules: [
      IS_TEXT,
      atMost(2000),
      pattern(String.raw`^[^\p{Cc}\p{Cs}\s]+$`, 'This field takes an address without white space.'),
      format('web-address', 'invalid-value', 'This field takes an address that begins with http:// or https://.'),
    ],
  };
}

/** A whole number within bounds, both inclusive. */
export function integer(min: number, max: number): Scalar {
  return {
    rules: [
      {
        code: 'wrong-type',
        detail: 'This field takes a whole number.',
        schema: { type: 'integer' },
        test: (value) => typeof value === 'number' && Number.isInteger(value),
      },
      {
        code: 'invalid-value',
        detail: `This field takes a whole number from ${min} to ${max}.`,
        schema: { minimum: min, maximum: max },
        test: (value) => typeof value !== 'number' || (value >= min && value <= max),
      },
    ],
  };
}

/** true or false. */
export function flag(): Scalar {
  return {
    rules: [
      {
        code: 'wrong-type',
        detail: 'This field takes true or false.',
        schema: { type: 'boolean' },
        test: (value) => typeof value === 'boolean',
      },
    ],
  };
}

/** Any JSON object; what it must hold depends on another field, and is checked where that is known. */
export function anyObject(): Scalar {
  return {
    rules: [
      {
        code: 'wrong-type',
        detail: 'This field takes an object.',
        schema: { type: 'object', additionalProperties: true },
        test: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      },
    ],
  };
}
