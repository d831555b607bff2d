/** How decisions say no: all that is wrong at once, each with its code and place. */
import { jsonPointer, type Refusal, refusal } from '#kernel';
import type { Category } from '../catalogue/category.js';
import type { RefusalCode } from '../validation/refusal-codes.js';

/** The steps of a JSON pointer. */
export type Path = readonly (string | number)[];

export type Refuse = (code: RefusalCode, detail: string, path?: Path) => void;

/** Adds to a list. */
export function refusingInto(refusals: Refusal[]): Refuse {
  return (code, detail, path) => {
    refusals.push(path === undefined ? refusal(code, detail) : refusal(code, detail, jsonPointer(path)));
  };
}

export function refuseMissing(refuse: Refuse, kind: Category, path?: Path): void {
  refuse(NOT_FOUND[kind], `There is no ${kind} with this id.`, path);
}

const NOT_FOUND: Readonly<Record<Category, RefusalCode>> = {
  person: 'person-not-found',
  group: 'group-not-found',
  case: 'case-not-found',
  statement: 'statement-not-found',
  source: 'source-not-found',
};
