/** The little of the package `edtf` that is used here; it ships no types. */
declare module 'edtf' {
  interface Parsed {
    readonly type: string;
    readonly level: number;
    readonly values: readonly unknown[];
    /** Bits of the digits that are unspecified. */
    readonly unspecified?: number;
    /** How many leading digits of a year are meant. */
    readonly significant?: number;
  }
  /** Throws on a syntax error, with the input in its message. */
  export function parse(text: string, constraints?: { readonly seasonUncertainty?: boolean }): Parsed;
}
