/**
 * What a principal may see of the log, for the length of one command: to whoever may not see something, it is as if it were not
 * there. Decisions are made on that, so a refusal is the very same as for what there is not.
 */
import { aboutOf, type Category, type Data, definitionOf, type SubjectState, without } from '#domain';
import { mayBeSeen, stricter, type Visibility } from '#kernel';
import { Levels } from './levels.js';
import type { LoadedSubject, SubjectStreams } from './subject-streams.js';

export class Sight {
  private readonly levels: Levels;
  /** Nothing is hidden from them, and nothing is looked up to find that out. */
  private readonly isWhole: boolean;

  /** @param fresh from the log, not from memory */
  constructor(
    private readonly subjects: SubjectStreams,
    private readonly ceiling: Visibility,
    fresh: boolean,
  ) {
    this.levels = new Levels(subjects, fresh);
    this.isWhole = ceiling === 'confidential';
  }

  async exists(kind: Category, id: string): Promise<boolean> {
    // Existence never becomes false, so it need not be read again.
    if (this.isWhole) return this.subjects.exists(kind, id);
    const { state } = await this.levels.load(kind, id);
    return state !== undefined && this.sees(await this.levels.ofSubject(kind, id));
  }

  /**
   * A subject as they may see it; undefined: not at all.
   * @param about the ids of the events that are asked about; others of which few may know may still be there
   */
  async state(kind: Category, id: string, about: readonly string[]): Promise<SubjectState | undefined> {
    return this.stateOf(await this.levels.load(kind, id), about);
  }

  async stateOf(subject: LoadedSubject, about: readonly string[]): Promise<SubjectState | undefined> {
    this.levels.take(subject);
    const { state } = subject;
    if (state === undefined || this.isWhole) return state;
    if (!this.sees(await this.levels.ofSubject(state.kind, state.id))) return undefined;
    const levels = await this.levels.ofEvents(subject, about);
    return without(state, new Set([...levels].filter(([, level]) => !this.sees(level)).map(([id]) => id)));
  }

  /** The revision of the last event of a stream that they may see, of those up to a revision; -1: there is none. */
  async revisionOf(subject: LoadedSubject, upTo = subject.head.revision): Promise<number> {
    this.levels.take(subject);
    const { state, revisions } = subject;
    if (state === undefined || this.isWhole) return Math.min(upTo, subject.head.revision);
    if (!this.sees(await this.levels.ofSubject(state.kind, state.id))) return -1;
    const left = [...revisions].filter(([, revision]) => revision <= upTo).reverse();
    // Nearly always it is the last one; else each time many more are looked at.
    for (let [from, count] = [0, 1]; from < left.length; [from, count] = [from + count, count * 16]) {
      const some = left.slice(from, from + count);
      const levels = await this.levels.ofEvents(
        subject,
        some.map(([id]) => id),
      );
      const found = some.find(([id]) => this.sees(levels.get(id) ?? 'confidential'));
      if (found !== undefined) return found[1];
    }
    return -1;
  }

  /** Who may see an event of a subject by everything that is known, as far as they may know that. */
  async levelOf(
    subject: LoadedSubject,
    { type, data, visibility }: { readonly type: string; readonly data: Data; readonly visibility: Visibility },
  ): Promise<Visibility> {
    this.levels.take(subject);
    const { state } = subject;
    let level = stricter(visibility, await this.levels.named({ type, data }));
    const role = definitionOf(type)?.role;
    if (state !== undefined && role !== 'entry')
      level = stricter(level, await this.levels.ofSubject(state.kind, state.id));
    if (role === 'act') {
      const about = aboutOf(data);
      const levels = await this.levels.ofEvents(subject, about);
      for (const id of about) level = stricter(level, levels.get(id) ?? level);
    }
    return this.sees(level) ? level : visibility;
  }

  private sees(level: Visibility): boolean {
    return mayBeSeen(level, this.ceiling);
  }
}
