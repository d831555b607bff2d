/** Every decision: what is accepted, and what is refused with which code. */
import { catalogue } from '../catalogue/catalogue.js';
import type { Category } from '../catalogue/category.js';
import { EXAMPLE_IDS as ID, examples } from '../examples/index.js';
import { sourceOf } from '../source/record.js';
import { REFUSAL_CODES } from '../validation/refusal-codes.js';
import { factsOf } from './ledger.js';
import { decideMoved, planMove } from './move.js';
import { aRecord, definition, like, RecordInMemory, RECORDER, refusals, REVIEWER } from './spec-support.js';

const NOBODY = '99999999-0000-4000-8000-000000000000';

/** A record in which person A was arrested, under the id that the examples name. */
function withArrest(): RecordInMemory {
  const record = aRecord();
  record.given('person', ID.personA, 'PersonArrested', {}, { id: ID.factA });
  return record;
}

function onPersonA(record: RecordInMemory, type: string, fields: object = {}, by = RECORDER): readonly string[] {
  return refusals(record.when('person', ID.personA, type, like(type, fields), { by }));
}

describe('every event of the catalogue', () => {
  const subjects: Readonly<Record<Category, string>> = {
    person: ID.personA,
    group: ID.groupA,
    case: ID.caseA,
    statement: ID.statementA,
    source: ID.sourceA,
  };

  /** What acts name, by the kind of subject: a fact where there are facts, else what can be corrected or withdrawn. */
  const named: Readonly<Record<Category, string>> = {
    person: 'PersonArrested',
    group: 'GroupFounded',
    case: 'CasesJoined',
    statement: 'SpeakerDeniedStatement',
    source: 'SourceGone',
  };

  /** How an act of the examples, which speak of a person, looks on another kind of subject. */
  function fitting(type: string, category: Category): object {
    if (category === 'case') return type === 'FactCorrected' ? { fact: ID.caseA, data: like('CaseEntered') } : {};
    if (type === 'FactCorrected') return { data: like(named[category]) };
    if (type === 'FactMoved') return { to: { [category]: category === 'person' ? ID.personB : ID.groupB } };
    const alternative = { subject: { group: ID.groupB }, data: like('GroupFounded') };
    if (type === 'FactDisputed' && category !== 'person')
      return { alternative: category === 'group' ? alternative : undefined };
    return {};
  }

  test.each(catalogue.map(({ type }) => [type]))('%s: its example is accepted, on every kind of subject', (type) => {
    const { categories, role } = definition(type);
    for (const category of categories) {
      const record = aRecord();
      const put = (kind: Category, id: string, of: string): void => {
        record.put(kind, subjects[kind], { id, type: of, data: like(of) });
      };
      put(category, ID.factA, named[category]);
      put(category, ID.factB, named[category]);
      put('person', ID.factA, named.person);
      put('case', ID.caseA, 'CaseEntered');
      put(category, ID.disputeA, 'FactDisputed');
      put(category, ID.judgementA, type === 'IdentityJudgementRevoked' ? 'IdentityJudged' : 'FactsJudgedSame');
      const subject = role === 'entry' ? NOBODY : subjects[category];
      const result = record.when(category, subject, type, like(type, fitting(type, category)), { by: REVIEWER });
      expect({ category, refusals: refusals(result) }).toEqual({ category, refusals: [] });
    }
  });
});

describe('subjects', () => {
  test('a subject is entered once', () => {
    const record = aRecord();
    expect(onPersonA(record, 'PersonEntered')).toEqual(['already-exists']);
  });

  test.each<[Category, string, string]>([
    ['person', 'PersonArrested', 'person-not-found'],
    ['group', 'GroupFounded', 'group-not-found'],
    ['case', 'CasesJoined', 'case-not-found'],
    ['statement', 'SpeakerDeniedStatement', 'statement-not-found'],
    ['source', 'SourceGone', 'source-not-found'],
  ])('nothing is recorded of a %s that was never entered', (kind, type, code) => {
    expect(refusals(aRecord().when(kind, NOBODY, type, like(type)))).toEqual([code]);
  });

  test.each<[string, string, object, string]>([
    ['person', 'PardonRequested', { by: { person: NOBODY } }, 'person-not-found /by/person'],
    ['group', 'RoleHeld', { organisation: { group: NOBODY } }, 'group-not-found /organisation/group'],
    ['case', 'PersonArrested', { case: NOBODY }, 'case-not-found /case'],
    ['source', 'PersonArrested', { citations: [{ sourceId: NOBODY }] }, 'source-not-found /citations/0/sourceId'],
  ])('a %s that a fact names has to be there', (_, type, fields, expected) => {
    expect(onPersonA(aRecord(), type, fields)).toEqual([expected]);
  });

  test('every subject that is missing is told', () => {
    const fields = { case: NOBODY, by: { group: NOBODY } };
    expect(onPersonA(aRecord(), 'PersonArrested', fields).toSorted()).toEqual([
      'case-not-found /case',
      'group-not-found /by/group',
    ]);
  });
});

describe('citations', () => {
  function cited(citation: object): unknown {
    const result = aRecord().when(
      'person',
      ID.personA,
      'PersonArrested',
      like('PersonArrested', { citations: [citation] }),
    );
    return result.ok ? (result.value[0]?.data.citations as readonly unknown[])[0] : refusals(result);
  }

  test('words of a held text become their place, in code points', () => {
    expect(
      cited({ sourceId: ID.sourceA, quote: { exact: 'was arrested', prefix: 'Person A ' }, locator: 'p. 1' }),
    ).toEqual({
      sourceId: ID.sourceA,
      locator: 'p. 1',
      at: { start: 9, end: 21, version: 1 },
      published: '2019-03-31',
    });
  });

  test('words of a text that is not held are kept', () => {
    const citation = { sourceId: ID.sourceB, quote: { exact: 'anything' } };
    expect(cited(citation)).toEqual({ ...citation, published: '2019-03-31' });
  });

  test.each([
    ['words that are not there', { exact: 'was released' }],
    ['words in another case', { exact: 'WAS ARRESTED' }],
    ['words behind something else', { exact: 'was arrested', prefix: 'Person B ' }],
    ['words before something else', { exact: 'was arrested', suffix: ' in Town B' }],
  ])('%s are refused', (_, quote) => {
    expect(cited({ sourceId: ID.sourceA, quote })).toEqual(['quote-not-in-source /citations/0/quote/exact']);
  });

  test('a source without a date of publication says nothing of it', () => {
    const record = aRecord();
    record.given('source', NOBODY, 'SourceEntered', { published: '2019/..' });
    const result = record.when(
      'person',
      ID.personA,
      'PersonArrested',
      like('PersonArrested', { citations: [{ sourceId: NOBODY }] }),
    );
    expect(result).toMatchObject({ ok: true, value: [{ data: { citations: [{ sourceId: NOBODY }] } }] });
    expect(JSON.stringify(result)).not.toContain('"published"');
  });

  test('citations inside of a correction and of another reading are resolved too', () => {
    const record = withArrest();
    const inner = like('PersonArrested', { citations: [{ sourceId: ID.sourceA, quote: { exact: 'nowhere' } }] });
    expect(onPersonA(record, 'FactCorrected', { data: inner })).toEqual([
      'quote-not-in-source /data/citations/0/quote/exact',
    ]);
    const alternative = { subject: { person: ID.personB }, data: inner };
    expect(onPersonA(record, 'FactDisputed', { alternative })).toEqual([
      'quote-not-in-source /alternative/data/citations/0/quote/exact',
    ]);
    const result = record.when('person', ID.personA, 'FactDisputed', like('FactDisputed'));
    expect(result).toMatchObject({
      value: [{ data: { alternative: { data: { citations: [{ at: { start: 9 } }] } } } }],
    });
  });
});

describe('days', () => {
  test.each([
    ['today in the zone furthest ahead', '2026-01-16', []],
    ['this month', '2026-01', []],
    ['an interval that has begun', '2026-01-01/2027', []],
    ['an open interval', '2018-11-20/..', []],
    ['tomorrow', '2026-01-17', ['occurred-in-future /occurred']],
    ['next month', '2026-02', ['occurred-in-future /occurred']],
    ['next year, about', '2028~', ['occurred-in-future /occurred']],
  ])('%s', (_, occurred, expected) => {
    expect(onPersonA(aRecord(), 'PersonArrested', { occurred })).toEqual(expected);
  });

  test('what is planned may lie ahead, saying so may not', () => {
    expect(onPersonA(aRecord(), 'IntentionAnnounced', { plannedFor: '2030' })).toEqual([]);
    expect(onPersonA(aRecord(), 'IntentionAnnounced', { occurred: '2030' })).toEqual(['occurred-in-future /occurred']);
  });

  test('neither does another reading, an account or a correction lie ahead', () => {
    const record = withArrest();
    const data = like('PersonArrested', { occurred: '2030' });
    expect(onPersonA(record, 'AccountAdded', { occurred: '2030' })).toEqual(['occurred-in-future /occurred']);
    expect(onPersonA(record, 'FactCorrected', { data })).toEqual(['occurred-in-future /data/occurred']);
    const alternative = { subject: { person: ID.personB }, data };
    expect(onPersonA(record, 'FactDisputed', { alternative })).toEqual([
      'occurred-in-future /alternative/data/occurred',
    ]);
  });

  test('a fact is not after itself', () => {
    const record = withArrest();
    const result = record.when('person', ID.personA, 'PersonArrested', like('PersonArrested', { after: [ID.factB] }), {
      id: ID.factB,
    });
    expect(refusals(result)).toEqual(['refers-to-itself /after/0']);
    const data = like('PersonArrested', { after: [NOBODY, ID.factA] });
    expect(onPersonA(record, 'FactCorrected', { data })).toEqual(['refers-to-itself /data/after/1']);
  });

  test('a fact may be after one that is not on record: reports come out of order', () => {
    expect(onPersonA(aRecord(), 'PersonReleased', { after: [NOBODY] })).toEqual([]);
  });
});

describe('corrections', () => {
  test('the new payload is checked by the class of the fact', () => {
    const record = withArrest();
    const data = like('PersonArrested', { place: 1, colour: 'blue', basis: undefined });
    expect(onPersonA(record, 'FactCorrected', { data })).toEqual([
      'unknown-field /data/colour',
      'missing-field /data/basis',
      'wrong-type /data/place',
    ]);
  });

  test('a correction can be corrected, by a payload of the fact', () => {
    const record = withArrest();
    const correction = record.given('person', ID.personA, 'FactCorrected');
    expect(onPersonA(record, 'FactCorrected', { fact: correction })).toEqual([]);
    expect(onPersonA(record, 'FactCorrected', { fact: correction, data: { place: 'Town A' } })).toContain(
      'missing-field /data/basis',
    );
  });

  test('a correction says what its payload is', () => {
    const record = withArrest();
    const result = record.when('person', ID.personA, 'FactCorrected', like('FactCorrected'));
    expect(result).toMatchObject({ value: [{ data: { factType: { type: 'PersonArrested', schemaVersion: 1 } } }] });
  });

  test('an entry can be corrected, not withdrawn', () => {
    const record = new RecordInMemory();
    record.given('source', ID.sourceA, 'SourceEntered');
    const entry = record.given('person', ID.personA, 'PersonEntered');
    expect(onPersonA(record, 'FactCorrected', { fact: entry, data: like('PersonEntered') })).toEqual([]);
    expect(onPersonA(record, 'FactRetracted', { fact: entry })).toEqual(['not-correctable /fact']);
  });

  test('what is not there is not corrected', () => {
    expect(onPersonA(withArrest(), 'FactCorrected', { fact: ID.factB })).toEqual(['fact-not-found /fact']);
  });

  test('a fact of another stream is not there', () => {
    const record = withArrest();
    const result = record.when('person', ID.personB, 'FactCorrected', like('FactCorrected'));
    expect(refusals(result)).toEqual(['fact-not-found /fact']);
  });

  test('what was withdrawn is not corrected, until the withdrawal is withdrawn', () => {
    const record = withArrest();
    const retraction = record.given('person', ID.personA, 'FactRetracted');
    expect(onPersonA(record, 'FactCorrected')).toEqual(['fact-already-withdrawn /fact']);
    record.given('person', ID.personA, 'FactRetracted', { fact: retraction });
    expect(onPersonA(record, 'FactCorrected')).toEqual([]);
  });

  test('a correction of a withdrawn fact is not corrected either', () => {
    const record = withArrest();
    const correction = record.given('person', ID.personA, 'FactCorrected');
    record.given('person', ID.personA, 'FactRetracted');
    expect(onPersonA(record, 'FactCorrected', { fact: correction })).toEqual(['fact-already-withdrawn /fact']);
  });

  test('neither is a correction of a withdrawn correction', () => {
    const record = withArrest();
    const first = record.given('person', ID.personA, 'FactCorrected');
    const second = record.given('person', ID.personA, 'FactCorrected', { fact: first });
    record.given('person', ID.personA, 'FactRetracted', { fact: first });
    expect(onPersonA(record, 'FactCorrected', { fact: second })).toEqual(['fact-already-withdrawn /fact']);
    expect(onPersonA(record, 'FactCorrected')).toEqual([]);
  });

  test('judgements and disputes are withdrawn, not corrected', () => {
    const record = withArrest();
    const dispute = record.given('person', ID.personA, 'FactDisputed');
    expect(onPersonA(record, 'FactCorrected', { fact: dispute, data: like('FactDisputed') })).toEqual([
      'not-correctable /fact',
    ]);
    expect(onPersonA(record, 'FactRetracted', { fact: dispute })).toEqual([]);
    expect(onPersonA(record, 'FactRetracted', { fact: dispute })).toEqual(['fact-already-withdrawn /fact']);
  });

  test('subjects that the new payload names have to be there', () => {
    const data = like('PersonArrested', { by: { group: NOBODY } });
    expect(onPersonA(withArrest(), 'FactCorrected', { data })).toEqual(['group-not-found /data/by/group']);
  });
});

describe('retractions', () => {
  test('once', () => {
    const record = withArrest();
    expect(onPersonA(record, 'FactRetracted')).toEqual([]);
    expect(onPersonA(record, 'FactRetracted')).toEqual(['fact-already-withdrawn /fact']);
  });

  test('nothing that is not there', () => {
    expect(onPersonA(aRecord(), 'FactRetracted')).toEqual(['fact-not-found /fact']);
  });

  test('held text is not withdrawn: positions count on it', () => {
    const record = aRecord();
    const part = record.given('source', ID.sourceA, 'SourceTextContinued');
    const result = record.when('source', ID.sourceA, 'FactRetracted', like('FactRetracted', { fact: part }));
    expect(refusals(result)).toEqual(['not-correctable /fact']);
  });
});

describe('moves', () => {
  test('the fact is recorded at the target as corrected, then withdrawn here; both name each other', () => {
    const record = withArrest();
    record.given('person', ID.personA, 'FactCorrected', {
      data: like('PersonArrested', { place: 'Town C', after: [NOBODY] }),
    });
    const move = like('FactMoved');
    const planned = planMove(record.state('person', ID.personA), move, record.context());
    if (!planned.ok) throw new Error(JSON.stringify(planned.error));
    expect(planned.value.target).toEqual({ kind: 'person', id: ID.personB });
    expect(planned.value.data).toMatchObject({ place: 'Town C', movedFrom: { person: ID.personA, fact: ID.factA } });
    expect(planned.value.data).not.toHaveProperty('after');

    const there = decideMoved(planned.value, record.state('person', ID.personB), record.context({ id: ID.factB }));
    expect(there).toMatchObject({ ok: true, value: [{ id: ID.factB, type: 'PersonArrested' }] });
    if (there.ok && there.value[0] !== undefined) record.put('person', ID.personB, there.value[0]);
    expect(factsOf(record.state('person', ID.personB))).toMatchObject([{ id: ID.factB, standing: 'standing' }]);

    record.given('person', ID.personA, 'FactMoved');
    expect(factsOf(record.state('person', ID.personA))).toMatchObject([{ id: ID.factA, standing: 'moved' }]);
    expect(onPersonA(record, 'FactCorrected')).toEqual(['fact-already-withdrawn /fact']);

    // A correction at the new place does not lose where the fact came from.
    const corrected = record.when('person', ID.personB, 'FactCorrected', like('FactCorrected', { fact: ID.factB }));
    expect(corrected).toMatchObject({ value: [{ data: { data: { movedFrom: { fact: ID.factA } } } }] });
  });

  test('the withdrawal here says where the fact went', () => {
    const record = withArrest();
    const state = record.state('person', ID.personA);
    const context = { ...record.context(), movedTo: ID.factB };
    const planned = planMove(state, like('FactMoved'), context);
    expect(planned.ok).toBe(true);
    expect(like('FactMoved')).not.toHaveProperty('movedTo');
  });

  test.each([
    ['to the very subject', { to: { person: ID.personA } }, 'refers-to-itself /to'],
    ['to a kind of subject that never has such facts', { to: { group: ID.groupA } }, 'invalid-value /to'],
    ['to nobody', { to: { person: NOBODY } }, 'person-not-found /to/person'],
    ['of a fact that is not there', { fact: ID.factB }, 'fact-not-found /fact'],
  ])('%s', (_, fields, expected) => {
    const record = withArrest();
    expect(onPersonA(record, 'FactMoved', fields)).toEqual([expected]);
    const planned = planMove(record.state('person', ID.personA), like('FactMoved', fields), record.context());
    expect(refusals(planned)).toEqual([expected]);
  });

  test('the target is looked at again when the fact is recorded there', () => {
    const record = withArrest();
    const planned = planMove(record.state('person', ID.personA), like('FactMoved'), record.context());
    if (!planned.ok) throw new Error('refused');
    expect(refusals(decideMoved(planned.value, undefined, record.context()))).toEqual(['person-not-found /to']);
  });
});

describe('verification', () => {
  test('by another', () => {
    expect(onPersonA(withArrest(), 'FactVerified', {}, REVIEWER)).toEqual([]);
  });

  test('never by the recorder', () => {
    expect(onPersonA(withArrest(), 'FactVerified')).toEqual(['verified-by-recorder /fact']);
  });

  test('never by one who corrected it', () => {
    const record = withArrest();
    record.given('person', ID.personA, 'FactCorrected', {}, { by: REVIEWER });
    expect(onPersonA(record, 'FactVerified', {}, REVIEWER)).toEqual(['verified-by-recorder /fact']);
    expect(onPersonA(record, 'FactVerified', {}, 'third')).toEqual([]);
  });

  test('of a fact alone', () => {
    const record = withArrest();
    const dispute = record.given('person', ID.personA, 'FactDisputed');
    expect(onPersonA(record, 'FactVerified', { fact: dispute }, REVIEWER)).toEqual(['fact-not-found /fact']);
    expect(onPersonA(record, 'FactVerified', { fact: NOBODY }, REVIEWER)).toEqual(['fact-not-found /fact']);
  });
});

describe('disputes', () => {
  test('another reading is checked by the class of the fact, and told of a subject that may have it', () => {
    const record = withArrest();
    const reading = (subject: object, fields: object = {}): object => ({
      alternative: { subject, data: like('PersonArrested', fields) },
    });
    expect(onPersonA(record, 'FactDisputed', reading({ person: ID.personB }, { place: 1 }))).toEqual([
      'wrong-type /alternative/data/place',
    ]);
    expect(onPersonA(record, 'FactDisputed', reading({ group: ID.groupA }))).toEqual([
      'invalid-value /alternative/subject',
    ]);
    expect(onPersonA(record, 'FactDisputed', reading({ person: NOBODY }))).toEqual([
      'person-not-found /alternative/subject/person',
    ]);
    expect(onPersonA(record, 'FactDisputed', reading({ person: ID.personA }, { place: 'Town B' }))).toEqual([]);
  });

  test('only what is open is settled', () => {
    const record = withArrest();
    const settle = (fields: object): readonly string[] => onPersonA(record, 'DisputeSettled', fields);
    expect(settle({ dispute: undefined })).toEqual(['dispute-not-open /fact']);
    const dispute = record.given('person', ID.personA, 'FactDisputed');
    expect(settle({ dispute: NOBODY })).toEqual(['dispute-not-open /dispute']);
    expect(settle({ dispute, outcome: 'undetermined' })).toEqual([]);
    expect(settle({ dispute, outcome: 'rejected' })).toEqual([]);
    expect(settle({ dispute, outcome: 'upheld' })).toEqual(['dispute-not-open /dispute']);
  });

  test('a fact whose dispute was upheld is withdrawn', () => {
    const record = withArrest();
    const dispute = record.given('person', ID.personA, 'FactDisputed');
    const settlement = record.given('person', ID.personA, 'DisputeSettled', { dispute, outcome: 'upheld' });
    expect(onPersonA(record, 'FactCorrected')).toEqual(['fact-already-withdrawn /fact']);
    expect(onPersonA(record, 'FactRetracted', { fact: settlement })).toEqual([]);
    expect(onPersonA(record, 'FactCorrected')).toEqual([]);
  });
});

describe('judgements', () => {
  test('facts of one type may be one', () => {
    const record = withArrest();
    record.given('person', ID.personA, 'PersonArrested', {}, { id: ID.factB });
    expect(onPersonA(record, 'FactsJudgedSame')).toEqual([]);
  });

  test('facts of different types are not', () => {
    const record = withArrest();
    record.given('person', ID.personA, 'PersonEscaped', {}, { id: ID.factB });
    expect(onPersonA(record, 'FactsJudgedSame')).toEqual(['invalid-value /facts/1']);
  });

  test('each has to be there', () => {
    expect(onPersonA(withArrest(), 'FactsJudgedSame')).toEqual(['fact-not-found /facts/1']);
  });

  test('a judgement is revoked once, and as what it is', () => {
    const record = withArrest();
    record.given('person', ID.personA, 'PersonArrested', {}, { id: ID.factB });
    const judgement = record.given('person', ID.personA, 'FactsJudgedSame');
    expect(onPersonA(record, 'IdentityJudgementRevoked', { judgement })).toEqual(['not-judged /judgement']);
    expect(onPersonA(record, 'FactsJudgementRevoked', { judgement })).toEqual([]);
    expect(onPersonA(record, 'FactsJudgementRevoked', { judgement })).toEqual(['not-judged /judgement']);
  });

  test('nobody is judged against themselves', () => {
    expect(onPersonA(aRecord(), 'IdentityJudged', { person: ID.personA })).toEqual(['refers-to-itself /person']);
    expect(onPersonA(aRecord(), 'IdentityJudged', { person: NOBODY })).toEqual(['person-not-found /person']);
    const result = aRecord().when('case', ID.caseA, 'CasesJoined', like('CasesJoined', { other: ID.caseA }));
    expect(refusals(result)).toEqual(['refers-to-itself /other']);
  });
});

describe('cases', () => {
  test('a fact is assigned if that person has it', () => {
    const record = withArrest();
    const assign = (fields: object): readonly string[] =>
      refusals(record.when('case', ID.caseA, 'FactAssignedToCase', like('FactAssignedToCase', fields)));
    expect(assign({})).toEqual([]);
    expect(assign({ fact: ID.factB })).toEqual(['fact-not-found /fact']);
    expect(assign({ person: ID.personB })).toEqual(['fact-not-found /fact']);
    expect(assign({ person: NOBODY })).toEqual(['person-not-found /person']);
  });
});

describe('visibility', () => {
  test('of the subject, of a fact, not of what is not there', () => {
    const record = withArrest();
    expect(onPersonA(record, 'VisibilityChanged', { fact: undefined })).toEqual([]);
    expect(onPersonA(record, 'VisibilityChanged')).toEqual([]);
    expect(onPersonA(record, 'VisibilityChanged', { fact: NOBODY })).toEqual(['fact-not-found /fact']);
  });
});

describe('sources', () => {
  test('the hash of a text is computed over what is kept', () => {
    const record = new RecordInMemory();
    record.given('source', ID.sourceA, 'SourceEntered', { text: 'Cafe\u0301\r\n' });
    const source = sourceOf(record.state('source', ID.sourceA));
    expect(source?.text).toBe('Café\n');
    // printf 'Caf\xc3\xa9\n' | sha256sum
    expect(source?.sha256).toBe('ab4ff0780be67e1eef32bd012331f8896311f5fbe326c1d65dc542b99987aca3');
  });

  test('another hash beside a text is refused', () => {
    const json = like('SourceEntered', { sha256: '0'.repeat(64) });
    expect(refusals(new RecordInMemory().when('source', NOBODY, 'SourceEntered', json))).toEqual([
      'invalid-value /sha256',
    ]);
  });

  test('a hash without a text is taken as it is', () => {
    const json = like('SourceEntered', { sha256: '0'.repeat(64), text: undefined });
    expect(refusals(new RecordInMemory().when('source', NOBODY, 'SourceEntered', json))).toEqual([]);
  });

  test('a long text is continued, and words may reach over the seam', () => {
    const record = aRecord();
    const json = like('SourceTextContinued', { text: '\nIt will do so in May.' });
    const result = record.when('source', ID.sourceA, 'SourceTextContinued', json);
    expect(result).toMatchObject({
      ok: true,
      value: [{ data: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string } }],
    });
    const quote = { exact: 'register.\nIt will' };
    expect(onPersonA(record, 'PersonArrested', { citations: [{ sourceId: ID.sourceA, quote }] })).toEqual([]);
  });

  test('a part that would not fit the log is refused', () => {
    const json = like('SourceEntered', { text: '😀'.repeat(100_000) });
    expect(refusals(new RecordInMemory().when('source', NOBODY, 'SourceEntered', json))).toEqual([
      'payload-too-large /text',
    ]);
  });

  test('a correction of details says at least one', () => {
    const json = { reason: 'None.' };
    expect(refusals(aRecord().when('source', ID.sourceA, 'SourceDetailsCorrected', json))).toEqual(['missing-field']);
  });

  test('details count as corrected last, and as before where that is withdrawn', () => {
    const record = aRecord();
    const correction = record.given('source', ID.sourceA, 'SourceDetailsCorrected');
    expect(sourceOf(record.state('source', ID.sourceA))).toMatchObject({
      title: 'Article A, second edition',
      published: '2019-02',
    });
    record.given('source', ID.sourceA, 'FactRetracted', { fact: correction });
    expect(sourceOf(record.state('source', ID.sourceA))).toMatchObject({ title: 'Article A', lang: 'en' });
  });

  test('the hash of a document may be corrected, that of a held text only to what it is', () => {
    const record = aRecord();
    const sha256 = 'a'.repeat(64);
    const json = { sha256, reason: 'Of the paper.' };
    expect(refusals(record.when('source', ID.sourceA, 'SourceDetailsCorrected', json))).toEqual([
      'invalid-value /sha256',
    ]);
    expect(refusals(record.when('source', ID.sourceB, 'SourceDetailsCorrected', json))).toEqual([]);
    expect(sourceOf(record.state('source', ID.sourceB))).toMatchObject({ sha256 });
  });

  test('a source does not depend on itself', () => {
    const json = like('SourceDependsOn', { other: ID.sourceA });
    expect(refusals(aRecord().when('source', ID.sourceA, 'SourceDependsOn', json))).toEqual([
      'refers-to-itself /other',
    ]);
  });
});

test('a refused payload is refused again, an accepted one decides the same events again', () => {
  const once = (): unknown =>
    withArrest().when('person', ID.personA, 'FactRetracted', examples.FactRetracted, { id: ID.factB });
  expect(once()).toEqual(once());
});

test('every code of the table has a meaning and says what to do', () => {
  for (const info of Object.values(REFUSAL_CODES)) {
    expect(info.meaning).toMatch(/\.$/);
    expect(info.whatToDo).toMatch(/\.$/);
  }
});
