/** Where a person is, in which country's protection, and who asks for them back. */
import { fact } from '../catalogue/definition.js';
import { Fact } from '../facts/fact.js';
import type { Effect } from '../status/index.js';
import { Optional, Value } from '../validation/fields.js';
import { country, oneOf } from '../validation/scalars.js';

const ABROAD: Effect = { axis: 'location', set: 'abroad' };

abstract class Journey extends Fact {
  @Optional()
  @Value(country())
  from?: string;

  @Optional()
  @Value(country())
  to?: string;
}

class PersonLeftCountry extends Journey {}
class PersonReturned extends Journey {}

class PersonDeported extends Journey {
  @Value(oneOf(['out', 'home', 'elsewhere']), {
    description:
      "out: from the person's own country; home: back to it; elsewhere: from one foreign country to another.",
  })
  direction!: 'out' | 'home' | 'elsewhere';
}

abstract class InCountry extends Fact {
  @Value(country())
  country!: string;
}

class AsylumSought extends InCountry {}
class AsylumGranted extends InCountry {}
class AsylumRefused extends InCountry {}
class AsylumCeased extends InCountry {}

function asylum(set: string): (data: InCountry) => readonly Effect[] {
  return ({ country: key }) => [{ axis: 'asylum', key, set }];
}

abstract class Extradition extends Fact {
  @Value(country(), { description: 'The country that asks.' })
  by!: string;

  @Value(country(), { description: 'The country that is asked.' })
  of!: string;
}

class ExtraditionRequested extends Extradition {}

class ExtraditionDecided extends Extradition {
  @Value(oneOf(['granted', 'refused', 'surrendered', 'withdrawn']))
  outcome!: 'granted' | 'refused' | 'surrendered' | 'withdrawn';
}

/** A request is known by the two countries: the one that asks, then the one that is asked. */
function extraditionKey({ by, of }: Extradition): string {
  return `${by}-${of}`;
}

export const abroadEvents = [
  fact(PersonLeftCountry, 'person', {
    route: 'departures',
    summary: 'A person left the country.',
    effects: [ABROAD],
    sensitive: true,
  }),
  fact(PersonReturned, 'person', {
    route: 'returns',
    summary: 'A person came back to the country.',
    effects: [{ axis: 'location', set: 'in-country' }],
    // Tells where they had found refuge.
    sensitive: ({ from }) => from !== undefined,
  }),
  fact(PersonDeported, 'person', {
    route: 'deportations',
    summary: 'A person was deported.',
    effects: ({ direction }) => [direction === 'home' ? { axis: 'location', set: 'in-country' } : ABROAD],
  }),
  fact(AsylumSought, 'person', {
    route: 'asylum-applications',
    summary: 'A person sought asylum.',
    effects: asylum('sought'),
    rank: 40,
    sensitive: true,
  }),
  fact(AsylumGranted, 'person', {
    route: 'asylum-grants',
    summary: 'A person was granted asylum.',
    effects: (data) => [...asylum('granted')(data), ABROAD],
    sensitive: true,
  }),
  fact(AsylumRefused, 'person', {
    route: 'asylum-refusals',
    summary: 'A person was refused asylum.',
    effects: asylum('refused'),
    sensitive: true,
  }),
  fact(AsylumCeased, 'person', {
    route: 'asylum-cessations',
    summary: 'The asylum of a person ended.',
    effects: asylum('ceased'),
    rank: 60,
    sensitive: true,
  }),
  fact(ExtraditionRequested, 'person', {
    route: 'extradition-requests',
    summary: 'A country asked another to extradite a person.',
    effects: (data) => [{ axis: 'extradition', key: extraditionKey(data), set: 'requested' }],
    rank: 40,
  }),
  fact(ExtraditionDecided, 'person', {
    route: 'extradition-decisions',
    summary: 'A request for extradition was decided.',
    effects: (data) => [{ axis: 'extradition', key: extraditionKey(data), set: data.outcome }],
  }),
];
