/**
 * How a line of a batch names what an earlier line records: `{id:<key>}` and `{event:<key>}` stand for the `id` and the
 * `event` of the answer to the line with that key. Ids follow from keys, so they are known before that line is executed;
 * whether it was accepted is waited for.
 */
import { type Json, jsonPointer, type Refusal } from '#kernel';

export interface Ids {
  readonly id: string;
  readonly event: string;
}

/** What became of an earlier line, or what will. */
export interface Earlier {
  /** Asks for the same as every other line with this key; if not, the key does not tell which of them is meant. */
  readonly ambiguous: boolean;
  ids(): Ids;
  /** Undefined while the line is under way. */
  readonly accepted: boolean | undefined;
  /** Resolves when it is not under way any more; never rejects. */
  readonly settled: Promise<void>;
}

export interface Resolution {
  /** Lines that this one needs and that are under way. */
  readonly awaited: Set<Earlier>;
  readonly refusals: Refusal[];
}

const REFERENCE = /^\{(id|event):([\x21-\x7e]+)\}$/;

/** Whether there may be any reference in the text of a line: most have none, and are not searched. */
export function mayRefer(text: string): boolean {
  return text.includes('{id:') || text.includes('{event:');
}

export class References {
  constructor(private readonly earlier: ReadonlyMap<string, Earlier>) {}

  /** A path's part, or a body's text, with its id in the place of a reference. */
  text(text: string, path: readonly (string | number)[] | undefined, resolution: Resolution): string {
    const [, what, key = ''] = text.startsWith('{') ? (REFERENCE.exec(text) ?? []) : [];
    if (what === undefined) return text;
    const line = this.earlier.get(key);
    const refuse = (code: string, detail: string): string => {
      resolution.refusals.push({ code, detail, ...(path !== undefined && { pointer: jsonPointer(path) }) });
      return text;
    };
    if (line === undefined) return refuse('unknown-reference', 'No earlier line of this batch has the key named here.');
    if (line.ambiguous) {
      return refuse('ambiguous-reference', 'Earlier lines of this batch that ask for different things share this key.');
    }
    if (line.accepted === false) return refuse('refers-to-refused-line', REFUSED);
    if (line.accepted === undefined) resolution.awaited.add(line);
    return line.ids()[what as keyof Ids];
  }

  /** A copy of a body without references. */
  body(value: Json, resolution: Resolution, path: readonly (string | number)[] = []): Json {
    if (typeof value === 'string') return this.text(value, path, resolution);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      return (value as readonly Json[]).map((each, index) => this.body(each, resolution, [...path, index]));
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, this.body(each, resolution, [...path, name])]),
    );
  }
}

export const REFUSED = 'The line that is named here was not recorded.';
