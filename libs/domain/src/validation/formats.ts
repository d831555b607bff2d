/**
 * Forms of text that a pattern alone does not catch, each by its name: class and JSON Schema share the very same
 * functions, so that they cannot drift apart. Whoever compiles the schemas gives these to the compiler.
 */
import { parseEdtf } from '#kernel';
import { isCountry } from './countries.js';

const DURATION = /^P(?=\d)(?:\d{1,4}Y)?(?:\d{1,4}M)?(?:\d{1,4}W)?(?:\d{1,5}D)?$/;

/** A length of time in whole years, months, weeks and days; longer than nothing. */
function isDuration(text: string): boolean {
  return DURATION.test(text) && /[1-9]/.test(text);
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A day of the Gregorian calendar that exists. */
function isIsoDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2})$/;

/** A moment with its offset from UTC, at most to the millisecond. */
function isInstant(text: string): boolean {
  return INSTANT.test(text) && isIsoDay(text.slice(0, 10)) && !Number.isNaN(Date.parse(text));
}

/** A language tag (BCP 47) in its usual spelling: `en`, `km`, `zh-Hant`. */
function isLanguage(text: string): boolean {
  if (text.length > 35) return false;
  try {
    return Intl.getCanonicalLocales(text)[0] === text;
  } catch {
    return false;
  }
}

/** An absolute address on the web. */
function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text);
}

/** By the name that stands under `format` in the schemas. */
export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  edtf: (text) => parseEdtf(text).ok,
  'iso-duration': isDuration,
  'iso-day': isIsoDay,
  instant: isInstant,
  'language-tag': isLanguage,
  'web-address': isWebAddress,
  'country-code': isCountry,
};
