/** Filters: what clients may give, what they are refused, and which changes meet them. */
import fc from 'fast-check';
import { derivedId } from '#kernel';
import type { ChangeFilter, FedChange } from '#projections';
import { matches, readFilter } from './filter.js';
import { FilterIndex } from './filter-index.js';
import { changes, filters } from './test-support/changes.js';

const person = derivedId('spec', 'person', 0);
const group = derivedId('spec', 'group', 0);

describe('reading', () => {
  test('each value once and in order; what is not given is not there', () => {
    expect(readFilter({ person: [person, person], to: ['free', 'dead'], kind: [] })).toEqual({
      ok: true,
      value: { person: [person], to: ['dead', 'free'] },
    });
    expect(readFilter({})).toEqual({ ok: true, value: {} });
  });

  test('the name of a group of values stands for them, on the axes that are asked for', () => {
    expect(readFilter({ to: ['deprived'], axis: ['liberty'] })).toMatchObject({
      value: { to: ['detained-unspecified', 'house-arrest', 'imprisoned', 'police-custody', 'pretrial-detention'] },
    });
    // A value of roles, and a group of states of registrations.
    expect(readFilter({ to: ['ended'], axis: ['role'] })).toMatchObject({ value: { to: ['ended'] } });
    const registration = readFilter({ to: ['ended'], axis: ['registration'] });
    expect(registration).toMatchObject({ value: { to: expect.arrayContaining(['dissolved', 'rejected']) } });
    expect(registration).not.toMatchObject({ value: { to: expect.arrayContaining(['ended']) } });
  });

  test.each([
    ['a field that there is not', { colour: ['red'] }, '/colour'],
    ['a person that is no id', { person: ['Vy'] }, '/person'],
    ['an id in another spelling', { group: [group.toUpperCase()] }, '/group'],
    ['an organisation by its name', { organisation: ['KNLF'] }, '/organisation'],
    ['an axis that there is not', { axis: ['freedom'] }, '/axis'],
    ['a value that there is not', { to: ['at-large'] }, '/to'],
    ['a value of another axis', { axis: ['life'], from: ['free'] }, '/from'],
    ['a kind that there is not', { kind: ['old'] }, '/kind'],
    ['a country that there is not', { country: ['ZZ'] }, '/country'],
    ['too many values', { person: Array.from({ length: 51 }, (_, n) => derivedId('spec', 'person', n)) }, '/person'],
  ])('refused: %s', (_, given, pointer) => {
    const read = readFilter(given);
    expect(read).toMatchObject({ ok: false, error: { code: 'invalid-filter', pointer } });
    // Who is asked for is in no text of ours.
    expect(JSON.stringify(read)).not.toMatch(/Vy|KNLF/);
  });
});

test('a change meets a filter where it has one of the values of every field; of person and group one suffices', () => {
  const fed: FedChange = {
    change: {
      id: 'f2-5.0',
      seq: 5,
      subject: { kind: 'person', id: person },
      axis: 'liberty',
      from: { value: 'imprisoned', certain: true, disputed: false, orderUncertain: false },
      to: { value: 'free', certain: true, disputed: false, orderUncertain: false },
      kind: 'new',
      cause: { event: group, type: 'PersonReleased' },
    },
    recordedAt: '2026-11-23T12:00:00.000Z',
    organisations: [group],
    countries: ['DK'],
  };
  const met: readonly ChangeFilter[] = [
    {},
    { person: [person] },
    { person: [person], group: [group] },
    { axis: ['life', 'liberty'], from: ['imprisoned'], to: ['free'], kind: ['new'] },
    { organisation: [group], country: ['DK', 'FR'] },
  ];
  const unmet: readonly ChangeFilter[] = [
    { group: [person] },
    { person: [group] },
    { axis: ['life'] },
    { from: ['free'] },
    { to: ['imprisoned'] },
    { kind: ['dispute'] },
    { organisation: [person] },
    { country: ['FR'] },
    { person: [person], country: ['FR'] },
  ];
  for (const filter of met) expect([filter, matches(filter, fed)]).toEqual([filter, true]);
  for (const filter of unmet) expect([filter, matches(filter, fed)]).toEqual([filter, false]);
});

test('the index finds those whose filters a change meets, and nobody else, whoever came and went', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(filters, fc.boolean()), { maxLength: 30 }),
      fc.array(changes, { maxLength: 10 }),
      (subscribers, told) => {
        const index = new FilterIndex<number>();
        const leave = subscribers.map(([filter], who) => index.add(filter, who));
        for (const [who, [, leaves]] of subscribers.entries())
          if (leaves) {
            leave[who]?.();
            // Leaving twice changes nothing, also where another gave the same filter.
            leave[who]?.();
          }
        for (const fed of told) {
          const expected = [...subscribers.entries()].filter(([, [filter, left]]) => !left && matches(filter, fed));
          expect([...index.matching(fed)].sort((a, b) => a - b)).toEqual(expected.map(([who]) => who));
        }
      },
    ),
  );
});

test('a change is held against few of many filters', () => {
  const index = new FilterIndex<number>();
  for (let n = 0; n < 5_000; n++) {
    const id = derivedId('spec', 'person', n);
    index.add(n % 2 === 0 ? { person: [id], axis: ['liberty'] } : { organisation: [id], kind: ['new', 'dispute'] }, n);
    index.add({ axis: ['registration'], kind: ['erasure'] }, -n);
  }
  const [sample] = fc.sample(changes, 1);
  if (sample === undefined) throw new Error('No change.');
  const of = derivedId('spec', 'person', 10);
  const member = derivedId('spec', 'person', 11);
  const fed: FedChange = {
    ...sample,
    change: { ...sample.change, subject: { kind: 'person', id: of }, axis: 'liberty', kind: 'new' },
    organisations: [member],
  };
  expect([...index.matching(fed)].sort((a, b) => a - b)).toEqual([10, 11]);
  expect(index.candidates(fed).size).toBeLessThanOrEqual(3);
});
