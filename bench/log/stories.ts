/**
 * What happens to the invented people of a bench log: the ways of arrest, trial, sentence, appeal and release, of exile and of
 * office, with dates as imprecise as sources are. Payloads are in the form in which requests bring them.
 */
import { inventedName, place, sentence } from './words.js';
import type { Random } from './random.js';

export interface Told {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** Days since 1970 of what happened last: each next fact lies some time later. */
class Calendar {
  constructor(
    private readonly random: Random,
    private day: number,
  ) {}

  /** Moves on by some days and says so as imprecisely as a source would. */
  later(least: number, most: number): string {
    this.day += this.random.whole(least, most);
    const iso = new Date(this.day * 86_400_000).toISOString().slice(0, 10);
    const precision = this.random.next();
    if (precision < 0.55) return iso;
    if (precision < 0.8) return iso.slice(0, 7);
    if (precision < 0.9) return iso.slice(0, 4);
    return `${iso.slice(0, 7)}~`;
  }
}

const COUNTS = [
  { offence: 'Incitement', law: 'Penal Code', article: '495' },
  { offence: 'Insult of officials', law: 'Penal Code', article: '502' },
  { offence: 'Plotting', law: 'Penal Code', article: '453' },
];
const COURTS = ['Court of Town A', 'Court of Town B', 'Municipal Court'];
const COUNTRIES = ['TH', 'DK', 'US', 'FR', 'AU'];

/** @param groups ids of groups that there are; @param caseId of the case that the procedure belongs to, if it was entered */
export function story(random: Random, facts: number, groups: readonly string[], caseId: string | undefined): Told[] {
  const told: Told[] = [];
  const calendar = new Calendar(random, random.whole(14_000, 18_000));
  const tell = (type: string, occurred: string | undefined, own: Record<string, unknown> = {}): void => {
    told.push({
      type,
      data: {
        ...(occurred === undefined ? {} : { occurred }),
        ...own,
        basis: random.pick(['reported', 'reported', 'official-record', 'inferred']),
        confidence: random.pick(['high', 'medium', 'low']),
        ...(random.chance(0.2) ? { note: sentence(random, random.whole(4, 12)) } : {}),
      },
    });
  };
  const inCase = caseId === undefined ? {} : { case: caseId };
  const count = random.pick(COUNTS);
  const court = random.pick(COURTS);
  const steps: (() => void)[] = [
    () => {
      tell('PersonArrested', calendar.later(1, 60), {
        ...inCase,
        place: place(random),
        by: { name: `Police of ${place(random)}` },
        ...(random.chance(0.4) ? { circumstances: sentence(random, random.whole(6, 16)) } : {}),
      });
    },
    () => {
      tell('PersonCharged', calendar.later(1, 5), { ...inCase, counts: [count] });
    },
    () => {
      tell('PretrialDetentionOrdered', calendar.later(0, 3), { ...inCase, facility: `Prison of ${place(random)}` });
    },
    () => {
      tell('CustodyReported', calendar.later(10, 60), {
        ...inCase,
        aspect: 'observed',
        facility: `Prison of ${place(random)}`,
      });
    },
    () => {
      tell('TrialOpened', calendar.later(20, 200), { ...inCase, court, presence: 'present' });
    },
    () => {
      const custodial = random.chance(0.85);
      tell('SentenceHanded', calendar.later(5, 40), {
        ...inCase,
        court,
        presence: random.chance(0.85) ? 'present' : 'in-absentia',
        counts: [count],
        penalty: custodial ? 'custodial' : 'fine',
        ...(custodial ? { term: random.pick(['P18M', 'P1Y', 'P5Y', 'P9Y']) } : { fine: '500 USD' }),
      });
    },
    () => {
      tell('AppealFiled', calendar.later(5, 30), {
        ...inCase,
        by: 'defence',
        kind: 'appeal',
        court: 'Court of Appeal',
      });
    },
    () => {
      tell('AppealDecided', calendar.later(60, 200), {
        ...inCase,
        kind: 'appeal',
        court: 'Court of Appeal',
        outcome: random.pick(['upheld', 'upheld', 'varied', 'quashed']),
      });
    },
    () => {
      tell('PersonReleased', calendar.later(100, 500), {
        ...inCase,
        reason: random.pick(['served', 'pardon', 'bail', 'unknown']),
      });
    },
  ];
  const aside: (() => void)[] = [
    () => {
      tell('NameAsserted', undefined, { name: { text: inventedName(random).latin, lang: 'en', kind: 'alias' } });
    },
    () => {
      tell('AttributeAsserted', undefined, { attribute: 'birth-date', value: String(random.whole(1950, 2002)) });
    },
    () => {
      tell('RoleHeld', calendar.later(1, 200), {
        aspect: random.chance(0.5) ? 'observed' : 'began',
        role: random.pick(['spokesperson', 'member', 'president', 'organiser']),
        organisation: groups.length > 0 ? { group: random.pick(groups) } : { name: 'A union' },
      });
    },
    () => {
      tell('LabelApplied', calendar.later(1, 100), { label: sentence(random, 3) });
    },
    () => {
      tell('PersonLeftCountry', calendar.later(1, 300), { from: 'KH', to: random.pick(COUNTRIES) });
    },
    () => {
      tell('AsylumGranted', calendar.later(30, 400), { country: random.pick(COUNTRIES) });
    },
    () => {
      tell('CustodyReported', calendar.later(10, 60), {
        ...inCase,
        aspect: 'observed',
        facility: `Prison of ${place(random)}`,
      });
    },
    () => {
      tell('PersonTransferred', calendar.later(10, 60), { ...inCase, facility: `Prison of ${place(random)}` });
    },
  ];
  let next = random.chance(0.85) ? 0 : steps.length;
  while (told.length < facts) {
    const step = next < steps.length && random.chance(0.75) ? steps[next++] : undefined;
    (step ?? random.pick(aside))();
    // Some are arrested again after their release.
    if (next === steps.length && random.chance(0.3)) next = 0;
  }
  return told;
}

export function enterPerson(random: Random): Told {
  const { latin, khmer } = inventedName(random);
  const names = [{ text: latin, lang: 'en', script: 'Latn', kind: 'legal' }];
  if (random.chance(0.7)) names.push({ text: khmer, lang: 'km', script: 'Khmr', kind: 'legal' });
  return { type: 'PersonEntered', data: { names } };
}

export function enterGroup(random: Random): Told {
  const name = `${inventedName(random).latin} Movement`;
  return {
    type: 'GroupEntered',
    data: { names: [{ text: name, lang: 'en', kind: 'legal' }], kind: random.pick(['movement', 'party', 'union']) },
  };
}

export function enterCase(random: Random): Told {
  return {
    type: 'CaseEntered',
    data: { title: sentence(random, 5), court: random.pick(COURTS), numbers: [`${random.whole(1, 9999)}/2019`] },
  };
}

export function statement(random: Random, speaker: object, about: readonly object[]): Told {
  return {
    type: 'StatementMade',
    data: {
      speaker,
      about,
      form: random.pick(['direct', 'paraphrase']),
      lang: 'en',
      words: sentence(random, random.whole(8, 30)),
      stance: random.pick(['welcomes', 'opposes', 'demands', 'denies', 'none']),
      occurred: `20${random.whole(10, 19)}`,
      basis: 'reported',
      confidence: 'medium',
    },
  };
}

/** What others record about a fact that is on record. */
export function act(random: Random, fact: string): Told & { readonly byAnother: boolean } {
  const kind = random.next();
  if (kind < 0.5) return { type: 'FactVerified', data: { fact, method: 'Asked the court.' }, byAnother: true };
  if (kind < 0.85)
    return { type: 'AccountAdded', data: { fact, occurred: `20${random.whole(10, 19)}` }, byAnother: false };
  return { type: 'FactDisputed', data: { fact, kind: 'denied', reason: sentence(random, 8) }, byAnother: false };
}
