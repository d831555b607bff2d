/** What every event does to the status of its subject, row by row of the catalogue, through the engine itself. */
import type { Category } from '../catalogue/category.js';
import { EXAMPLE_IDS as ID } from '../examples/index.js';
import { type AxisAnswer, computeStatus, DEPRIVED } from '../status/index.js';
import { statusFacts } from './status-facts.js';
import { like, RecordInMemory } from './spec-support.js';

type Step = string | readonly [string, object];

/** Tells facts one after the other, a month apart, and gives the answers of the present. */
function after(kind: Category & ('person' | 'group'), steps: readonly Step[]): readonly AxisAnswer[] {
  const record = new RecordInMemory();
  for (const [index, step] of steps.entries()) {
    const [type, fields] = typeof step === 'string' ? [step, {}] : step;
    const month = String((index % 12) + 1).padStart(2, '0');
    const data = like(type, {
      case: undefined,
      after: undefined,
      aspect: undefined,
      citations: [{ sourceId: ID.sourceA }],
      occurred: `${2001 + Math.floor(index / 12)}-${month}-01`,
      ...fields,
    });
    record.put(kind, ID.personA, { id: `fact-${index}`, type, data });
  }
  const facts = statusFacts(record.state(kind, ID.personA), () => true);
  return computeStatus(kind, facts).current(13_000);
}

function valueOf(answers: readonly AxisAnswer[], axis: string): unknown {
  const found = answers.filter((answer) => answer.axis === axis);
  const values = found.map(({ value, key }) => (key === undefined ? value : `${key}: ${value}`));
  return values.length === 1 ? values[0] : values;
}

function expectAfter(
  kind: 'person' | 'group',
  steps: readonly Step[],
  expected: Readonly<Record<string, unknown>>,
): void {
  const answers = after(kind, steps);
  const actual = Object.fromEntries(Object.keys(expected).map((axis) => [axis, valueOf(answers, axis)]));
  expect(actual).toEqual(expected);
}

const ABSENT = { presence: 'in-absentia', suspendedPart: undefined };
const WHOLE = { suspendedPart: undefined };
const SENTENCED: Step = ['SentenceHanded', WHOLE];

describe('of a person', () => {
  test.each<[string, readonly Step[], Readonly<Record<string, unknown>>]>([
    ['summoned as a suspect', ['PersonSummoned'], { stage: 'investigated', liberty: 'unknown' }],
    ['summoned as a witness', [['PersonSummoned', { as: 'witness' }]], { stage: 'unknown' }],
    ['wanted', ['WarrantIssued'], { hold: 'wanted', liberty: 'wanted' }],
    ['a warrant for somebody who is held', ['PersonArrested', 'WarrantIssued'], { hold: 'police-custody' }],
    ['a warrant withdrawn', ['WarrantIssued', 'WarrantWithdrawn'], { hold: 'none', liberty: 'free' }],
    [
      'a warrant withdrawn for somebody who is held',
      ['PersonArrested', 'WarrantWithdrawn'],
      { hold: 'police-custody' },
    ],
    ['arrested', ['PersonArrested'], { hold: 'police-custody', liberty: 'police-custody' }],
    ['in custody, of a kind', ['CustodyReported'], { hold: 'imprisoned', whereabouts: 'known' }],
    ['in custody', [['CustodyReported', { kind: undefined }]], { hold: 'detained-unspecified', whereabouts: 'known' }],
    ['custody extended', ['PersonArrested', 'CustodyExtended'], { hold: 'police-custody' }],
    ['charged', ['PersonCharged'], { stage: 'charged' }],
    ['some charges dropped', ['PersonCharged', 'ChargesDropped'], { stage: 'charged' }],
    ['all charges dropped', ['PersonCharged', ['ChargesDropped', { counts: undefined }]], { stage: 'ended' }],
    ['in pretrial detention', ['PersonArrested', 'PretrialDetentionOrdered'], { hold: 'pretrial-detention' }],
    ['bail granted', ['PersonArrested', 'BailGranted'], { hold: 'police-custody' }],
    ['bail revoked', ['PersonArrested', ['PersonReleased', { reason: 'bail' }], 'BailRevoked'], { hold: 'wanted' }],
    ['bail revoked for somebody who is held', ['PersonArrested', 'BailRevoked'], { hold: 'police-custody' }],
    ['release ordered', ['PersonArrested', 'ReleaseOrdered'], { hold: 'none' }],
    ['on trial', ['TrialOpened'], { stage: 'on-trial', verdict: 'unknown' }],
    ['convicted', ['PersonConvicted'], { stage: 'decided', verdict: 'convicted', finality: 'appealable' }],
    ['convicted in part', [['PersonConvicted', { acquittedOf: [{ offence: 'Offence B' }] }]], { verdict: 'mixed' }],
    [
      'acquitted',
      ['PersonArrested', 'PersonAcquitted'],
      { stage: 'decided', verdict: 'acquitted', finality: 'appealable', hold: 'none' },
    ],
    [
      'sentenced while held',
      ['PersonArrested', SENTENCED],
      { verdict: 'convicted', stage: 'decided', finality: 'appealable', sentence: 'imposed', hold: 'imprisoned' },
    ],
    ['sentenced at large', [SENTENCED], { sentence: 'imposed', hold: 'unknown' }],
    ['sentenced in absentia', [['SentenceHanded', ABSENT]], { sentence: 'unserved', liberty: 'sentence-not-enforced' }],
    [
      'fined in absentia',
      [['SentenceHanded', { ...ABSENT, penalty: 'fine', term: undefined }]],
      { sentence: 'imposed' },
    ],
    [
      'a fine for somebody who is held',
      ['PersonArrested', ['SentenceHanded', { penalty: 'fine', ...WHOLE }]],
      { hold: 'police-custody' },
    ],
    [
      'sentenced to life while held',
      ['PersonArrested', ['SentenceHanded', { penalty: 'life', ...WHOLE }]],
      { hold: 'imprisoned' },
    ],
    ['suspended in part', ['PersonArrested', 'SentenceHanded'], { sentence: 'part-suspended', hold: 'imprisoned' }],
    [
      'suspended as a whole',
      ['PersonArrested', ['SentenceHanded', { suspendedPart: 'P1Y6M' }]],
      { sentence: 'suspended', hold: 'police-custody' },
    ],
    ['imprisoned', ['ImprisonmentStarted'], { hold: 'imprisoned', sentence: 'serving' }],
    ['sentence served', [SENTENCED, 'SentenceCompleted'], { sentence: 'served' }],
    ['sentence reduced', [SENTENCED, 'SentenceChanged'], { sentence: 'reduced' }],
    [
      'sentence increased',
      ['ImprisonmentStarted', ['SentenceChanged', { kind: 'increased', term: 'P3Y' }]],
      { sentence: 'serving' },
    ],
    ['appeal filed', [SENTENCED, 'AppealFiled'], { finality: 'under-appeal' }],
    ['judgment final', [SENTENCED, 'JudgmentBecameFinal'], { finality: 'final' }],
    [
      'pardoned in full',
      ['PersonArrested', SENTENCED, ['PardonGranted', { kind: 'full' }]],
      { sentence: 'pardoned', hold: 'imprisoned' },
    ],
    ['pardoned in part', [SENTENCED, 'PardonGranted'], { sentence: 'reduced' }],
    [
      'pardoned in part while at large',
      [['SentenceHanded', ABSENT], 'PardonGranted'],
      { sentence: 'unserved', liberty: 'sentence-not-enforced' },
    ],
    [
      'sentenced in absentia, a part suspended',
      [['SentenceHanded', { presence: 'in-absentia' }]],
      { sentence: 'unserved', liberty: 'sentence-not-enforced' },
    ],
    [
      'convicted in part, and sentenced',
      [['PersonConvicted', { acquittedOf: [{ offence: 'Offence B' }] }], SENTENCED],
      { verdict: 'mixed', sentence: 'imposed' },
    ],
    [
      'acquitted in part on appeal',
      [SENTENCED, ['AppealDecided', { outcome: 'varied', term: 'P1Y', acquittedOf: [{ offence: 'Offence B' }] }]],
      { verdict: 'mixed', sentence: 'imposed', finality: 'appealable' },
    ],
    ['pardon asked for', [SENTENCED, 'PardonRequested'], { sentence: 'imposed' }],
    ['amnestied', [SENTENCED, 'AmnestyGranted'], { stage: 'ended', sentence: 'annulled' }],
    ['transferred', ['PersonArrested', 'PersonTransferred'], { hold: 'police-custody' }],
    [
      'released as served',
      ['PersonArrested', SENTENCED, 'PersonReleased'],
      { hold: 'none', liberty: 'free', sentence: 'served' },
    ],
    [
      'released on bail',
      ['PersonArrested', ['PersonReleased', { reason: 'bail' }]],
      { hold: 'conditional-release', liberty: 'conditional-release' },
    ],
    [
      'released provisionally',
      ['PersonArrested', ['PersonReleased', { reason: 'provisional' }]],
      { hold: 'conditional-release' },
    ],
    [
      'released for another reason',
      ['PersonArrested', SENTENCED, ['PersonReleased', { reason: 'pardon' }]],
      { hold: 'none', sentence: 'imposed' },
    ],
    [
      'released, without an arrest on record',
      [['PersonReleased', { reason: 'unknown' }]],
      { hold: 'none', liberty: 'free' },
    ],
    ['escaped', ['PersonArrested', SENTENCED, 'PersonEscaped'], { hold: 'none', liberty: 'sentence-not-enforced' }],
    ['disappeared', [['PersonDisappeared', { kind: undefined }]], { whereabouts: 'missing' }],
    [
      'taken',
      ['PersonArrested', 'PersonDisappeared'],
      { whereabouts: 'enforced-disappearance-alleged', hold: 'police-custody' },
    ],
    ['located', ['PersonDisappeared', 'PersonLocated'], { whereabouts: 'known', life: 'alive' }],
    ['located dead', [['PersonLocated', { state: 'dead' }]], { life: 'dead' }],
    ['dead', ['PersonArrested', 'PersonDied'], { life: 'dead', hold: 'police-custody' }],
    ['rights suspended', [['RightsSuspended', { until: undefined }]], { civicRights: 'suspended' }],
    ['rights restored', ['RightsSuspended', 'RightsRestored'], { civicRights: 'restored' }],
    ['left', ['PersonLeftCountry'], { location: 'abroad' }],
    ['returned', ['PersonLeftCountry', 'PersonReturned'], { location: 'in-country' }],
    ['deported home', ['PersonLeftCountry', 'PersonDeported'], { location: 'in-country' }],
    ['deported from home', [['PersonDeported', { direction: 'out' }]], { location: 'abroad' }],
    ['asylum sought', ['AsylumSought'], { asylum: 'DK: sought', location: 'unknown' }],
    ['asylum granted', ['AsylumSought', 'AsylumGranted'], { asylum: 'DK: granted', location: 'abroad' }],
    ['asylum refused elsewhere', ['AsylumGranted', 'AsylumRefused'], { asylum: ['DK: granted', 'TH: refused'] }],
    ['asylum ended', ['AsylumGranted', 'AsylumCeased'], { asylum: 'DK: ceased' }],
    ['extradition asked for', ['ExtraditionRequested'], { extradition: 'KH-TH: requested' }],
    ['extradition refused', ['ExtraditionRequested', 'ExtraditionDecided'], { extradition: 'KH-TH: refused' }],
    ['in a role', ['RoleHeld'], { role: `spokesperson@${ID.groupA}: held` }],
    [
      'out of a role, in other letters',
      ['RoleHeld', ['RoleEnded', { role: ' Spokesperson', organisation: { group: ID.groupA } }]],
      { role: `spokesperson@${ID.groupA}: ended` },
    ],
    ['a member', ['MembershipHeld'], { role: `member@${ID.groupA}: held` }],
    ['no member any more', ['MembershipHeld', 'MembershipEnded'], { role: `member@${ID.groupA}: ended` }],
    ['called names, with plans', ['LabelApplied', 'IntentionAnnounced'], { liberty: 'unknown', role: [] }],
  ])('%s', (_, steps, expected) => {
    expectAfter('person', steps, expected);
  });

  test.each<[string, object, Readonly<Record<string, unknown>>]>([
    ['upheld', {}, { verdict: 'convicted', finality: 'appealable', sentence: 'imposed', hold: 'imprisoned' }],
    ['inadmissible', {}, { verdict: 'convicted', finality: 'appealable', sentence: 'imposed' }],
    ['withdrawn', {}, { verdict: 'convicted', finality: 'appealable', sentence: 'imposed' }],
    ['varied', {}, { verdict: 'convicted', finality: 'appealable', sentence: 'imposed', hold: 'imprisoned' }],
    ['convicted', {}, { verdict: 'convicted', finality: 'appealable', sentence: 'imposed' }],
    ['quashed', {}, { verdict: 'quashed', finality: 'appealable', sentence: 'annulled', hold: 'none' }],
    ['acquitted', {}, { verdict: 'acquitted', finality: 'appealable', sentence: 'annulled', hold: 'none' }],
    ['remitted', {}, { verdict: 'set-aside', sentence: 'annulled', stage: 'on-trial', hold: 'imprisoned' }],
    ['admitted', { kind: 'opposition' }, { verdict: 'set-aside', sentence: 'annulled', stage: 'on-trial' }],
    ['quashed', { kind: 'opposition' }, { verdict: 'set-aside', sentence: 'annulled', hold: 'imprisoned' }],
  ])('an appeal decided: %s %p', (outcome, fields, expected) => {
    expectAfter(
      'person',
      ['PersonArrested', SENTENCED, 'AppealFiled', ['AppealDecided', { outcome, ...fields }]],
      expected,
    );
  });

  test('what belongs to a value comes with it', () => {
    const answers = after('person', [
      'PersonArrested',
      'SentenceHanded',
      ['AppealDecided', { outcome: 'varied', term: 'P1Y' }],
    ]);
    const detailOf = (axis: string): unknown => answers.find((answer) => answer.axis === axis)?.detail;
    expect(detailOf('verdict')).toEqual({ presence: 'present' });
    expect(detailOf('sentence')).toEqual({ penalty: 'custodial', term: 'P1Y', suspendedPart: 'P6M' });
    const [role] = after('person', ['RoleHeld']).filter(({ axis }) => axis === 'role');
    expect(role?.detail).toEqual({ role: 'spokesperson', group: ID.groupA });
  });

  test.each<[string, object, readonly [a: string, b: string, c: string], string]>([
    [
      'a release ends every hold that deprives',
      { reason: 'dropped', case: ID.caseA },
      ['none', 'none', 'wanted'],
      'wanted',
    ],
    ['so does one of no case', { reason: 'dropped' }, ['none', 'none', 'wanted'], 'wanted'],
    [
      'on bail it is that case alone',
      { reason: 'bail', case: ID.caseA },
      ['conditional-release', 'pretrial-detention', 'wanted'],
      'pretrial-detention',
    ],
    ['on bail, in whichever case', { reason: 'bail' }, ['none', 'none', 'wanted'], 'wanted'],
  ])('of several cases: %s; what another court wants stays', (_, release, holds, liberty) => {
    const answers = after('person', [
      ['PersonArrested', { case: ID.caseA }],
      ['PretrialDetentionOrdered', { case: ID.caseB }],
      ['WarrantIssued', { case: ID.decisionA }],
      ['PersonReleased', release],
    ]);
    const found = answers.filter(({ axis }) => axis === 'hold');
    expect(Object.fromEntries(found.map((hold) => [hold.case, hold.value]))).toEqual({
      [ID.caseA]: holds[0],
      [ID.caseB]: holds[1],
      [ID.decisionA]: holds[2],
    });
    expect(valueOf(answers, 'liberty')).toBe(liberty);
  });

  test('states that are presupposed are attested', () => {
    const attested = (type: string, fields: object = {}): unknown => {
      const record = new RecordInMemory();
      record.put('person', ID.personA, { id: 'a', type, data: like(type, fields) });
      return statusFacts(record.state('person', ID.personA), () => true)[0]?.attests;
    };
    const deprivation = [{ axis: 'hold', values: DEPRIVED }];
    expect(attested('PersonReleased')).toEqual(deprivation);
    expect(attested('PersonEscaped')).toEqual(deprivation);
    expect(attested('PersonDied')).toEqual(deprivation);
    expect(attested('PersonDied', { inCustody: undefined })).toEqual([]);
  });

  test('procedures presuppose what comes before them', () => {
    const order = (type: string, fields: object = {}): unknown => {
      const record = new RecordInMemory();
      record.put('person', ID.personA, { id: 'a', type, data: like(type, fields) });
      const [fact] = statusFacts(record.state('person', ID.personA), () => true);
      return [fact?.kind, fact?.presupposes];
    };
    expect(order('PersonCharged')).toEqual(['charge', []]);
    expect(order('TrialOpened')).toEqual(['trial', ['charge']]);
    expect(order('SentenceHanded')).toEqual(['sentence', []]);
    expect(order('AppealFiled')).toEqual(['appeal', ['sentence']]);
    expect(order('AppealDecided')).toEqual(['appeal-decision', ['sentence']]);
    expect(order('PardonGranted')).toEqual(['pardon', ['sentence']]);
    expect(order('PersonReleased')).toEqual(['other', ['sentence']]);
    expect(order('PersonReleased', { reason: 'pardon' })).toEqual(['other', ['sentence']]);
    expect(order('PersonReleased', { reason: 'bail' })).toEqual(['other', []]);
  });
});

describe('of a group', () => {
  test.each<[string, readonly Step[], Readonly<Record<string, unknown>>]>([
    ['founded', ['GroupFounded'], { activity: 'active', registration: 'unknown' }],
    ['announced', ['FormationAnnounced'], { registration: 'announced' }],
    ['a name reserved', ['NameReserved'], { registration: 'unknown' }],
    ['notified', ['FormationNotified'], { registration: 'notified' }],
    ['acknowledged', ['FormationNotified', 'NotificationAcknowledged'], { registration: 'acknowledged' }],
    ['permitted', ['FormationPermitted'], { registration: 'formation-permitted' }],
    ['refused', ['FormationRefused'], { registration: 'formation-refused' }],
    ['collecting', ['SupportCollected'], { registration: 'collecting' }],
    ['collecting when permitted', ['FormationPermitted', 'SupportCollected'], { registration: 'collecting' }],
    ['collecting once submitted', ['PartyRegistrationSubmitted', 'SupportCollected'], { registration: 'submitted' }],
    ['support verified', [['SupportCollected', { as: 'verified' }]], { registration: 'unknown' }],
    ['intending', ['SupportCollected', 'PartyRegistrationIntended'], { registration: 'collecting' }],
    ['submitted', ['SupportCollected', 'PartyRegistrationSubmitted'], { registration: 'submitted' }],
    ['deficient', ['PartyRegistrationSubmitted', 'DeficiencyNotified'], { registration: 'deficient' }],
    ['under review', ['RegistrationReviewOpened'], { registration: 'under-review' }],
    ['objected to', ['RegistrationReviewOpened', 'ObjectionFiled'], { registration: 'under-review' }],
    [
      'registered for the time being',
      [['PartyRegistered', { until: undefined }]],
      { registration: 'provisionally-registered' },
    ],
    ['registered', [['PartyRegistered', { level: 'full' }]], { registration: 'registered' }],
    ['rejected', ['PartyRegistrationRejected'], { registration: 'rejected' }],
    ['withdrawn', ['RegistrationWithdrawn'], { registration: 'withdrawn' }],
    ['lapsed', ['RegistrationLapsed'], { registration: 'lapsed' }],
    ['restored to a state', ['RegistrationLapsed', 'RegistrationRestored'], { registration: 'registered' }],
    [
      'restored',
      ['RegistrationReviewOpened', 'RegistrationLapsed', ['RegistrationRestored', { state: undefined }]],
      { registration: 'under-review' },
    ],
    [
      'appealing',
      ['PartyRegistrationRejected', 'RegistrationAppealFiled'],
      { registration: 'rejected', appeal: 'pending' },
    ],
    [
      'winning',
      ['PartyRegistrationRejected', 'RegistrationAppealFiled', 'RegistrationAppealDecided'],
      { registration: 'registered', appeal: 'decided' },
    ],
    [
      'losing',
      ['PartyRegistrationRejected', ['RegistrationAppealDecided', { result: undefined }]],
      { registration: 'rejected', appeal: 'decided' },
    ],
    [
      'suspended',
      [
        ['PartyRegistered', { level: 'full' }],
        ['PartySuspended', { until: undefined }],
      ],
      { registration: 'suspended' },
    ],
    [
      'back',
      [['PartyRegistered', { level: 'full' }], 'PartySuspended', 'SuspensionLifted'],
      { registration: 'registered' },
    ],
    ['never suspended', [['PartyRegistered', { level: 'full' }], 'SuspensionLifted'], { registration: 'registered' }],
    ['dissolved', ['PartyDissolved'], { registration: 'dissolved' }],
    ['struck off', ['PartyDeregistered'], { registration: 'deregistered' }],
    ['merged', ['GroupMerged'], { registration: 'merged' }],
    ['split, renamed, counted', ['GroupFounded', 'GroupSplit', 'GroupRenamed', 'SizeReported'], { activity: 'active' }],
    ['halted', ['GroupFounded', 'ActivityHalted'], { activity: 'halted' }],
    ['resumed', ['ActivityHalted', 'ActivityResumed'], { activity: 'active' }],
    ['standing', ['ElectionEntryFiled'], { electionEntry: 'national assembly 2018: filed' }],
    [
      'not standing',
      ['ElectionEntryFiled', 'ElectionEntryDecided'],
      { electionEntry: 'national assembly 2018: refused' },
    ],
    [
      'called names, with plans',
      ['LabelApplied', 'IntentionAnnounced'],
      { registration: 'unknown', activity: 'unknown' },
    ],
  ])('%s', (_, steps, expected) => {
    expectAfter('group', steps, expected);
  });

  test('suspensions and provisional registrations say until when', () => {
    for (const type of ['PartyRegistered', 'PartySuspended']) {
      const [registration] = after('group', [[type, { until: '2004-12' }]]).filter(
        ({ axis }) => axis === 'registration',
      );
      expect(registration).toMatchObject({ detail: { until: '2004-12' }, certain: false, reason: 'stale' });
    }
  });
});
