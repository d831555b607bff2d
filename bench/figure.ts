/** What every benchmark gives: figures with their goals, and where it works. */

export interface Figure {
  /** What was measured, in a few words. */
  readonly what: string;
  /** The figure itself, with its unit. */
  readonly measured: string;
  /** What it was measured beside, in the same run. */
  readonly floor?: string;
  /** Measured against floor; which way round is said in `goal`. */
  readonly ratio?: number;
  /** The goal in words; left out where there is none. */
  readonly goal?: string;
  readonly met?: boolean;
  readonly note?: string;
  /** All numbers, in the units that their names end with. */
  readonly values: Readonly<Record<string, number>>;
}

export interface Context {
  /** A small run that only shows that everything works; goals are not judged. */
  readonly quick: boolean;
  /** Where logs are kept between runs. */
  readonly cache: string;
  /** A folder on the same disk that goes away afterwards. */
  readonly temporary: string;
  readonly report: (line: string) => void;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(context: Context): Promise<readonly Figure[]>;
}
