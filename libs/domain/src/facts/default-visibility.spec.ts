/** The table of test/fixtures/visibility.txt says what each event is by default; this says what depends on the record. */
import type { Visibility } from '#kernel';
import type { Data } from '../catalogue/definition.js';
import { EXAMPLE_IDS as ID } from '../examples/index.js';
import { type OfficeVisibility, visibilityByDefault } from './default-visibility.js';
import { decideMoved, planMove } from './move.js';
import { visibilityOf } from './levels.js';
import { aRecord, like, type RecordInMemory, type Who } from './spec-support.js';

/** When everything in these records was recorded: the 16th by the calendar furthest ahead, which bounds go by. */
const NOW = new Date('2026-01-15T12:00:00.000Z');

let record: RecordInMemory;
beforeEach(() => {
  record = aRecord();
});

const born = (value: string): object => ({ attribute: 'birth-date', value });

/** What an event of person A would be, if it were recorded now. */
function byDefault(type: string, fields: object = {}, office: OfficeVisibility = 'public'): Visibility {
  const bare = { note: undefined, place: undefined, by: undefined, circumstances: undefined };
  return visibilityByDefault(office, record.state('person', ID.personA), [event(type, { ...bare, ...fields })], NOW);
}

function event(type: string, fields: object): { id: string; type: string; data: Data } {
  return { id: 'x', type, data: like(type, fields) };
}

test('an office whose default is internal has everything internal', () => {
  for (const type of ['PersonCharged', 'AsylumSought']) expect(byDefault(type, {}, 'internal')).toBe('internal');
});

test('one whose default is public has what was done in the open public, and what may endanger somebody inside', () => {
  expect(byDefault('PersonArrested')).toBe('public');
  expect(byDefault('PersonArrested', { by: { name: 'Officer C' } })).toBe('internal');
  expect(byDefault('PersonArrested', { place: 'At home' })).toBe('internal');
  expect(byDefault('AsylumSought')).toBe('internal');
});

test('a payload inside of another counts as if it stood by itself', () => {
  const correction = (type: string, data: object): Visibility =>
    byDefault('FactCorrected', { factType: { type, schemaVersion: 1 }, data });
  expect(correction('PersonArrested', {})).toBe('public');
  expect(correction('PersonArrested', { place: 'At home' })).toBe('internal');
  expect(correction('AsylumSought', {})).toBe('internal');
  const alternative = (data: object): Visibility =>
    byDefault('FactDisputed', {
      factType: { type: 'PersonArrested', schemaVersion: 1 },
      alternative: { subject: {}, data },
    });
  expect(alternative({})).toBe('public');
  expect(alternative({ note: 'heard of' })).toBe('internal');
});

describe('a person who by a birth date on record may be under 18', () => {
  test.each<[string, Visibility]>([
    ['2008-01-17', 'internal'],
    ['2008-01-16', 'public'],
    ['2008-01', 'internal'],
    ['2008', 'internal'],
    ['2007', 'public'],
    ['2007~', 'internal'],
    ['[..2011]', 'internal'],
    ['[2001..]', 'public'],
    ['[2009..]', 'internal'],
    ['..', 'public'],
    ['some time in 2010', 'public'],
  ])('born %p: facts are %s', (value, expected) => {
    record.given('person', ID.personA, 'AttributeAsserted', born(value));
    expect(byDefault('PersonCharged')).toBe(expected);
  });

  test('is so by any of several birth dates, but not by one that was withdrawn or corrected', () => {
    const child = record.given('person', ID.personA, 'AttributeAsserted', born('2010'));
    record.given('person', ID.personA, 'AttributeAsserted', born('1990'));
    expect(byDefault('PersonCharged')).toBe('internal');
    const data = like('AttributeAsserted', born('2000'));
    const correction = record.given('person', ID.personA, 'FactCorrected', { fact: child, data });
    expect(byDefault('PersonCharged')).toBe('public');
    record.given('person', ID.personA, 'FactRetracted', { fact: correction });
    expect(byDefault('PersonCharged')).toBe('internal');
    record.given('person', ID.personA, 'FactRetracted', { fact: child });
    expect(byDefault('PersonCharged')).toBe('public');
  });

  test('has a birth date that is internal, also as a correction', () => {
    expect(byDefault('AttributeAsserted', born('2010'))).toBe('internal');
    expect(byDefault('AttributeAsserted', born('1990'))).toBe('public');
    expect(byDefault('AttributeAsserted', { attribute: 'nationality', value: '2010' })).toBe('public');
    const factType = { type: 'AttributeAsserted', schemaVersion: 1 };
    const corrected = (value: string): Visibility => byDefault('FactCorrected', { factType, data: born(value) });
    expect([corrected('2010'), corrected('1990')]).toEqual(['internal', 'public']);
  });

  describe('and whom everybody may see', () => {
    const PUBLIC: Who = { visibility: 'public' };
    const CHILD = 'aaaaaaaa-0000-4000-8000-000000000001';
    beforeEach(() => {
      record.given('person', CHILD, 'PersonEntered', {}, PUBLIC);
    });
    const visibility = (): Visibility => visibilityOf(record.state('person', CHILD));
    const recorded = (type: string, fields: object, who: Who = {}): readonly string[] => {
      const decided = record.when('person', CHILD, type, like(type, fields), who);
      return decided.ok ? decided.value.map((each) => each.type) : ['refused'];
    };

    test('is drawn back inside with the birth date', () => {
      expect(recorded('AttributeAsserted', born('2010'))).toEqual(['AttributeAsserted', 'VisibilityChanged']);
      expect(visibility()).toBe('internal');
    });

    test('or with a correction of it', () => {
      const fact = record.given('person', CHILD, 'AttributeAsserted', born('1990'));
      expect(visibility()).toBe('public');
      expect(recorded('FactCorrected', { fact, data: like('AttributeAsserted', born('2010')) })).toHaveLength(2);
      expect(visibility()).toBe('internal');
    });

    test('stays as they are if it is said that the birth date is public, or if they are of age', () => {
      expect(recorded('AttributeAsserted', born('2010'), PUBLIC)).toEqual(['AttributeAsserted']);
      expect(recorded('AttributeAsserted', born('1990'))).toEqual(['AttributeAsserted']);
      expect(visibility()).toBe('public');
    });

    test('is drawn back also by a birth date that is moved to them', () => {
      const fact = record.given('person', ID.personA, 'AttributeAsserted', born('2010'));
      const move = { fact, to: { person: CHILD }, reason: 'another of the same name' };
      const context = record.context();
      const plan = planMove(record.state('person', ID.personA), move, context);
      const moved = plan.ok ? decideMoved(plan.value, record.state('person', CHILD), context) : plan;
      expect(moved.ok && moved.value.map(({ type }) => type)).toEqual(['AttributeAsserted', 'VisibilityChanged']);
    });

    test('and are drawn back once: whoever makes them public again knows', () => {
      recorded('AttributeAsserted', born('2010'));
      record.given('person', CHILD, 'VisibilityChanged', { fact: undefined, visibility: 'public' });
      expect(recorded('AttributeAsserted', born('2011'))).toEqual(['AttributeAsserted']);
      expect(visibility()).toBe('public');
    });
  });
});
