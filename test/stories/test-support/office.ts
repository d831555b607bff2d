/**
 * A command handler on an embedded log, with everything on record that the examples of the catalogue speak of. Ids are
 * derived where something is entered, so the ids of the examples are exchanged for those of the record, and back.
 */
import { openSqliteKeyStore } from '#access';
import { type Category, EXAMPLE_IDS as ID, examples } from '#domain';
import {
  type Accepted,
  type Command,
  type CommandHandler,
  createCommandHandler,
  type Principal,
} from '#command-handling';
import type { StoredEvent } from '#event-store';
import { ensureLogStarted } from '#log-format';
import { allEvents, realClock, realRandomness, temporaryLog } from '../../support/real.js';

export type Json = Readonly<Record<string, unknown>>;

/** Who records the facts, and who judges them: a fact is verified by another than its recorder. */
export const recorder: Principal = { id: 'key:recorder', scopes: ['record', 'review'], ceiling: 'confidential' };
export const reviewer: Principal = { id: 'key:reviewer', scopes: ['record', 'review'], ceiling: 'confidential' };
export const reader: Principal = { id: 'key:reader', scopes: ['read'], ceiling: 'confidential' };

/** What stands on record for one test, by the names of the examples' ids. */
export type Names = ReadonlyMap<string, string>;

export class Office {
  private constructor(
    readonly commands: CommandHandler,
    readonly events: (stream?: string) => Promise<StoredEvent[]>,
    readonly close: () => Promise<void>,
  ) {}

  static async open(): Promise<Office> {
    const { store, folder, remove } = await temporaryLog();
    const keys = await openSqliteKeyStore({ folder, mode: 'write', randomness: realRandomness });
    const logId = await ensureLogStarted(store, realClock, realRandomness);
    const commands = createCommandHandler({ store, keys, logId, clock: realClock, randomness: realRandomness });
    return new Office(
      commands,
      (stream) => allEvents(store, stream),
      async () => {
        await keys.close();
        await remove();
      },
    );
  }

  async accepted(command: Command, by: Principal = recorder): Promise<Accepted> {
    const result = await this.commands.execute(command, by);
    if (!result.ok) throw new Error(`${command.type} was refused: ${JSON.stringify(result.error)}`);
    return result.value;
  }

  /** Enters the sources, persons, groups and cases that examples name. */
  async enterAll(): Promise<Names> {
    const names = new Map<string, string>();
    const enter = async (name: string, category: Category, type: string, fields: Json = {}): Promise<void> => {
      const data = exchanged({ ...examples[type], ...fields }, names);
      names.set(name, (await this.accepted({ type, category, data })).subject);
    };
    await enter(ID.sourceA, 'source', 'SourceEntered');
    await enter(ID.sourceB, 'source', 'SourceEntered');
    for (const id of [ID.personA, ID.personB]) await enter(id, 'person', 'PersonEntered');
    for (const id of [ID.groupA, ID.groupB]) await enter(id, 'group', 'GroupEntered');
    for (const id of [ID.caseA, ID.caseB]) await enter(id, 'case', 'CaseEntered');
    return names;
  }

  /**
   * A subject of its own for one test, with two facts, an open dispute over the first, and a judgement of the kind that is
   * asked for: what the examples of acts speak of.
   */
  async subject(category: Category, of: Names, judgement?: 'FactsJudgedSame' | 'IdentityJudged'): Promise<Names> {
    const names = new Map(of);
    const record = async (type: string, name: string, fields: Json = {}): Promise<void> => {
      const data = exchanged({ ...examples[type], ...fields }, names);
      const subject = names.get(SUBJECT[category]);
      const { events } = await this.accepted({ type, category, data, ...(subject !== undefined && { id: subject }) });
      names.set(name, events[0]?.id ?? '');
    };
    names.delete(SUBJECT[category]);
    const [entry] = ENTRIES[category];
    const { subject, events } = await this.accepted({
      type: entry,
      category,
      data: exchanged(examples[entry], names),
    });
    names.set(SUBJECT[category], subject);
    names.set(ENTRY, events[0]?.id ?? '');
    const [, fact] = ENTRIES[category];
    if (fact === undefined) return names;
    if (category === 'case') names.set(ARREST, await this.arrest(names));
    await record(fact, ID.factA, category === 'case' ? { fact: ARREST } : {});
    if (category === 'case' || category === 'source') return names;
    await record(fact, ID.factB);
    await record('FactDisputed', ID.disputeA, { alternative: undefined });
    if (judgement !== undefined) await record(judgement, ID.judgementA);
    return names;
  }

  private async arrest(names: Names): Promise<string> {
    const data = exchanged(examples.PersonArrested, names);
    const id = names.get(ID.personA) ?? '';
    return (await this.accepted({ type: 'PersonArrested', category: 'person', id, data })).events[0]?.id ?? '';
  }
}

/** What opens a stream of each category, and what of it a correction or a withdrawal may name. */
const ENTRIES: Readonly<Record<Category, readonly [entry: string, fact?: string]>> = {
  person: ['PersonEntered', 'PersonArrested'],
  group: ['GroupEntered', 'FormationAnnounced'],
  case: ['CaseEntered', 'FactAssignedToCase'],
  statement: ['StatementMade', 'SpeakerDeniedStatement'],
  source: ['SourceEntered', 'SourceCaptured'],
};

export const SUBJECT: Readonly<Record<Category, string>> = {
  person: ID.personA,
  group: ID.groupA,
  case: ID.caseA,
  statement: ID.statementA,
  source: ID.sourceA,
};

/** The name of the event that opened the stream. */
export const ENTRY = 'entry';

/** The name of an arrest of the person, for a case to take up. */
export const ARREST = 'arrest';

/** The type of the fact that `factA` names. */
export function factTypeOf(category: Category): string {
  return ENTRIES[category][1] ?? '';
}

/** Ids by ids, wherever they stand. What is undefined is left out. */
export function exchanged<Value>(value: Value, ids: Names): Value {
  const exchange = (one: unknown): unknown => {
    if (typeof one === 'string') return ids.get(one) ?? one;
    if (Array.isArray(one)) return one.map(exchange);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(
      Object.entries(one).flatMap(([key, each]) => (each === undefined ? [] : [[key, exchange(each)]])),
    );
  };
  return exchange(value) as Value;
}
