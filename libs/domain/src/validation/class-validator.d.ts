/**
 * The parts of class-validator that are used, by their own files: its index also loads every validator that it comes
 * with, phone numbers of all countries among them, which is a fifth of all that a start loads.
 */
declare module 'class-validator/cjs/decorator/common/ValidateBy.js' {
  export { ValidateBy } from 'class-validator';
}
declare module 'class-validator/cjs/decorator/common/ValidateIf.js' {
  export { ValidateIf } from 'class-validator';
}
declare module 'class-validator/cjs/metadata/MetadataStorage.js' {
  import type { MetadataStorage, ValidatorConstraintInterface } from 'class-validator';

  /** As it is made by version 0.15; its own types leave out what it needs of a constraint. */
  interface Storage extends Omit<MetadataStorage, 'getTargetValidatorConstraints'> {
    getTargetValidatorConstraints(constraint: unknown): readonly {
      readonly instance: { validate(value: unknown): ReturnType<ValidatorConstraintInterface['validate']> };
    }[];
  }
  export function getMetadataStorage(): Storage;
}
