/**
 * What class-validator knows of a class, taken out of it once and laid flat. Its own walk sorts and filters the same lists
 * of metadata for every object anew, and is thirty times as slow; the rules, their conditions and what a class
 * inherits are still what it says.
 */
import { getMetadataStorage } from 'class-validator/cjs/metadata/MetadataStorage.js';
import type { PayloadClass } from './fields.js';

type Json = Readonly<Record<string, unknown>>;
type Test = (value: unknown) => boolean;

interface CheckedField {
  readonly name: string;
  /** All must hold, or nothing is checked. */
  readonly conditions: readonly ((object: object, value: unknown) => boolean)[];
  readonly whole: readonly Test[];
  /** Of each element; of the value itself, where it is no list. */
  readonly each: readonly Test[];
}

const compiled = new WeakMap<PayloadClass, readonly CheckedField[]>();

/** The fields of the object that break a rule of their class. Members that are no field are not looked at. */
export function failingFields(payload: PayloadClass, json: Json): ReadonlySet<string> {
  let fields = compiled.get(payload);
  if (fields === undefined) {
    fields = compile(payload);
    compiled.set(payload, fields);
  }
  let failing: Set<string> | undefined;
  for (const field of fields) {
    if (!passes(field, json)) (failing ??= new Set()).add(field.name);
  }
  return failing ?? NONE;
}

const NONE: ReadonlySet<string> = new Set();

function passes({ name, conditions, whole, each }: CheckedField, json: Json): boolean {
  const value = Object.hasOwn(json, name) ? json[name] : undefined;
  for (const condition of conditions) if (!condition(json, value)) return true;
  for (const test of whole) if (!test(value)) return false;
  for (const test of each)
    if (!(Array.isArray(value) ? value.every((element) => test(element)) : test(value))) return false;
  return true;
}

function compile(payload: PayloadClass): readonly CheckedField[] {
  const storage = getMetadataStorage();
  const all = storage.getTargetValidationMetadatas(payload, '', false, false);
  return Object.entries(storage.groupByPropertyName(all)).map(([name, metadata]) => {
    const [conditions, whole, each]: [CheckedField['conditions'][number][], Test[], Test[]] = [[], [], []];
    for (const one of metadata) {
      if (one.type === 'conditionalValidation') {
        conditions.push((one.constraints as CheckedField['conditions'])[0] ?? (() => true));
      } else if (one.type === 'customValidation' && one.validateIf === undefined && !isGrouped(one)) {
        const to = one.each ? each : whole;
        for (const { instance } of storage.getTargetValidatorConstraints(one.constraintCls)) {
          // The decorators of this room need nothing but the value.
          to.push((value) => instance.validate(value) as boolean);
        }
      } else throw new Error(`The rule ${one.name ?? one.type} of ${payload.name}.${name} is not one of this room's.`);
    }
    return { name, conditions, whole, each };
  });
}

function isGrouped({ groups }: { readonly groups: readonly string[] | undefined }): boolean {
  return groups !== undefined && groups.length > 0;
}
