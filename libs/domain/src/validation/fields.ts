/**
 * Decorators of our own over class-validator, so that one class serves validation, schema, storage and references.
 *
 * class-validator alone lets through lists inside of lists, null for what is optional, and objects of classes that
 * nobody told it of; so nothing of it is used but its rules by name, its conditions and its list of fields. Every rule
 * carries its own piece of JSON Schema: what is checked and what is described is one list.
 */
import { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy.js';
import { ValidateIf } from 'class-validator/cjs/decorator/common/ValidateIf.js';
import type { Category } from '../catalogue/category.js';
import type { Rule, Scalar } from './scalars.js';

export type PayloadClass<T extends object = object> = new () => T;

/** What is known of a field besides its rules. */
export interface Field {
  readonly name: string;
  /** The class that declares it. */
  readonly owner: string;
  /** Of the value itself: of the list, where it is one. */
  readonly rules: readonly Rule[];
  /** Of each element, for a list. */
  readonly items?: readonly Rule[];
  /** The class of the value or of each element. A function, because classes may name each other. */
  readonly nested?: PayloadClass;
  readonly list: boolean;
  readonly optional: boolean;
  readonly personal: boolean;
  readonly serverSet: boolean;
  /** The kind of subject that the value, or each element, names by id. */
  readonly reference?: Category;
  readonly description?: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Shape = Pick<Field, 'rules' | 'list'> & Partial<Pick<Field, 'items' | 'nested' | 'reference' | 'description'>>;

interface OwnFields {
  readonly fields: Map<string, Mutable<Field>>;
  readonly exactlyOne: (readonly string[])[];
  readonly needs: Need[];
}

/** The field makes sense only beside the other. */
export interface Need {
  readonly field: string;
  readonly needs: string;
}

const registry = new Map<object, OwnFields>();

function own(constructor: object): OwnFields {
  let found = registry.get(constructor);
  if (found === undefined) {
    found = { fields: new Map(), exactlyOne: [], needs: [] };
    registry.set(constructor, found);
  }
  return found;
}

/** The mark may come before or after the shape: decorators of one field run from the last to the first. */
function field(constructor: PayloadClass, name: string): Mutable<Field> {
  const { fields } = own(constructor);
  let found = fields.get(name);
  if (found === undefined) {
    found = {
      name,
      owner: constructor.name,
      rules: [],
      list: false,
      optional: false,
      personal: false,
      serverSet: false,
    };
    fields.set(name, found);
  }
  return found;
}

function declare(shape: Shape): PropertyDecorator {
  return (target, property) => {
    const name = String(property);
    Object.assign(field(target.constructor as PayloadClass, name), shape);
    for (const rule of shape.rules) validateBy(rule, false)(target, property);
    for (const rule of shape.items ?? []) validateBy(rule, true)(target, property);
  };
}

/** Under this name, with the rule's place among the field's rules, each rule is known to class-validator. */
export const RULE = 'habeas';

function validateBy(rule: Rule, each: boolean): PropertyDecorator {
  return ValidateBy(
    {
      name: RULE,
      constraints: [rule.schema],
      validator: { validate: (value: unknown) => rule.test(value), defaultMessage: () => rule.detail },
    },
    { each },
  );
}

export interface FieldOptions {
  readonly description?: string;
  /** The value is the id of a subject of this kind: its existence is checked before anything is recorded. */
  readonly reference?: Category;
}

export interface ListOptions extends FieldOptions {
  readonly min?: number;
  readonly max: number;
  /** No element twice. */
  readonly unique?: boolean;
}

/** A single value. */
export function Value(scalar: Scalar, options: FieldOptions = {}): PropertyDecorator {
  return declare({ rules: scalar.rules, list: false, ...options });
}

/** A list of single values. */
export function ListOf(scalar: Scalar, { min, max, unique, ...options }: ListOptions): PropertyDecorator {
  return declare({ rules: listRules(min, max, unique), items: scalar.rules, list: true, ...options });
}

/** One object of a class. */
export function Nested(nested: PayloadClass, options: FieldOptions = {}): PropertyDecorator {
  return declare({ rules: [objectOf(nested)], nested, list: false, ...options });
}

/** A list of objects of a class. */
export function NestedList(nested: PayloadClass, { min, max, ...options }: ListOptions): PropertyDecorator {
  return declare({ rules: listRules(min, max), items: [objectOf(nested)], nested, list: true, ...options });
}

function objectOf(nested: PayloadClass): Rule {
  return {
    code: 'wrong-type',
    detail: 'This takes an object.',
    schema: { $ref: `#/components/schemas/${nested.name}` },
    test: isPlainObject,
  };
}

/** May be left out. Nothing else stands for leaving it out: null is refused. */
export function Optional(): PropertyDecorator {
  return (target, property) => {
    field(target.constructor as PayloadClass, String(property)).optional = true;
    ValidateIf((object: object) => (object as Record<PropertyKey, unknown>)[property] !== undefined)(target, property);
  };
}

/** About a person: sealed in the log, under a key that can be erased. */
export function Personal(): PropertyDecorator {
  return (target, property) => {
    field(target.constructor as PayloadClass, String(property)).personal = true;
  };
}

/** Set by the server when the event is decided: stored and shown, refused from clients. */
export function ServerSet(): PropertyDecorator {
  return (target, property) => {
    field(target.constructor as PayloadClass, String(property)).serverSet = true;
    Optional()(target, property);
  };
}

/** Of these optional fields exactly one is given. */
export function ExactlyOne(...names: readonly string[]): ClassDecorator {
  return (target) => {
    own(target).exactlyOne.push(names);
  };
}

/** The optional field `name` is given only beside the field `other`. */
export function OnlyWith(name: string, other: string): ClassDecorator {
  return (target) => {
    own(target).needs.push({ field: name, needs: other });
  };
}

/** Fields of a class and of those that it extends, these first. */
export function fieldsOf(payload: PayloadClass): ReadonlyMap<string, Field> {
  return describe(payload).fields;
}

export function exactlyOneOf(payload: PayloadClass): readonly (readonly string[])[] {
  return describe(payload).exactlyOne;
}

export function needsOf(payload: PayloadClass): readonly Need[] {
  return describe(payload).needs;
}

interface Described {
  readonly fields: ReadonlyMap<string, Field>;
  readonly exactlyOne: readonly (readonly string[])[];
  readonly needs: readonly Need[];
}

const described = new Map<object, Described>();

function describe(payload: PayloadClass): Described {
  let found = described.get(payload);
  if (found === undefined) {
    const parent = Object.getPrototypeOf(payload) as PayloadClass;
    const inherited = parent === Function.prototype ? undefined : describe(parent);
    const mine = own(payload);
    found = {
      fields: new Map([...(inherited?.fields ?? []), ...mine.fields]),
      exactlyOne: [...(inherited?.exactlyOne ?? []), ...mine.exactlyOne],
      needs: [...(inherited?.needs ?? []), ...mine.needs],
    };
    described.set(payload, found);
  }
  return found;
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listRules(min = 0, max: number, unique = false): readonly Rule[] {
  const rules: Rule[] = [
    { code: 'wrong-type', detail: 'This field takes a list.', schema: { type: 'array' }, test: Array.isArray },
    {
      code: 'too-many',
      detail: `This field takes at most ${max} elements.`,
      schema: { maxItems: max },
      test: (value) => !Array.isArray(value) || value.length <= max,
    },
  ];
  if (min > 0) {
    rules.push({
      code: 'too-few',
      detail: `This field takes at least ${min} ${min === 1 ? 'element' : 'elements'}.`,
      schema: { minItems: min },
      test: (value) => !Array.isArray(value) || value.length >= min,
    });
  }
  if (unique) {
    rules.push({
      code: 'duplicate-value',
      detail: 'This field takes each element once.',
      schema: { uniqueItems: true },
      // Only lists of strings are declared unique; for those, equal and identical are the same.
      test: (value) => !Array.isArray(value) || new Set(value).size === value.length,
    });
  }
  return rules;
}
