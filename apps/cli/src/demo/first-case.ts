/**
 * The first case as data: everything FIRST-CASE reports, as requests to the public interface.
 *
 * The demo sends it, the end-to-end tests send it in any order, and the documents quote it: this is its only copy.
 *
 * Dates are as imprecise as the article is. It is undated and counts from itself ("on Tuesday", "last month"), so:
 * - the article, and the Tuesday of its week: one unknown day in `2019-01~/2019-02~`;
 * - the month before: that, a month earlier: `2018-12~/2019-01~`;
 * - before the article: an interval that ends with it: `../2019-02~`;
 * - after the release: an interval that begins with it: `2018-11-20/..`.
 */
import { firstCaseText } from './first-case-text.js';

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json;
}

/**
 * One request. `{name}`, in a path or as a whole string in a body, stands for what the command of that name was
 * answered: the id of what it entered, or of the event that it recorded. A command can only be sent after those that it
 * names; in every other respect the order is free.
 */
export interface CaseCommand {
  readonly name: string;
  /** The row of the report that it comes from; left out for what the rows speak of. */
  readonly row?: number;
  /** What it says, in a few words, for whoever watches. */
  readonly tells: string;
  readonly path: string;
  readonly body: Readonly<Record<string, Json>>;
}

const THE_ARTICLE = '2019-01~/2019-02~';
const THE_MONTH_BEFORE = '2018-12~/2019-01~';
const BEFORE_THE_ARTICLE = '../2019-02~';
const AFTER_THE_RELEASE = '2018-11-20/..';

interface Quote {
  readonly exact: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

/** A citation of the article by these words. */
function words(exact: string, around: { prefix?: string; suffix?: string } = {}): Json {
  const quote: Quote = { exact, ...around };
  return { sourceId: '{article}', quote: { ...quote } };
}

/** What every fact of this case carries: it was reported, by one article. */
function reported(...citations: Json[]): Readonly<Record<string, Json>> {
  return { basis: 'reported', confidence: 'medium', citations };
}

const source: CaseCommand = {
  name: 'article',
  tells: 'the source: a paraphrase of the article, with its text',
  path: '/v1/sources',
  body: {
    type: 'article',
    title: 'Paraphrase of a press article of early 2019 on the KNLF',
    published: THE_ARTICLE,
    lang: 'en',
    text: firstCaseText,
  },
};

const subjects: readonly CaseCommand[] = [
  {
    name: 'vy',
    tells: 'Thuy Vy',
    path: '/v1/persons',
    body: {
      names: [
        { text: 'Thuy Vy', lang: 'en', kind: 'legal' },
        { text: 'Vy', lang: 'en', kind: 'alias' },
      ],
      citations: [words('Thuy Vy'), words('Vy', { suffix: ' was arrested' })],
    },
  },
  {
    name: 'serey',
    tells: 'Sam Serey',
    path: '/v1/persons',
    body: {
      names: [
        { text: 'Sam Serey', lang: 'en', kind: 'legal' },
        { text: 'Serey', lang: 'en', kind: 'alias' },
      ],
      citations: [words('Sam Serey'), words('Serey', { suffix: ' was sentenced' })],
    },
  },
  {
    name: 'siphan',
    tells: 'Phay Siphan',
    path: '/v1/persons',
    body: { names: [{ text: 'Phay Siphan', lang: 'en', kind: 'legal' }], citations: [words('Phay Siphan')] },
  },
  {
    name: 'sopheak',
    tells: 'Khieu Sopheak',
    path: '/v1/persons',
    body: { names: [{ text: 'Khieu Sopheak', lang: 'en', kind: 'legal' }], citations: [words('Khieu Sopheak')] },
  },
  {
    name: 'knlf',
    tells: 'Khmer National Liberation Front (KNLF)',
    path: '/v1/groups',
    body: {
      names: [
        { text: 'Khmer National Liberation Front', lang: 'en', kind: 'legal' },
        { text: 'KNLF', lang: 'en', kind: 'alias' },
      ],
      kind: 'movement',
      citations: [words('Khmer National Liberation Front (KNLF)')],
    },
  },
  {
    name: 'interior',
    tells: 'Ministry of Interior',
    path: '/v1/groups',
    body: {
      names: [{ text: 'Ministry of Interior', lang: 'en', kind: 'legal' }],
      kind: 'ministry',
      citations: [words('Ministry of Interior', { prefix: 'thumbprints to the ' })],
    },
  },
  {
    name: 'council',
    tells: 'Council of Ministers',
    path: '/v1/groups',
    body: {
      names: [{ text: 'Council of Ministers', lang: 'en', kind: 'legal' }],
      kind: 'ministry',
      citations: [words('Council of Ministers')],
    },
  },
];

const group: readonly CaseCommand[] = [
  {
    name: 'exile-label',
    row: 1,
    tells: 'KNLF calls itself a government in exile (its own word)',
    path: '/v1/groups/{knlf}/labels',
    body: {
      label: 'government in exile of Cambodia',
      by: { group: '{knlf}' },
      occurred: THE_ARTICLE,
      aspect: 'observed',
      ...reported(words('which describes itself as the government in exile of Cambodia')),
    },
  },
  {
    name: 'president',
    row: 1,
    tells: 'Sam Serey is president of the KNLF',
    path: '/v1/persons/{serey}/roles',
    body: {
      role: 'president',
      organisation: { group: '{knlf}' },
      occurred: THE_ARTICLE,
      aspect: 'observed',
      ...reported(words('The front is led by Sam Serey, its president.')),
    },
  },
  {
    name: 'cabinet',
    row: 2,
    tells: 'its government in exile reportedly has 56 members',
    path: '/v1/groups/{knlf}/sizes',
    body: {
      quantity: { value: 56, qualifier: 'exactly' },
      of: 'cabinet',
      occurred: THE_ARTICLE,
      aspect: 'observed',
      ...reported(words('Its government in exile is reported to have 56 members')),
    },
  },
  {
    name: 'thumbprints',
    row: 3,
    tells: 'more than 5,000 thumbprints collected',
    path: '/v1/groups/{knlf}/support',
    body: {
      quantities: [{ value: 5000, qualifier: 'more-than', area: 'various provinces of Cambodia, and Thailand' }],
      kind: 'thumbprint',
      as: 'claimed',
      occurred: BEFORE_THE_ARTICLE,
      ...reported(
        words(
          'Members of the front have gathered more than 5,000 thumbprints from people in various provinces of Cambodia and in Thailand',
        ),
      ),
    },
  },
  {
    name: 'thumbprints-elsewhere',
    row: 3,
    tells: 'elsewhere in the article: about 5,000',
    path: '/v1/groups/{knlf}/accounts',
    body: {
      fact: '{thumbprints}',
      citations: [words('in another place the figure is given as about 5,000')],
    },
  },
  {
    name: 'registration-decided',
    row: 4,
    tells: 'decided early in 2018 to become a registered party',
    path: '/v1/groups/{knlf}/registration-intentions',
    body: {
      occurred: '2018-01/2018-06',
      ...reported(words('intends to become a registered political party. It took that decision early last year.')),
    },
  },
  {
    name: 'registration-planned',
    row: 4,
    tells: 'plans to submit its documents next week',
    path: '/v1/groups/{knlf}/registration-intentions',
    body: {
      authority: { group: '{interior}' },
      plannedFor: '2019-01~/2019-03~',
      occurred: THE_ARTICLE,
      ...reported(
        words(
          'Next week it will hand its documents and thumbprints to the Ministry of Interior, and it means to be registered as a party later in the month.',
        ),
      ),
    },
  },
];

const voices: readonly CaseCommand[] = [
  {
    name: 'vy-statement',
    row: 5,
    tells: 'Thuy Vy: it complies with the Constitution',
    path: '/v1/statements',
    body: {
      speaker: { person: '{vy}' },
      roleAsAttributed: 'spokesman',
      onBehalfOf: { group: '{knlf}' },
      form: 'paraphrase',
      lang: 'en',
      words:
        'It complies with the Constitution, all Cambodians have the right to take part in politics, and he hopes the ministry will put the interest of the nation first.',
      about: [{ group: '{knlf}' }],
      stance: 'none',
      occurred: THE_ARTICLE,
      ...reported(
        words(
          'said on Tuesday that it complies with the Constitution, that all Cambodians have the right to take part in politics, and that he hopes the ministry will put the interest of the nation first',
        ),
      ),
    },
  },
  {
    name: 'siphan-role',
    row: 6,
    tells: 'Phay Siphan is spokesman of the Council of Ministers',
    path: '/v1/persons/{siphan}/roles',
    body: {
      role: 'spokesman',
      organisation: { group: '{council}' },
      occurred: THE_MONTH_BEFORE,
      aspect: 'observed',
      ...reported(words('Phay Siphan, the spokesman of the Council of Ministers')),
    },
  },
  {
    name: 'siphan-statement',
    row: 6,
    tells: 'Phay Siphan welcomes the registration',
    path: '/v1/statements',
    body: {
      speaker: { person: '{siphan}' },
      roleAsAttributed: 'spokesman of the Council of Ministers',
      onBehalfOf: { group: '{council}' },
      form: 'paraphrase',
      lang: 'en',
      words: 'He welcomed the step and called registering as a party the right thing to do.',
      about: [{ group: '{knlf}' }],
      stance: 'welcomes',
      occurred: THE_MONTH_BEFORE,
      ...reported(words('last month welcomed the step and called registering as a party the right thing to do')),
    },
  },
  {
    name: 'sopheak-role',
    row: 7,
    tells: 'Khieu Sopheak is spokesman of the Ministry of Interior',
    path: '/v1/persons/{sopheak}/roles',
    body: {
      role: 'spokesman',
      organisation: { group: '{interior}' },
      occurred: THE_MONTH_BEFORE,
      aspect: 'observed',
      ...reported(words('Khieu Sopheak, who speaks for the Ministry of Interior')),
    },
  },
  {
    name: 'sopheak-statement',
    row: 7,
    tells: 'Khieu Sopheak does not oppose it, under a condition',
    path: '/v1/statements',
    body: {
      speaker: { person: '{sopheak}' },
      roleAsAttributed: 'spokesman of the Ministry of Interior',
      onBehalfOf: { group: '{interior}' },
      form: 'paraphrase',
      lang: 'en',
      words: 'The ministry would not oppose it provided that the front met what the Law on Political Parties asks for.',
      about: [{ group: '{knlf}' }],
      stance: 'does-not-oppose',
      conditions: ['the front meets what the Law on Political Parties asks for'],
      occurred: THE_MONTH_BEFORE,
      note: 'He could not be reached for the article itself.',
      ...reported(
        words(
          'said last month that the ministry would not oppose it provided that the front met what the Law on Political Parties asks for',
        ),
        words('This time he could not be reached.'),
      ),
    },
  },
];

const vy: readonly CaseCommand[] = [
  {
    name: 'vy-arrest',
    row: 8,
    tells: 'Thuy Vy arrested, May 2017',
    path: '/v1/persons/{vy}/arrests',
    body: {
      place: 'Phnom Penh',
      circumstances:
        'After he tried to arrange a press conference to call for the release of political prisoners and a pardon of Sam Serey.',
      occurred: '2017-05',
      ...reported(
        words(
          'Vy was arrested in Phnom Penh in May 2017, when he had tried to arrange a press conference that was to call for the release of political prisoners and for a pardon of Serey.',
        ),
      ),
    },
  },
  {
    name: 'vy-sentence',
    row: 9,
    tells: 'Thuy Vy sentenced to 18 months for incitement',
    path: '/v1/persons/{vy}/sentences',
    body: {
      counts: [{ offence: 'incitement' }],
      presence: 'unknown',
      penalty: 'custodial',
      term: 'P18M',
      after: ['{vy-arrest}'],
      ...reported(words('He was later given a sentence of 18 months for incitement.')),
    },
  },
  {
    name: 'vy-sentence-dispute',
    row: 9,
    tells: 'disputed: the sentence can be read as about Sam Serey',
    path: '/v1/persons/{vy}/disputes',
    body: {
      fact: '{vy-sentence}',
      kind: 'ambiguous-reading',
      reason:
        'The sentence before names Serey last, so that "he" can be read as Serey. The release that follows speaks for Vy.',
      alternative: {
        subject: { person: '{serey}' },
        data: {
          counts: [{ offence: 'incitement' }],
          presence: 'unknown',
          penalty: 'custodial',
          term: 'P18M',
          ...reported(words('He was later given a sentence of 18 months for incitement.')),
        },
      },
      citations: [
        words('for a pardon of Serey. He was later given a sentence of 18 months for incitement.'),
        words('Vy was let out on 20 November last year.'),
      ],
    },
  },
  {
    name: 'vy-release',
    row: 10,
    tells: 'Thuy Vy released, 20 November 2018',
    path: '/v1/persons/{vy}/releases',
    body: {
      reason: 'served',
      occurred: '2018-11-20',
      note: 'That the sentence was served is inferred: 18 months from May 2017 end in November 2018.',
      ...reported(words('Vy was let out on 20 November last year.')),
      basis: 'inferred',
    },
  },
  {
    name: 'vy-spokesman',
    row: 10,
    tells: 'Thuy Vy then appointed spokesman of the KNLF',
    path: '/v1/persons/{vy}/roles',
    body: {
      role: 'spokesman',
      organisation: { group: '{knlf}' },
      occurred: AFTER_THE_RELEASE,
      after: ['{vy-release}'],
      ...reported(
        words('After that he was appointed spokesman of the front'),
        words('Thuy Vy, the spokesman of the front'),
      ),
    },
  },
  {
    name: 'vy-promise',
    row: 10,
    tells: 'Thuy Vy: he would register the group as a party',
    path: '/v1/statements',
    body: {
      speaker: { person: '{vy}' },
      form: 'paraphrase',
      lang: 'en',
      words: 'He would register the group as a party.',
      about: [{ group: '{knlf}' }],
      stance: 'promises',
      audience: 'the public',
      occurred: AFTER_THE_RELEASE,
      ...reported(words('he said in public that he would register the group as a party')),
    },
  },
];

const serey: readonly CaseCommand[] = [
  {
    name: 'serey-sentence',
    row: 11,
    tells: 'Sam Serey sentenced in absentia to nine years, 2014',
    path: '/v1/persons/{serey}/sentences',
    body: {
      counts: [{ offence: 'plotting to overthrow the government' }],
      presence: 'in-absentia',
      penalty: 'custodial',
      term: 'P9Y',
      occurred: '2014',
      ...reported(
        words(
          'Serey was sentenced in his absence in 2014 to nine years for allegedly plotting to overthrow the government',
        ),
      ),
    },
  },
  {
    name: 'serey-label',
    row: 12,
    tells: 'Sam Serey labelled a "terrorist mastermind" (by whom is not said)',
    path: '/v1/persons/{serey}/labels',
    body: { label: 'terrorist mastermind', ...reported(words('he has been called a "terrorist mastermind"')) },
  },
  {
    name: 'serey-asylum',
    row: 13,
    tells: 'Sam Serey granted asylum by Denmark, 2011',
    path: '/v1/persons/{serey}/asylum-grants',
    body: { country: 'DK', occurred: '2011', ...reported(words('Denmark had granted him political asylum in 2011.')) },
  },
  {
    name: 'serey-halt',
    row: 14,
    tells: 'Sam Serey intends to halt his activities, under conditions',
    path: '/v1/persons/{serey}/intentions',
    body: {
      what: 'halt his activities',
      conditions: ['pardons that release all KNLF members held in the prisons of the country', 'others, not named'],
      occurred: THE_MONTH_BEFORE,
      ...reported(
        words('Last month he announced that he would halt his activities'),
        words(
          'if conditions are met, among them pardons that release all KNLF members held in the prisons of the country',
        ),
      ),
    },
  },
  {
    name: 'serey-return',
    row: 14,
    tells: 'Sam Serey intends to return to Cambodia, under conditions',
    path: '/v1/persons/{serey}/intentions',
    body: {
      what: 'return to Cambodia',
      conditions: ['pardons that release all KNLF members held in the prisons of the country', 'others, not named'],
      occurred: THE_MONTH_BEFORE,
      ...reported(
        words('return to Cambodia if conditions are met'),
        words('among them pardons that release all KNLF members held in the prisons of the country'),
      ),
    },
  },
  {
    name: 'serey-statement',
    row: 14,
    tells: 'Sam Serey announced it',
    path: '/v1/statements',
    body: {
      speaker: { person: '{serey}' },
      form: 'paraphrase',
      lang: 'en',
      words: 'He would halt his activities and return to Cambodia if conditions are met.',
      about: [{ person: '{serey}' }, { group: '{knlf}' }],
      stance: 'promises',
      conditions: ['pardons that release all KNLF members held in the prisons of the country', 'others, not named'],
      occurred: THE_MONTH_BEFORE,
      ...reported(
        words(
          'Last month he announced that he would halt his activities and return to Cambodia if conditions are met, among them pardons that release all KNLF members held in the prisons of the country.',
        ),
      ),
    },
  },
];

/** In the order of the report, which is one of the orders in which it can be sent. */
export const firstCase: readonly CaseCommand[] = [source, ...subjects, ...group, ...voices, ...vy, ...serey];

/** The names that a command refers to, and which must have been answered before it is sent. */
export function namesIn(command: Pick<CaseCommand, 'path' | 'body'>): ReadonlySet<string> {
  const found = [...command.path.matchAll(/\{([a-z-]+)\}/g)].flatMap(([, name]) => name ?? []);
  const visit = (value: Json): void => {
    if (typeof value === 'string') {
      const match = /^\{([a-z-]+)\}$/.exec(value);
      if (match?.[1] !== undefined) found.push(match[1]);
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(command.body);
  return new Set(found);
}

/** The command's path and body with ids in the place of names. Throws for a name that has no id yet. */
export function resolveNames(
  command: CaseCommand,
  ids: ReadonlyMap<string, string>,
): { readonly path: string; readonly body: Json } {
  const idOf = (name: string): string => {
    const id = ids.get(name);
    if (id === undefined) throw new Error(`"${command.name}" was sent before "${name}", which it names.`);
    return id;
  };
  const fill = (value: Json): Json => {
    if (typeof value === 'string') {
      const match = /^\{([a-z-]+)\}$/.exec(value);
      return match?.[1] === undefined ? value : idOf(match[1]);
    }
    if (Array.isArray(value)) return value.map((item) => fill(item as Json));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)]));
    }
    return value;
  };
  return { path: command.path.replace(/\{([a-z-]+)\}/g, (_, name: string) => idOf(name)), body: fill(command.body) };
}
