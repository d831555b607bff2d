/** Changes and filters by chance, over few values, so that many of them meet. */
import fc from 'fast-check';
import type { Axis } from '#domain';
import { derivedId } from '#kernel';
import { CHANGE_KINDS, type ChangeFilter, type FedChange } from '#projections';

const id = (name: string): string => derivedId('feed', name, 0);
const PERSONS = ['p0', 'p1', 'p2', 'p3'].map(id);
const GROUPS = ['g0', 'g1', 'g2'].map(id);
const AXES = ['liberty', 'asylum', 'role', 'registration'] as const satisfies readonly Axis[];
const VALUES = ['free', 'imprisoned', 'granted', 'held', 'unknown'];
const COUNTRIES = ['DK', 'FR', 'TH'];

const some = (values: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...values]);

export const changes: fc.Arbitrary<FedChange> = fc
  .record({
    seq: fc.integer({ min: 2, max: 50 }),
    n: fc.nat({ max: 3 }),
    subject: fc.oneof(
      fc.record({ kind: fc.constant('person' as const), id: fc.constantFrom(...PERSONS) }),
      fc.record({ kind: fc.constant('group' as const), id: fc.constantFrom(...GROUPS) }),
    ),
    axis: fc.constantFrom(...AXES),
    kind: fc.constantFrom(...CHANGE_KINDS),
    from: fc.constantFrom(...VALUES),
    to: fc.constantFrom(...VALUES),
    organisations: some(GROUPS),
    countries: some(COUNTRIES),
  })
  .map(({ seq, n, subject, axis, kind, from, to, organisations, countries }) => ({
    change: {
      id: `f2-${seq}.${n}`,
      seq,
      subject,
      axis,
      kind,
      from: { value: from, certain: true, disputed: false, orderUncertain: false },
      to: { value: to, certain: true, disputed: false, orderUncertain: false },
      cause: { event: id(`event ${seq}`), type: 'PersonArrested' },
    },
    recordedAt: '2026-11-23T12:00:00.000Z',
    organisations: subject.kind === 'person' ? organisations : [],
    countries: subject.kind === 'person' ? countries : [],
  }));

const values = <T extends string>(of: readonly T[]): fc.Arbitrary<T[] | undefined> =>
  fc.option(fc.subarray([...of], { minLength: 1 }), { nil: undefined, freq: 2 });

export const filters: fc.Arbitrary<ChangeFilter> = fc
  .record({
    person: values(PERSONS),
    group: values(GROUPS),
    axis: values(AXES),
    from: values(VALUES),
    to: values(VALUES),
    kind: values(CHANGE_KINDS),
    organisation: values(GROUPS),
    country: values(COUNTRIES),
  })
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, given]) => given !== undefined)));
