/** The first case by the rules of the specification: its last section, and what the record must say of the three. */
import { computeStatus } from './compute.js';
import { arrest, day, fact, on, pick, release, sentence } from './test-support/facts.js';
import { COLLECTING_FROM } from './vocabulary.js';

const TODAY = day('2019-03-01');

const vy = [
  arrest('A', '2017-05'),
  sentence('S', undefined, { term: 'P18M', presence: 'unknown' }, { after: ['A'], disputed: true }),
  release('R', '2018-11-20', 'served'),
  fact('role', '[2018-11-20..]', [{ axis: 'role', key: 'spokesman of KNLF', set: 'held' }], { after: ['R'] }),
];

describe('a person arrested, sentenced at an unknown date (disputed) and released', () => {
  const status = computeStatus('person', vy);

  test('the sentence lies between arrest and release', () => {
    expect(status.bounds.get('S')).toEqual({ earliest: day('2017-05-01'), latest: day('2018-11-20') });
    expect(status.inconsistencies).toEqual([]);
  });

  test.each([
    ['2017-04-30', { certain: false, possible: false }],
    ['2017-05-15', { certain: false, possible: true }],
    ['2018-01-01', { certain: true, possible: true }],
    ['2018-11-19', { certain: true, possible: true }],
    ['2018-11-20', { certain: false, possible: false }],
    ['2017-06/2018-10', { certain: true, possible: true }],
    ['2018-11', { certain: false, possible: true }],
  ])('deprived on %s: %j', (when, expected) => {
    expect(on(status, when, 'liberty').groups.deprived).toEqual(expected);
  });

  test('in between, police custody and imprisonment are each possible, and the sentence is what decides', () => {
    const liberty = on(status, '2018-01-01', 'liberty');
    expect(liberty).toMatchObject({
      value: 'imprisoned',
      certain: false,
      possible: ['imprisoned', 'police-custody'],
      disputed: true,
      orderUncertain: false,
      restsOn: ['S'],
    });
    // Undated: not given, but known to lie within.
    expect(liberty.since).toBeUndefined();
    expect(liberty.sinceBounds).toEqual({ earliest: day('2017-05-01'), latest: day('2018-11-20') });
  });

  test('deprived stays certain with the sentence left out', () => {
    const without = computeStatus(
      'person',
      vy.filter(({ id }) => id !== 'S'),
    );
    expect(on(without, '2018-01-01', 'liberty')).toMatchObject({ value: 'police-custody', certain: true });
  });

  test('the present', () => {
    const current = status.current(TODAY);
    expect(pick(current, 'liberty')).toMatchObject({
      value: 'free',
      certain: true,
      since: '2018-11-20',
      disputed: false,
      restsOn: ['R'],
    });
    expect(pick(current, 'verdict')).toMatchObject({
      value: 'convicted',
      case: 'only',
      certain: false,
      possible: ['convicted'],
      disputed: true,
      detail: { presence: 'unknown' },
    });
    expect(pick(current, 'sentence')).toMatchObject({
      value: 'served',
      certain: true,
      detail: { term: 'P18M' },
      since: '2018-11-20',
      // Without the sentence its term would be gone.
      disputed: true,
    });
    expect(pick(current, 'hold')).toMatchObject({ value: 'none', case: 'only' });
    expect(pick(current, 'role')).toMatchObject({
      key: 'spokesman of KNLF',
      value: 'held',
      since: '[2018-11-20..]',
      sinceBounds: { earliest: day('2018-11-20'), latest: Infinity },
    });
    expect(pick(current, 'life')).toMatchObject({ value: 'unknown', certain: false, possible: [] });
  });
});

test('a person sentenced in absentia, with asylum and an office', () => {
  const status = computeStatus('person', [
    sentence('S', '2014', { term: 'P9Y', presence: 'in-absentia' }),
    fact('D', '2011', [
      { axis: 'asylum', key: 'DK', set: 'granted' },
      { axis: 'location', set: 'abroad' },
    ]),
    fact('P', '2019-01~/2019-02~', [{ axis: 'role', key: 'president of KNLF', set: 'held' }], { aspect: 'observed' }),
  ]);
  const current = status.current(day('2019-06-01'));
  expect(pick(current, 'liberty')).toMatchObject({ value: 'sentence-not-enforced', certain: true, since: '2014' });
  expect(pick(current, 'verdict')).toMatchObject({
    value: 'convicted',
    certain: true,
    detail: { presence: 'in-absentia' },
  });
  expect(pick(current, 'sentence')).toMatchObject({ value: 'unserved', since: '2014', detail: { term: 'P9Y' } });
  expect(pick(current, 'asylum')).toMatchObject({ key: 'DK', value: 'granted', certain: true, since: '2011' });
  expect(pick(current, 'role')).toMatchObject({ value: 'held', certain: true, since: '[..2019-03-31]' });
});

test('a group that collects support', () => {
  const collects = fact('T', '[..2019-03-31]', [
    { axis: 'registration', set: 'collecting', onlyFrom: COLLECTING_FROM },
  ]);
  const current = computeStatus('group', [collects]).current(day('2019-06-01'));
  expect(pick(current, 'registration')).toMatchObject({ value: 'collecting', certain: true, since: '[..2019-03-31]' });
  expect(pick(current, 'activity')).toMatchObject({ value: 'unknown' });

  const submitted = fact('U', '2019-02', [{ axis: 'registration', set: 'submitted' }]);
  const then = computeStatus('group', [collects, submitted]).current(day('2019-06-01'));
  // Whether support was collected before or after the submission is not known, and does not matter.
  expect(pick(then, 'registration')).toMatchObject({ value: 'submitted', certain: true, orderUncertain: false });
});
