/**
 * Every event that the record knows. A new event is its class and its entry in one of these lists; its route, its
 * validation, its schema, its stored form and its place on a timeline follow from there.
 */
import { err, ok, type Refusal, type Result } from '#kernel';
import { caseEvents } from '../case/case.js';
import { acts } from '../facts/acts.js';
import { erasureEvents } from '../facts/erasure.js';
import { groupEntries } from '../group/entry.js';
import { groupLifeEvents } from '../group/life.js';
import { registrationEvents } from '../group/registration.js';
import { abroadEvents } from '../person/abroad.js';
import { personEntries } from '../person/entry.js';
import { judgmentEvents } from '../person/judgment.js';
import { libertyEvents } from '../person/liberty.js';
import { procedureEvents } from '../person/procedure.js';
import { roleEvents, wordEvents } from '../person/roles.js';
import { sourceEvents } from '../source/source.js';
import { statementEvents } from '../statement/statement.js';
import { normalised } from '../validation/normalise.js';
import { faultsOf } from '../validation/validate.js';
import type { Category } from './category.js';
import type { Data, EventDefinition } from './definition.js';

const plain: readonly EventDefinition[] = [
  ...personEntries,
  ...procedureEvents,
  ...judgmentEvents,
  ...libertyEvents,
  ...abroadEvents,
  ...roleEvents,
  ...wordEvents,
  ...caseEvents,
  ...groupEntries,
  ...registrationEvents,
  ...groupLifeEvents,
  ...statementEvents,
  ...sourceEvents,
  ...acts,
  ...erasureEvents,
];

/** Where acts hold a payload of another event, and in which of its acts. */
const EMBEDDED: Readonly<Record<string, string>> = { FactCorrected: '/data', FactDisputed: '/alternative/data' };

function withEmbedded(definition: EventDefinition): EventDefinition {
  const at = EMBEDDED[definition.type];
  return at === undefined ? definition : { ...definition, embedded: at };
}

export const catalogue: readonly EventDefinition[] = plain.map(withEmbedded);

/** What can be asked for by itself. */
export const recordable: readonly EventDefinition[] = catalogue.filter(({ byServer }) => !byServer);

const byType = new Map(catalogue.map((definition) => [definition.type, definition]));

export function definitionOf(type: string): EventDefinition | undefined {
  return byType.get(type);
}

/** @param route undefined: what opens a stream of that category */
export function definitionByRoute(category: Category, route: string | undefined): EventDefinition | undefined {
  return recordable.find((definition) => definition.route === route && definition.categories.includes(category));
}

/**
 * Checks a request's body, and gives the payload in the form in which it is kept: texts in NFC, ends of lines as LF.
 * Refusals: those of kind `payload` in REFUSAL_CODES, each with its JSON pointer.
 */
export function validatePayload(definition: EventDefinition, json: unknown): Result<Data, readonly Refusal[]> {
  const faults = faultsOf(definition.payload, json, 'client');
  return faults.length > 0 ? err(faults) : ok(normalised(json) as Data);
}
