/** The catalogue as a whole: complete, without collisions, and the same to classes, schemas and examples. */
import { examples } from '../examples/index.js';
import { vocabularyOf } from '../status/index.js';
import { fieldsOf, type PayloadClass } from '../validation/fields.js';
import { faultsOf } from '../validation/validate.js';
import { catalogue, definitionByRoute, recordable, validatePayload } from './catalogue.js';
import { CATEGORIES } from './category.js';
import type { Data } from './definition.js';

// Names in the log are for ever: this list only grows.
const EVER_STORED = `AccountAdded ActivityHalted ActivityResumed AmnestyGranted AppealDecided AppealFiled AsylumCeased
AsylumGranted AsylumRefused AsylumSought AttributeAsserted BailGranted BailRevoked CaseEntered CasesJoined ChargesDropped
CustodyExtended CustodyReported DeficiencyNotified DisputeSettled ElectionEntryDecided ElectionEntryFiled
ExtraditionDecided ExtraditionRequested FactAssignedToCase FactCorrected FactDisputed FactMoved FactRetracted
FactVerified FactsJudgedSame FactsJudgementRevoked FormationAnnounced FormationNotified FormationPermitted
FormationRefused GroupEntered GroupFounded GroupMerged GroupRenamed GroupSplit IdentifierAssigned
IdentityJudged IdentityJudgementRevoked ImprisonmentStarted IntentionAnnounced JudgmentBecameFinal LabelApplied
MembershipEnded MembershipHeld NameAsserted NameReserved NotificationAcknowledged ObjectionFiled PardonGranted
PardonRequested PersonalDataErased PersonalDataRedacted PersonalDataRetold PartyDeregistered PartyDissolved PartyRegistered PartyRegistrationIntended PartyRegistrationRejected
PartyRegistrationSubmitted PartySuspended PersonAcquitted PersonArrested PersonCharged PersonConvicted PersonDeported
PersonDied PersonDisappeared PersonEntered PersonEscaped PersonLeftCountry PersonLocated PersonReleased PersonReturned
PersonSummoned PersonTransferred PretrialDetentionOrdered RegistrationAppealDecided RegistrationAppealFiled
RegistrationLapsed RegistrationRestored RegistrationReviewOpened RegistrationWithdrawn ReleaseOrdered RightsRestored
RightsSuspended RoleEnded RoleHeld SentenceChanged SentenceCompleted SentenceHanded SizeReported SourceCaptured
SourceChanged SourceDependsOn SourceDetailsCorrected SourceEntered SourceGone SourceTextContinued
SpeakerCorrectedStatement SpeakerDeniedStatement SpeakerRetractedStatement StatementMade SubjectObjected
SupportCollected SuspensionLifted TrialOpened VisibilityChanged WarrantIssued WarrantWithdrawn`.split(/\s+/);

test('every type that was ever stored is known, and every known type is listed', () => {
  expect(catalogue.map(({ type }) => type).sort()).toEqual([...EVER_STORED].sort());
});

test('each route of a category leads to one event', () => {
  const routes = recordable.flatMap(({ categories, route }) =>
    categories.map((category) => `${category} ${route ?? ''}`),
  );
  expect(routes.filter((route, index) => routes.indexOf(route) !== index)).toEqual([]);
  for (const category of CATEGORIES) expect(definitionByRoute(category, undefined)?.role).toBe('entry');
  expect(definitionByRoute('person', 'arrests')?.type).toBe('PersonArrested');
  expect(definitionByRoute('group', 'arrests')).toBeUndefined();
});

describe.each(catalogue.map((definition) => [definition.type, definition] as const))('%s', (type, definition) => {
  test('has a valid example that uses every field of a client', () => {
    const example = examples[type] as Data;
    expect(faultsOf(definition.payload, example, 'client')).toEqual([]);
    expect(validatePayload(definition, example)).toEqual({ ok: true, value: example });
    const own = [...fieldsOf(definition.payload).values()].filter(
      ({ owner, serverSet }) => owner === type && !serverSet,
    );
    const left = own.filter(({ name }) => !Object.hasOwn(example, name)).map(({ name }) => name);
    // Of alternatives, and where a field would change what the example shows.
    expect(left).toEqual(LEFT_OUT[type] ?? []);
  });

  test('describes its effects in the vocabulary of the status', () => {
    for (const effect of definition.effects(examples[type] as Data)) {
      expect(vocabularyOf(effect.axis).subject).toBe(definition.categories[0]);
      if (typeof effect.set === 'string') expect(vocabularyOf(effect.axis).values).toContain(effect.set);
    }
  });
});

const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  AppealDecided: ['acquittedOf'],
  PersonConvicted: ['acquittedOf'],
  SourceEntered: ['sha256'],
  SourceDetailsCorrected: ['type', 'publisher', 'author', 'url', 'lang', 'sha256'],
};

const ID = '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';

test('whatever is named by id is looked up, as what it is', () => {
  // The door and its own spec ask the same function what a payload names: here it is read by eye.
  const named = new Set<string>();
  const collect = (payload: PayloadClass, seen: ReadonlySet<PayloadClass>): void => {
    if (seen.has(payload)) return;
    for (const { name, nested, list, items, rules, reference, serverSet } of fieldsOf(payload).values()) {
      // Where a fact was moved from and to, the server says itself.
      if (serverSet) continue;
      if (nested !== undefined) collect(nested, new Set([...seen, payload]));
      else if (((list ? items : rules) ?? []).some((rule) => rule.schema.pattern === ID)) {
        named.add(`${name}: ${reference ?? 'no subject'}`);
      }
    }
  };
  for (const { payload } of recordable) collect(payload, new Set());
  expect([...named].sort()).toEqual([
    'after: no subject',
    'case: case',
    'decisionId: no subject',
    'dispute: no subject',
    'fact: no subject',
    'facts: no subject',
    'group: group',
    'into: group',
    'judgement: no subject',
    'other: case',
    'other: source',
    'person: person',
    'sourceId: source',
  ]);
});

test('what decides a status is never sealed', () => {
  for (const definition of catalogue) {
    const data = examples[definition.type] as Data;
    const open = definition.personal.reduce<unknown>(
      (rest, path) => without(rest, path.split('/').slice(1)),
      data,
    ) as Data;
    expect(definition.effects(open)).toEqual(definition.effects(data));
    expect(definition.presupposes(open)).toEqual(definition.presupposes(data));
    expect(definition.attests(open)).toEqual(definition.attests(data));
  }
});

function without(value: unknown, [step = '', ...rest]: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((each) => without(each, rest));
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return value;
  const { [step]: inner, ...others } = value as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [step]: without(inner, rest) };
}
