/** A command handler on an embedded log in a folder of its own, and the commands that specs send it. */
import { openSqliteKeyStore } from '#access';
import type { Category, OfficeVisibility } from '#domain';
import type { EventStore, StoredEvent } from '#event-store';
import type { Clock } from '#kernel';
import { ensureLogStarted, type KeyStore, verifyChain } from '#log-format';
import { allEvents, realClock, realRandomness, temporaryLog } from '../../../../test/support/real.js';
import { createCommandHandler } from '../command-handler.js';
import type { Principal } from '../principal.js';
import type { Accepted, Command, CommandHandler } from '../types.js';

export const recorder: Principal = { id: 'key:recorder', scopes: ['record'], ceiling: 'confidential' };
export const reviewer: Principal = { id: 'key:reviewer', scopes: ['review'], ceiling: 'confidential' };
export const reader: Principal = { id: 'key:reader', scopes: ['read'], ceiling: 'confidential' };
export const admin: Principal = { id: 'key:admin', scopes: ['admin'], ceiling: 'confidential' };

export const TEXT = 'He was arrested in May 2017.\nShe said: “I will file the papers.”';

export class Harness {
  private constructor(
    readonly store: EventStore,
    readonly keys: KeyStore,
    readonly logId: string,
    readonly commands: ReturnType<typeof createCommandHandler>,
    /** In which the log and the keys lie. */
    readonly folder: string,
    private readonly remove: () => Promise<void>,
  ) {}

  static async start(): Promise<Harness> {
    const { store, folder, remove } = await temporaryLog();
    const keys = await openSqliteKeyStore({ folder, mode: 'write', randomness: realRandomness });
    const logId = await ensureLogStarted(store, realClock, realRandomness);
    const commands = createCommandHandler({ store, keys, logId, clock: realClock, randomness: realRandomness });
    return new Harness(store, keys, logId, commands, folder, async () => {
      await keys.close();
      await remove();
    });
  }

  close(): Promise<void> {
    return this.remove();
  }

  /** Another node on the same log, perhaps behind a log that fails. */
  node(store: EventStore = this.store, clock: Clock = realClock): CommandHandler {
    const { keys, logId } = this;
    return createCommandHandler({ store, keys, logId, clock, randomness: realRandomness });
  }

  /** A node of an office that makes what it records public, or keeps it inside, where nobody says so. */
  office(visibility: OfficeVisibility): CommandHandler {
    const { store, keys, logId } = this;
    return createCommandHandler({ store, keys, logId, clock: realClock, randomness: realRandomness, visibility });
  }

  /** Sends a command that is to be accepted. */
  async given(command: Command, by: Principal = recorder): Promise<Accepted> {
    const result = await this.commands.execute(command, by);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    return result.value;
  }

  async source(text = TEXT): Promise<string> {
    return (await this.given(enter('source', { type: 'article', title: 'A report', lang: 'en', text }))).subject;
  }

  async person(source: string, name = 'Ada'): Promise<string> {
    return (await this.given(personEntered(source, name))).subject;
  }

  events(stream?: string): Promise<StoredEvent[]> {
    return allEvents(this.store, stream);
  }

  /** Every stream's chain holds. */
  async isWhole(): Promise<boolean> {
    const streams = Map.groupBy(await this.events(), ({ stream }) => stream);
    return [...streams.values()].every((events) => verifyChain(events, this.logId).ok);
  }
}

const ENTRIES: Readonly<Partial<Record<Category, string>>> = {
  person: 'PersonEntered',
  group: 'GroupEntered',
  source: 'SourceEntered',
};

export function enter(category: Category, data: object): Command {
  return { type: ENTRIES[category] ?? '', category, data };
}

export function cites(source: string, exact = 'arrested in May 2017'): object[] {
  return [{ sourceId: source, quote: { exact } }];
}

export function personEntered(source: string, name = 'Ada'): Command {
  return enter('person', { names: [{ text: name, kind: 'legal' }], citations: cites(source) });
}

/** A fact that is recorded on a person. */
export function arrested(person: string, source: string, more: object = {}): Command {
  const data = { occurred: '2017-05', citations: cites(source), basis: 'reported', confidence: 'medium', ...more };
  return { type: 'PersonArrested', category: 'person', id: person, data };
}
