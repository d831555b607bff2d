/** The rules of the specification one by one, as short stories. */
import { computeStatus } from './compute.js';
import { arrest, course, day, escape, fact, on, pick, release, sentence } from './test-support/facts.js';
import type { StatusFact } from './types.js';
import { DEPRIVED } from './vocabulary.js';

const LATER = day('2030-01-01');

describe('nothing is known', () => {
  test('of a person: every axis says unknown, over all time', () => {
    const segments = computeStatus('person', []).segments();
    expect(segments.map(({ axis }) => axis)).toEqual([
      'liberty',
      'life',
      'whereabouts',
      'location',
      'civicRights',
      'hold',
      'stage',
      'verdict',
      'finality',
      'sentence',
    ]);
    for (const segment of segments) {
      expect(segment).toMatchObject({ value: 'unknown', certain: false, possible: [], from: -Infinity, to: Infinity });
    }
    expect(segments[0]?.groups).toEqual({ deprived: { certain: false, possible: false } });
  });

  test('of a group', () => {
    expect(
      computeStatus('group', [])
        .segments()
        .map(({ axis }) => axis),
    ).toEqual(['registration', 'activity', 'appeal']);
  });

  test('a span that ends before it begins is the mistake of the caller', () => {
    expect(() => computeStatus('group', []).at(2, 1)).toThrow(RangeError);
  });
});

describe('order', () => {
  test('what a fact presupposes comes before it, and bounds are tightened through chains', () => {
    const status = computeStatus('person', [
      fact('charge', undefined, [{ axis: 'stage', set: 'charged' }], { kind: 'charge' }),
      fact('trial', undefined, [{ axis: 'stage', set: 'on-trial' }], { kind: 'trial', presupposes: ['charge'] }),
      sentence('sentence', '[2015-01-01..]', {}, { after: ['trial'] }),
      release('release', '2016', 'served'),
    ]);
    expect(status.bounds.get('charge')).toEqual({ earliest: -Infinity, latest: day('2016-12-31') });
    expect(status.bounds.get('sentence')).toEqual({ earliest: day('2015-01-01'), latest: day('2016-12-31') });
    // The main reading lets what is undated happen in time for what is dated.
    expect(on(status, '2015-01-01', 'stage')).toMatchObject({ value: 'decided', certain: false });
    expect(on(status, '2014-12-31', 'stage')).toMatchObject({ value: 'unknown', possible: ['charged', 'on-trial'] });
  });

  test('with two sentences in the case nothing is presupposed', () => {
    const status = computeStatus('person', [
      sentence('one', undefined, {}),
      sentence('two', undefined, {}),
      release('release', '2016', 'served'),
    ]);
    expect(status.bounds.get('one')).toEqual({ earliest: -Infinity, latest: Infinity });
  });

  test('links that form a cycle are dropped together and flagged; others stay', () => {
    const status = computeStatus('person', [
      arrest('a', undefined, { after: ['b'] }),
      release('b', undefined, 'unknown', { after: ['c'] }),
      arrest('c', undefined, { after: ['a'] }),
      arrest('d', '2015', { after: ['a'] }),
    ]);
    expect(status.inconsistencies).toEqual([{ kind: 'cycle', facts: ['a', 'b', 'c'] }]);
    expect(status.bounds.get('a')?.latest).toBe(day('2015-12-31'));
    expect(status.bounds.get('b')?.latest).toBe(Infinity);
  });

  test('a cycle may run through dates', () => {
    const status = computeStatus('person', [
      arrest('early', '2010'),
      arrest('late', '2012', { after: ['x'] }),
      release('x', undefined, 'unknown', { after: ['late'] }),
      release('y', undefined, 'unknown', { after: ['early'] }),
    ]);
    expect(status.inconsistencies).toEqual([{ kind: 'cycle', facts: ['late', 'x'] }]);
    expect(status.bounds.get('y')?.earliest).toBe(day('2010-01-01'));
  });

  test('a link that contradicts dates is dropped alone, also a fact that comes after itself', () => {
    const status = computeStatus('person', [
      arrest('a', '2015', { after: ['b', 'a'] }),
      release('b', '2016', 'unknown', { after: ['a'] }),
    ]);
    expect(status.inconsistencies).toEqual([
      { kind: 'cycle', facts: ['a'] },
      { kind: 'cycle', facts: ['a', 'b'] },
    ]);
    expect(pick(status.current(LATER), 'liberty')).toMatchObject({ value: 'free', certain: true });
  });

  test('a source older than its fact is flagged', () => {
    expect(computeStatus('person', [arrest('a', '2015', { capIgnored: true })]).inconsistencies).toEqual([
      { kind: 'cap', facts: ['a'] },
    ]);
  });
});

describe('the main reading', () => {
  test('sorts by the earliest day, then by the latest as stated; wholly unknown comes first', () => {
    const status = computeStatus('person', [
      arrest('unknown', undefined, { bounds: { earliest: -Infinity, latest: day('2020-01-01') } }),
      release('dated', '2015', 'unknown'),
    ]);
    expect(pick(status.current(LATER), 'liberty')).toMatchObject({
      value: 'free',
      certain: false,
      orderUncertain: true,
      otherReadings: ['police-custody'],
      possible: ['free', 'police-custody'],
    });
    const ended = computeStatus('person', [arrest('a', '[..2016]'), release('b', '2015', 'unknown')]);
    expect(pick(ended.current(LATER), 'liberty').value).toBe('police-custody');
  });

  test('does not move with the day of recording', () => {
    const story = (recorded: string): readonly StatusFact[] => [
      release('b', '2015', 'unknown'),
      arrest('a', undefined, { bounds: { earliest: -Infinity, latest: day(recorded) } }),
    ];
    for (const recorded of ['2015-06-01', '2016-06-01', '2020-06-01']) {
      expect(pick(computeStatus('person', story(recorded)).current(LATER), 'liberty').value).toBe('free');
    }
  });

  test('breaks ties by procedural rank, then by the latest day, then by content', () => {
    const sameDay = computeStatus('person', [release('b', '2015-03-01', 'unknown'), arrest('a', '2015-03-01')]);
    expect(pick(sameDay.current(LATER), 'liberty')).toMatchObject({ value: 'free', orderUncertain: true });
    const held = (id: string, when: string, value: string): StatusFact =>
      fact(id, when, [{ axis: 'hold', set: value }]);
    const byLatest = computeStatus('person', [
      held('a', '2015', 'house-arrest'),
      held('b', '2015-01', 'pretrial-detention'),
    ]);
    expect(pick(byLatest.current(LATER), 'hold').value).toBe('house-arrest');
  });
});

describe('since', () => {
  test('is that of the first fact in the current run of the value, as written', () => {
    const status = computeStatus('person', [
      arrest('one', '2014-03'),
      arrest('two', '2014-04~'),
      release('out', '2015', 'unknown'),
      arrest('three', '2017?'),
      arrest('four', '2019'),
    ]);
    expect(on(status, '2014-12-31', 'liberty')).toMatchObject({ since: '2014-03', restsOn: ['one', 'two'] });
    expect(pick(status.current(LATER), 'liberty')).toMatchObject({ since: '2017?', restsOn: ['four', 'three'] });
  });

  test('of what was observed is open towards the past', () => {
    const seen = fact('seen', '2016', [{ axis: 'role', key: 'president', set: 'held' }], { aspect: 'observed' });
    const answer = pick(computeStatus('person', [seen]).current(LATER), 'role');
    expect(answer.since).toBe('[..2016-12-31]');
    expect(answer.sinceBounds).toEqual({ earliest: -Infinity, latest: day('2016-12-31') });
    const undated = fact('seen', undefined, [{ axis: 'role', key: 'president', set: 'held' }], { aspect: 'observed' });
    expect(pick(computeStatus('person', [undated]).current(LATER), 'role').since).toBeUndefined();
  });
});

describe('disputed', () => {
  test('a disputed report that another one repeats changes since, so the answer is disputed', () => {
    const status = computeStatus('person', [arrest('a', '2015', { disputed: true }), arrest('b', '2016')]);
    expect(on(status, '2016-12-31', 'liberty')).toMatchObject({
      value: 'police-custody',
      certain: true,
      disputed: true,
    });
  });

  test('two disputed reports that hold up each other', () => {
    const status = computeStatus('person', [
      arrest('a', '2015-02-01', { disputed: true }),
      arrest('b', '2015-02-01', { disputed: true }),
      release('r', '2016', 'unknown'),
    ]);
    expect(on(status, '2015-06-01', 'liberty')).toMatchObject({
      value: 'police-custody',
      certain: false,
      disputed: true,
    });
    expect(pick(status.current(LATER), 'liberty')).toMatchObject({ value: 'free', certain: true, disputed: false });
  });
});

describe('persistence', () => {
  const imprisoned = [arrest('A', '2015-01-01'), sentence('S', '2015-06-01', { term: 'P2Y' })];

  test('a value lasts until the next fact on its axis', () => {
    const status = computeStatus('person', [arrest('A', '2015-01-01')]);
    expect(pick(status.current(LATER), 'liberty')).toMatchObject({ value: 'police-custody', certain: true });
  });

  test('imprisonment fades at the end of its term, counted from the arrest', () => {
    const status = computeStatus('person', imprisoned);
    expect(on(status, '2016-12-31', 'liberty')).toMatchObject({ value: 'imprisoned', certain: true });
    const after = on(status, '2017-01-01', 'liberty');
    expect(after).toMatchObject({ value: 'imprisoned', certain: false, reason: 'stale', since: '2015-06-01' });
    expect(after.groups.deprived).toEqual({ certain: false, possible: true });
    expect(on(status, '2017-01-01', 'hold')).toMatchObject({ certain: false, reason: 'stale' });
    expect(on(status, '2016', 'liberty')).not.toHaveProperty('reason');
  });

  test('credit that the court gives, and a suspended part, move the end', () => {
    const [first] = imprisoned;
    const credited = sentence('S', '2015-06-01', { term: 'P2Y', suspendedPart: 'P6M' });
    const effects = credited.effects.map((effect) =>
      effect.axis === 'sentence' ? { ...effect, horizon: { termFrom: day('2015-03-01') } } : effect,
    );
    const status = computeStatus('person', [first!, { ...credited, effects }]);
    expect(on(status, '2016-08-31', 'liberty').certain).toBe(true);
    expect(on(status, '2016-09-01', 'liberty').certain).toBe(false);
  });

  test('a later release attests the whole span', () => {
    const status = computeStatus('person', [...imprisoned, release('R', '2019-05-05', 'unknown')]);
    const answer = on(status, '2019-05-04', 'liberty');
    expect(answer).toMatchObject({ value: 'imprisoned', certain: true });
    expect(answer).not.toHaveProperty('reason');
  });

  test('so does a fact that itself leaves the hold as it is: a death in custody', () => {
    const died = fact('D', '2019-05-05', [{ axis: 'life', set: 'dead' }], {
      attests: [{ axis: 'hold', values: DEPRIVED }],
    });
    const status = computeStatus('person', [...imprisoned, died]);
    expect(on(status, '2019-05-04', 'liberty')).toMatchObject({ value: 'imprisoned', certain: true });
    expect(on(status, '2019-05-05', 'liberty')).toMatchObject({ certain: false, reason: 'stale' });
  });

  test('… but not if it is disputed, or if an earlier end may lie between', () => {
    const disputed = computeStatus('person', [
      ...imprisoned,
      release('R', '2019-05-05', 'unknown', { disputed: true }),
    ]);
    expect(on(disputed, '2018-01-01', 'liberty')).toMatchObject({ certain: false, reason: 'stale' });
    const ordered = fact('O', '2017-06/2018-12', [{ axis: 'hold', set: 'none' }]);
    const between = computeStatus('person', [...imprisoned, ordered, release('R', '2019-05-05', 'unknown')]);
    expect(on(between, '2017-05-01', 'liberty')).toMatchObject({ certain: false, reason: 'stale' });
  });

  test('a release that belongs to no case attests the only hold that can be meant, and none where there are two', () => {
    const inCase = imprisoned.map((one) => ({ ...one, case: 'c1' }));
    const elsewhere = fact('C', '2012', [{ axis: 'stage', set: 'charged' }], { case: 'c2' });
    const out = release('R', '2019-05-05', 'unknown');
    const alone = computeStatus('person', [...inCase, elsewhere, out]);
    expect(on(alone, '2017-06-01', 'liberty')).toMatchObject({ value: 'imprisoned', certain: true });
    const arrested = arrest('B', '2018', { case: 'c2' });
    const meanwhile = computeStatus('person', [...inCase, arrested, out]);
    expect(on(meanwhile, '2017-06-01', 'liberty')).toMatchObject({ certain: false, reason: 'stale' });
  });

  test('another hold that has not faded keeps the person deprived', () => {
    const status = computeStatus('person', [
      ...imprisoned.map((one) => ({ ...one, case: 'c1' })),
      fact('P', '2016', [{ axis: 'hold', set: 'pretrial-detention' }], { case: 'c2' }),
    ]);
    const answer = on(status, '2018-01-01', 'liberty');
    expect(answer).toMatchObject({ value: 'imprisoned', certain: false, reason: 'stale' });
    expect(answer.groups.deprived).toEqual({ certain: true, possible: true });
  });

  test('a suspension of rights fades on the day after it ends', () => {
    const until = day('2020-12-31');
    const status = computeStatus('person', [
      fact('a', '2016', [{ axis: 'civicRights', set: 'suspended', detail: { until: '2020' }, horizon: { until } }]),
    ]);
    expect(on(status, '2020-12-31', 'civicRights').certain).toBe(true);
    expect(on(status, '2021-01-01', 'civicRights')).toMatchObject({ certain: false, reason: 'stale' });
  });
});

describe('undone', () => {
  test('a conviction that was quashed says so in the past, and not what was before it', () => {
    const status = computeStatus('person', [
      sentence('S', '2014', { term: 'P2Y' }),
      fact('R', '2015', [{ axis: 'sentence', set: 'reduced', detail: { term: 'P1Y' } }]),
      fact('Q', '2016', [
        { axis: 'verdict', set: 'quashed' },
        { axis: 'sentence', set: 'annulled' },
      ]),
    ]);
    expect(on(status, '2015-06-01', 'verdict')).toMatchObject({ value: 'convicted', laterQuashed: true });
    expect(on(status, '2014-12-31', 'sentence')).toMatchObject({ value: 'imposed', laterQuashed: true });
    expect(on(status, '2015-12-31', 'sentence')).toMatchObject({
      value: 'reduced',
      laterQuashed: true,
      detail: { penalty: 'custodial', term: 'P1Y' },
    });
    expect(on(status, '2013', 'verdict')).not.toHaveProperty('laterQuashed');
    expect(pick(status.current(LATER), 'verdict')).not.toHaveProperty('laterQuashed');
  });
});

describe('liberty over several cases', () => {
  test('is the strictest hold; a case that was settled does not free from another', () => {
    const status = computeStatus('person', [
      arrest('a', '2015-01', { case: 'c1' }),
      fact('b', '2015-02', [{ axis: 'hold', set: 'pretrial-detention' }], { case: 'c2' }),
      fact('c', '2015-03', [{ axis: 'hold', set: 'none' }], { case: 'c2' }),
      release('d', '2015-04', 'unknown', { case: 'c1' }),
    ]);
    expect(course(status, 'liberty')).toEqual([
      'unknown',
      'police-custody',
      'pretrial-detention',
      'police-custody',
      'free',
    ]);
    expect(on(status, '2015-02-28', 'liberty').restsOn).toEqual(['b']);
  });

  test('a release ends every hold that deprives, in all cases', () => {
    const status = computeStatus('person', [
      arrest('a', '2015-01', { case: 'c1' }),
      arrest('b', '2015-02', { case: 'c2' }),
      release('r', '2015-04', 'unknown', { case: 'c1' }),
    ]);
    expect(pick(status.current(LATER), 'hold', { case: 'c2' })).toMatchObject({ value: 'none', since: '2015-04' });
    expect(pick(status.current(LATER), 'liberty').value).toBe('free');
  });

  test('a fact without a case joins the only one', () => {
    const status = computeStatus('person', [arrest('a', '2015-01', { case: 'c1' }), sentence('s', '2015-02', {})]);
    expect(pick(status.current(LATER), 'verdict')).toMatchObject({ case: 'c1', value: 'convicted' });
    expect(pick(status.current(LATER), 'hold')).toMatchObject({ case: 'c1', value: 'imprisoned' });
  });

  test('with several cases it is unassigned, and speaks for liberty alone', () => {
    const status = computeStatus('person', [
      fact('x', '2013', [{ axis: 'stage', set: 'charged' }], { case: 'c1' }),
      fact('y', '2013', [{ axis: 'stage', set: 'charged' }], { case: 'c2' }),
      arrest('a', '2015-01'),
      sentence('s', '2015-02', {}),
    ]);
    const current = status.current(LATER);
    expect(pick(current, 'liberty')).toMatchObject({ value: 'imprisoned', certain: true });
    expect(current.filter(({ axis }) => axis === 'verdict').map(({ case: id, value }) => [id, value])).toEqual([
      ['c1', 'unknown'],
      ['c2', 'unknown'],
    ]);
  });

  test('an unserved sentence: not enforced, unless a hold deprives', () => {
    const status = computeStatus('person', [
      sentence('s', '2014', { presence: 'in-absentia', term: 'P9Y' }),
      fact('w', '2015', [{ axis: 'hold', set: 'wanted', notFrom: DEPRIVED }]),
      arrest('a', '2016'),
      release('r', '2017', 'unknown'),
    ]);
    expect(course(status, 'liberty')).toEqual([
      'unknown',
      'sentence-not-enforced',
      'police-custody',
      'sentence-not-enforced',
    ]);
    expect(on(status, '2015-12-31', 'liberty').restsOn).toEqual(['s']);
  });
});

describe('escapes', () => {
  const held = arrest('a', '2015');

  test('make a sentence not enforced, also past a warrant and its withdrawal, until the person is held again', () => {
    const status = computeStatus('person', [
      held,
      escape('e', '2016'),
      fact('w', '2017', [{ axis: 'hold', set: 'wanted', notFrom: DEPRIVED }]),
      fact('x', '2018', [{ axis: 'hold', set: 'none', onlyFrom: ['wanted'] }]),
      arrest('b', '2019'),
      release('r', '2020', 'unknown'),
    ]);
    expect(course(status, 'liberty')).toEqual([
      'unknown',
      'police-custody',
      'sentence-not-enforced',
      'police-custody',
      'free',
    ]);
    expect(on(status, '2018-12-31', 'liberty')).toMatchObject({ certain: true, since: '2016', restsOn: ['e'] });
  });

  test.each([
    ['a release', release('r', '2017', 'unknown')],
    ['a pardon', fact('r', '2017', [{ axis: 'sentence', set: 'pardoned' }])],
    ['an order to release', fact('r', '2017', [{ axis: 'hold', set: 'none' }])],
  ])('end with %s', (_, end) => {
    const status = computeStatus('person', [held, escape('e', '2016'), end]);
    expect(pick(status.current(LATER), 'liberty')).toMatchObject({ value: 'free', certain: true });
  });

  test('attest the deprivation before them', () => {
    const status = computeStatus('person', [
      held,
      sentence('s', '2015-12', { term: 'P1M' }, { after: ['a'] }),
      escape('e', '2018-05-05'),
    ]);
    expect(on(status, '2018-05-04', 'liberty')).toMatchObject({ value: 'imprisoned', certain: true });
  });
});

describe('registration of a group', () => {
  const set = (id: string, when: string, value: string): StatusFact =>
    fact(id, when, [{ axis: 'registration', set: value }]);
  const lifted = (id: string, when: string, from: string): StatusFact =>
    fact(id, when, [{ axis: 'registration', set: { previous: true }, onlyFrom: [from] }]);

  test('a suspension lifted and a lapse restored give back what was before, also nested', () => {
    const status = computeStatus('group', [
      set('a', '2010', 'registered'),
      set('b', '2011', 'suspended'),
      set('c', '2012', 'lapsed'),
      lifted('d', '2013', 'lapsed'),
      lifted('e', '2014', 'suspended'),
      lifted('f', '2015', 'suspended'),
    ]);
    expect(course(status, 'registration')).toEqual([
      'unknown',
      'registered',
      'suspended',
      'lapsed',
      'suspended',
      'registered',
    ]);
    expect(pick(status.current(LATER), 'registration')).toMatchObject({ since: '2014', certain: true });
  });

  test('lifting a suspension that nobody reported changes nothing', () => {
    expect(
      course(
        computeStatus('group', [set('a', '2010', 'registered'), lifted('e', '2014', 'suspended')]),
        'registration',
      ),
    ).toEqual(['unknown', 'registered']);
  });

  test('an end of whatever kind is one group of values', () => {
    const status = computeStatus('group', [set('a', '2010', 'registered'), set('b', '2012', 'dissolved')]);
    expect(on(status, '2013', 'registration').groups).toEqual({ ended: { certain: true, possible: true } });
  });
});

describe('keyed axes', () => {
  test('each key has its own answer, in the order of the keys', () => {
    const status = computeStatus('person', [
      fact('a', '2011', [{ axis: 'asylum', key: 'SE', set: 'refused' }]),
      fact('b', '2012', [{ axis: 'asylum', key: 'DK', set: 'granted' }]),
    ]);
    const asylum = status.current(LATER).filter(({ axis }) => axis === 'asylum');
    expect(asylum.map(({ key, value }) => [key, value])).toEqual([
      ['DK', 'granted'],
      ['SE', 'refused'],
    ]);
  });
});

describe('many facts that overlap', () => {
  const many = Array.from({ length: 30 }, (_, index) =>
    index % 3 === 0
      ? sentence(`s${String(index)}`, '2015', { term: 'P90Y' })
      : arrest(`a${String(index)}`, '2015', { rank: index }),
  );

  test('are answered without enumerating, soundly', () => {
    const status = computeStatus('person', [...many, release('r', '2017', 'unknown')]);
    const during = on(status, '2016-06-01', 'hold');
    expect(during.certain).toBe(false);
    expect(during.possible).toEqual(['imprisoned', 'police-custody']);
    expect(pick(status.current(LATER), 'liberty')).toMatchObject({ value: 'free', certain: true });
  });
});

test('effects that no event may have are errors of the catalogue', () => {
  expect(() => computeStatus('person', [fact('a', '2015', [{ axis: 'liberty', set: 'free' }])]).segments()).toThrow(
    'liberty is derived',
  );
});
