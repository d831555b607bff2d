/** Texts made alike for comparison: letter case and diacritics do not matter. */

/** Marks of scripts where they are only accents. In others (Khmer vowels, for one) marks are what is written. */
const ACCENTS = /(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{Mn}+/gu;

export function foldText(text: string): string {
  return text.normalize('NFKD').replace(ACCENTS, '').toLowerCase().normalize('NFC');
}
