/** A record that holds everything that the examples of the catalogue name, and beside it the like of which few may know. */
import {
  type Category,
  type Data,
  definitionOf,
  type EventDefinition,
  EXAMPLE_IDS as ID,
  examples,
  references,
} from '#domain';
import type { Visibility } from '#kernel';
import { admin, type Harness } from './harness.js';

/** What acts name, by the kind of subject: a fact where there are facts, else what can be corrected or withdrawn. */
const NAMED: Readonly<Record<Category, string>> = {
  person: 'PersonArrested',
  group: 'GroupFounded',
  case: 'CasesJoined',
  statement: 'SpeakerDeniedStatement',
  source: 'SourceGone',
};

const ENTRIES: readonly (readonly [Category, string, readonly string[]])[] = [
  ['source', 'SourceEntered', [ID.sourceA, ID.sourceB]],
  ['person', 'PersonEntered', [ID.personA, ID.personB]],
  ['group', 'GroupEntered', [ID.groupA, ID.groupB]],
  ['case', 'CaseEntered', [ID.caseA, ID.caseB]],
  ['statement', 'StatementMade', [ID.statementA]],
];

/** The event that a case was entered with. */
const CASE_ENTRY = '0c0c0c0c-0000-4000-8000-000000000009';

export class World {
  /** By their ids in the examples. */
  private readonly ids = new Map<string, string>();
  /** By kind and what it is. */
  private readonly hidden = new Map<string, string>();

  private constructor(private readonly habeas: Harness) {}

  static async of(habeas: Harness): Promise<World> {
    const world = new World(habeas);
    for (const [category, type, names] of ENTRIES) {
      for (const name of names) {
        const { subject, events } = await world.record(type, category, undefined);
        world.ids.set(name, subject);
        if (name === ID.caseA) world.ids.set(CASE_ENTRY, events[0]?.id ?? '');
      }
      const entered = await world.record(type, category, undefined, {}, 'confidential');
      world.hidden.set(category, entered.subject);
    }
    await Promise.all((Object.keys(NAMED) as Category[]).map((category) => world.addFacts(category)));
    return world;
  }

  private async addFacts(category: Category): Promise<void> {
    const id = this.subject(category);
    const add = async (name: string, type: string, visibility?: Visibility, fields: object = {}): Promise<void> => {
      const made = await this.record(type, category, id, fields, visibility);
      const [event] = made.events;
      const known = visibility === undefined ? this.ids : this.hidden;
      known.set(`${category} ${name}`, event?.id ?? '');
    };
    const named = NAMED[category];
    await add(ID.factA, named);
    await add(ID.factB, named);
    await add(ID.factA, named, 'confidential');
    await add(ID.factB, named, 'confidential');
    if (category === 'source' || category === 'case') return;
    await add(ID.disputeA, 'FactDisputed');
    await add(ID.disputeA, 'FactDisputed', 'confidential');
    await add(ID.judgementA, 'FactsJudgedSame');
    await add(ID.judgementA, 'FactsJudgedSame', 'confidential');
    if (category !== 'person') return;
    await add('identity', 'IdentityJudged');
    await add('identity', 'IdentityJudged', 'confidential');
  }

  subject(category: Category): string {
    const of = { person: ID.personA, group: ID.groupA, case: ID.caseA, statement: ID.statementA, source: ID.sourceA };
    return this.ids.get(of[category]) ?? '';
  }

  /** A subject of which few know. */
  secret(category: Category): string {
    return this.hidden.get(category) ?? '';
  }

  /** Every place at which an event's payload names something, and the like of it of which few know. */
  secrets(
    definition: EventDefinition,
    category: Category,
  ): readonly { readonly pointer: string; readonly id: string }[] {
    const { type } = definition;
    const data = this.like(type, category);
    const inner = definitionOf(type === 'FactCorrected' && category === 'case' ? 'CaseEntered' : NAMED[category]);
    const subjects = references(definition, data, inner).map(({ kind, pointer }) => ({
      pointer,
      id: this.secret(kind),
    }));
    const of = type === 'FactAssignedToCase' ? 'person' : category;
    const named = type === 'IdentityJudgementRevoked' ? 'identity' : ID.judgementA;
    const places: Readonly<Record<string, string>> = {
      '/fact': ID.factA,
      '/facts/0': ID.factA,
      '/facts/1': ID.factB,
      '/dispute': ID.disputeA,
      '/judgement': named,
    };
    const events = Object.entries(places).filter(([pointer]) => (pointer.split('/')[1] ?? '') in data);
    return [...subjects, ...events.map(([pointer, name]) => ({ pointer, id: this.hidden.get(`${of} ${name}`) ?? '' }))];
  }

  /** The example of an event, of this record, with other fields. */
  like(type: string, category: Category, fields: object = {}): Data {
    const all = { ...examples[type], ...fitting(type, category), ...fields };
    const text = JSON.stringify(all).replaceAll(/[0-9a-f]{8}-0000-4000-8000-[0-9]{12}/g, (name) => {
      if (name === ID.judgementA && type === 'IdentityJudgementRevoked') return this.ids.get('person identity') ?? '';
      return (
        this.ids.get(`${type === 'FactAssignedToCase' ? 'person' : category} ${name}`) ?? this.ids.get(name) ?? name
      );
    });
    return JSON.parse(text) as Data;
  }

  async record(type: string, category: Category, id: string | undefined, fields: object = {}, visibility?: Visibility) {
    return this.habeas.given(
      {
        type,
        category,
        ...(id !== undefined && { id }),
        data: this.like(type, category, fields),
        ...(visibility !== undefined && { visibility }),
      },
      admin,
    );
  }
}

/** How an act of the examples, which speak of a person, looks on another kind of subject. */
function fitting(type: string, category: Category): object {
  if (type === 'FactCorrected' && category !== 'case') return { data: examples[NAMED[category]] };
  if (type === 'FactCorrected') return { fact: CASE_ENTRY, data: examples.CaseEntered };
  if (type === 'FactMoved') return { to: { [category]: category === 'person' ? ID.personB : ID.groupB } };
  const alternative = { subject: { group: ID.groupB }, data: examples.GroupFounded };
  if (type === 'FactDisputed' && category !== 'person')
    return { alternative: category === 'group' ? alternative : undefined };
  return {};
}
