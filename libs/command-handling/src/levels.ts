/**
 * Who may see what is in the log, worked out for one command from the streams concerned: the strictest of what was said of an
 * event, of its subject, and of everything that it names.
 */
import {
  type Category,
  type Data,
  definitionOf,
  type DomainEvent,
  entering,
  evolve,
  initial,
  levelsOf,
  references,
  relatedTo,
  type SubjectState,
} from '#domain';
import { streamName, stricter, type Visibility } from '#kernel';
import type { LoadedSubject, SubjectStreams } from './subject-streams.js';

/** What is judged: recorded, or about to be. */
interface Told {
  readonly type: string;
  readonly data: Data;
}

export class Levels {
  /** By stream. What a subject was entered with names none that could name it in turn, so this ends. */
  private readonly known = new Map<string, Promise<Visibility>>();
  private readonly loaded = new Map<string, Promise<LoadedSubject>>();

  /** @param fresh from the log, not from memory: who may see something may have been changed by another node */
  constructor(
    private readonly subjects: SubjectStreams,
    private readonly fresh: boolean,
  ) {}

  /** A subject, read once. */
  load(kind: Category, id: string): Promise<LoadedSubject> {
    const stream = streamName(kind, id);
    const loaded =
      this.loaded.get(stream) ?? (this.fresh ? this.subjects.refresh(kind, id) : this.subjects.load(kind, id));
    this.loaded.set(stream, loaded);
    return loaded;
  }

  /** One that was read already. */
  take(subject: LoadedSubject): void {
    this.loaded.set(subject.stream, Promise.resolve(subject));
  }

  /** Of a subject as a whole: of what it was entered with. Of one that is not there: public. */
  ofSubject(kind: Category, id: string): Promise<Visibility> {
    const stream = streamName(kind, id);
    const known = this.known.get(stream) ?? this.load(kind, id).then((subject) => this.ofEntry(subject));
    this.known.set(stream, known);
    return known;
  }

  /** Of events of a subject, by their ids. What is told of any others is the least that holds of them. */
  async ofEvents({ state }: LoadedSubject, ids: readonly string[]): Promise<ReadonlyMap<string, Visibility>> {
    return state === undefined ? new Map() : this.among(relatedTo(state, ids), state);
  }

  /** The strictest of everything that an event names in other streams. */
  async named({ type, data }: Told): Promise<Visibility> {
    const definition = definitionOf(type);
    let level: Visibility = 'public';
    for (const { kind, id } of definition === undefined ? [] : references(definition, data))
      level = stricter(level, await this.ofSubject(kind, id));
    if (type !== 'FactAssignedToCase') return level;
    const [person, fact] = [String(data.person), String(data.fact)];
    const levels = await this.ofEvents(await this.load('person', person), [fact]);
    return stricter(level, levels.get(fact) ?? 'public');
  }

  private async ofEntry({ state }: LoadedSubject): Promise<Visibility> {
    const events = state === undefined ? [] : entering(state);
    const [entry] = events;
    if (state === undefined || entry === undefined) return 'public';
    // These alone, because it is asked of every subject that is written to, and they are few.
    const levels = await this.among(events, events.reduce(evolve, initial(state.kind, state.id)));
    return levels.get(entry.id) ?? 'public';
  }

  private async among(events: readonly DomainEvent[], state: SubjectState): Promise<ReadonlyMap<string, Visibility>> {
    const named = new Map<string, Visibility>();
    for (const event of events) named.set(event.id, await this.named(event));
    return levelsOf(state, ({ id }) => named.get(id) ?? 'public');
  }
}
