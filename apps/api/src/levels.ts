/**
 * The views of each ceiling, and the streams over them: those of who may see everything always, and the others from the moment on at
 * which some key has such a ceiling. So every question is asked of a file that holds nothing else than whoever asks may see.
 */
import { join } from 'node:path';
import { Feed, type FeedOptions, ViewsChangeSource } from '#feed';
import { type Clock, err, type Refusal, refusal, type Result, ok, type Visibility, VISIBILITIES } from '#kernel';
import { deleteCheck, deleteViews, foldOf, openViewsReader, type ViewsMessage, type ViewsReader } from '#projections';
import type { ViewsThread, ViewsWriter } from './views.js';

/** What somebody with some ceiling is answered from. */
export interface Level {
  readonly views: ViewsReader;
  readonly changes: ViewsChangeSource;
  readonly feed: Feed;
  /** Resolves when there is something to read, or it takes long. Left out: there is. */
  begun?: Promise<unknown>;
}

interface RunningLevel extends Level {
  readonly writer: Promise<ViewsWriter>;
}

export interface LevelsOptions {
  readonly data: string;
  /** Only facts count that somebody has verified. */
  readonly fourEyes: boolean;
  readonly clock: Clock;
  readonly feed: Omit<FeedOptions, 'source' | 'views' | 'elsewhere'>;
  /** Starts what writes the views of a ceiling into a folder. */
  readonly start: (
    ceiling: Visibility,
    folder: string,
    notify: (message: ViewsMessage) => void,
    thread?: ViewsThread,
  ) => Promise<ViewsWriter>;
  /** Told with everything that the writers post, after whoever reads those views was. */
  readonly notify: (ceiling: Visibility, message: ViewsMessage) => void;
}

export class Levels {
  readonly #levels = new Map<Visibility, RunningLevel>();
  #closing: Promise<void> | undefined;

  constructor(private readonly options: LevelsOptions) {}

  /** Begins to fold the views of a ceiling, unless they are. @param thread one that was made earlier */
  begin(ceiling: Visibility, thread?: ViewsThread): RunningLevel {
    const running = this.#levels.get(ceiling);
    if (running !== undefined) return running;
    const { data, fourEyes, clock, feed, start } = this.options;
    const folder = folderOf(data, ceiling);
    const views = openViewsReader({ folder, ceiling, fourEyes, clock });
    const changes = new ViewsChangeSource(views);
    const notify = (message: ViewsMessage): void => {
      views.notify(message);
      this.options.notify(ceiling, message);
      changes.notify(message);
    };
    // In a thread of its own.
    const writer = start(ceiling, folder, notify, thread);
    writer.catch(() => {
      // Whoever asks next has it begun again.
      if (this.#levels.get(ceiling)?.writer === writer) this.#levels.delete(ceiling);
    });
    const level: RunningLevel = {
      views,
      changes,
      feed: new Feed({ ...feed, source: changes, views, elsewhere: () => this.streams - level.feed.size }),
      writer,
      begun: writer
        .catch(() => undefined)
        .then(() => {
          delete level.begun;
        }),
    };
    this.#levels.set(ceiling, level);
    return level;
  }

  /** What somebody with this ceiling is answered from. Until the views can be read, they refuse with `views-not-ready`. */
  of(ceiling: Visibility): Level {
    return this.begin(ceiling);
  }

  /** By what changes are told, whatever somebody may see. */
  get fold(): string {
    return foldOf(this.options.fourEyes ? 'verified' : 'all');
  }

  /** The ceilings of which there are views. */
  get running(): readonly (readonly [ceiling: Visibility, level: Level])[] {
    return [...this.#levels];
  }

  /** How many streams there are. */
  get streams(): number {
    let streams = 0;
    for (const { feed } of this.#levels.values()) streams += feed.size;
    return streams;
  }

  /** Has all of them built anew. Resolves when their health says so. Refusal: `views-not-ready`. */
  async rebuild(): Promise<Result<void, Refusal>> {
    return firstRefusal(await this.#all((writer) => writer.rebuild()));
  }

  /**
   * Has all of them built anew without these keys, which were destroyed, and deletes those that nobody reads at present. Resolves when
   * nothing is left of any file that was begun before. Refusal: `views-not-ready`. Never rejects.
   */
  async refold(keyIds: readonly string[]): Promise<Result<void, Refusal>> {
    // Before anything is waited for: whoever comes meanwhile begins with none.
    const unread = VISIBILITIES.filter((ceiling) => !this.#levels.has(ceiling));
    const { data } = this.options;
    const deleted = [...unread.map((ceiling) => deleteViews(folderOf(data, ceiling))), deleteCheck(data)];
    const folded = await this.#all((writer) => writer.refold(keyIds)).catch(() => [err(NOT_BEGUN)]);
    return deleted.every(Boolean) ? firstRefusal(folded) : err(NOT_DELETED);
  }

  /** The event at which any of them stand, which they cannot take in. */
  get standsAt(): string | undefined {
    for (const { views } of this.#levels.values()) {
      const { poison } = views.health();
      if (poison !== undefined) return poison.event;
    }
    return undefined;
  }

  /** Has those that stopped at an event go on behind it. Refusals: `not-stopped-there`, if none did; `views-not-ready`. */
  async skip(event: string): Promise<Result<void, Refusal>> {
    const all = await this.#all((writer) => writer.skip(event));
    return all.some((one) => one.ok) ? ok(undefined) : firstRefusal(all);
  }

  /** Ends all streams, and refuses new ones. Idempotent. */
  endStreams(): void {
    for (const { feed } of this.#levels.values()) feed.close();
  }

  /** Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.endStreams();
    for (const { views, changes, writer } of this.#levels.values()) {
      // Before the writer: SQLite folds its WAL into the file when the last connection, which must be able to write, goes.
      views.close();
      await (await writer.catch(() => undefined))?.close();
      changes.close();
    }
  }

  #all<T>(ask: (writer: ViewsWriter) => Promise<T>): Promise<readonly T[]> {
    return Promise.all([...this.#levels.values()].map(async ({ writer }) => ask(await writer)));
  }
}

/** Deletes the views of all ceilings in a data folder, before any are begun. @returns whether none is left */
export function deleteAllViews(data: string): boolean {
  return VISIBILITIES.map((ceiling) => deleteViews(folderOf(data, ceiling))).every(Boolean);
}

function folderOf(data: string, ceiling: Visibility): string {
  return ceiling === 'confidential' ? data : join(data, `views-${ceiling}`);
}

const NOT_BEGUN = refusal('views-not-ready', 'The views could not be begun; try again in a moment.');

const NOT_DELETED = refusal('views-not-ready', 'An old file of views could not be deleted; try again in a moment.');

function firstRefusal(all: readonly Result<void, Refusal>[]): Result<void, Refusal> {
  return all.find((one) => !one.ok) ?? ok(undefined);
}
