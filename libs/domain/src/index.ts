export { CATEGORIES, type Category, type SubjectId } from './catalogue/category.js';
export { catalogue, definitionByRoute, definitionOf, recordable, validatePayload } from './catalogue/catalogue.js';
export type { Data, EventDefinition, Role } from './catalogue/definition.js';
export { type Reference, references } from './catalogue/references.js';
export { textsOf, type TextInPayload } from './catalogue/texts.js';
export type { Citation, Quote, TextPlace } from './facts/citation.js';
export { ERASURE_TYPES } from './facts/erasure.js';
export type { DecideContext, NeededSubject, NewEvent } from './facts/context.js';
export { type OfficeVisibility, visibilityByDefault } from './facts/default-visibility.js';
export { decide, referencesToResolve } from './facts/decide.js';
export type { DomainEvent } from './facts/event.js';
export {
  type ActOnFact,
  type DisputeOfFact,
  factsOf,
  recordsOf,
  type StandingFact,
  type StandingRecord,
  stands,
  type VerificationOfFact,
} from './facts/ledger.js';
export { aboutOf, isOverriding, levelsOf } from './facts/levels.js';
export { entering, relatedTo, without } from './facts/visible.js';
export { countsThrough, isLens, isVerified, type Lens, LENSES, type OwnLens } from './facts/counting.js';
export type { Reading } from './facts/days.js';
export { decideMoved, type PlannedMove, planMove } from './facts/move.js';
export { type IdentityJudgement, oneWith, statusFactsOfOne } from './person/identity.js';
export { statusFacts } from './facts/status-facts.js';
export { evolve, initial, type SubjectState } from './facts/state.js';
export { wordsAt } from './source/quotation.js';
export { latestPublication, type SourceRecord, sourceOf } from './source/record.js';
export { EXAMPLE_IDS, EXAMPLE_TEXT, examples } from './examples/index.js';
export * from './status/index.js';
export { FORMATS } from './validation/formats.js';
export type { JsonSchema } from './validation/json-schema.js';
export { REFUSAL_CODES, type RefusalCode, type RefusalCodeInfo, type RefusalKind } from './validation/refusal-codes.js';
export { isCountry } from './validation/countries.js';
export { vocabularies } from './catalogue/vocabularies.js';
