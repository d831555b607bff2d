/**
 * Keeps the views: opens the file that is served or builds a first one, follows the log with it, and builds a new file
 * beside it where that is needed (another fold version, a damaged file, a log that changed, a wish). The served file is
 * kept up to date meanwhile; the new one takes its place once it holds as much, with its documents ready.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { err, ok, refusal, type Refusal, type Result } from '#kernel';
import { Fold } from './fold.js';
import { ViewsFolder } from './folder.js';
import type { Views, ViewsOptions } from './ports.js';
import { type Ending, Projection } from './projection.js';
import { createFile, openForWriting } from './schema.js';
import type { PoisonEvent, RebuildReason, StatusChange, ViewsHealth } from './shapes.js';
import { ViewFile } from './view-file.js';

/** Starts the views; returns at once. @throws where the folder cannot be made or read */
export function runViews(options: ViewsOptions): Views {
  return new RunningViews(options);
}

interface Building {
  readonly reason: RebuildReason;
  readonly projection: Projection;
}

const REBUILD_AGAIN_MS = 1_000;

const NO_SKIPS: ReadonlySet<string> = new Set();

class RunningViews implements Views {
  private readonly folder: ViewsFolder;
  /** The path that readers have open; a file of an older fold is served without being followed. */
  private servedFile: string | undefined;
  private served: Projection | undefined;
  private building: Building | undefined;
  /** Work on files in progress, in order. */
  private work: Promise<void> = Promise.resolve();
  private closed = false;
  private lastHealth = '';

  constructor(private readonly options: ViewsOptions) {
    this.folder = new ViewsFolder(options.folder);
    this.folder.prepare();
    this.open();
    this.tell();
  }

  health(): ViewsHealth {
    const told = this.served ?? this.building?.projection;
    const checkpoint = told?.file.checkpoint;
    const seq = this.served === undefined ? 0 : (checkpoint?.seq ?? 0);
    const known = this.served === undefined ? undefined : checkpoint?.known;
    const position = this.served === undefined ? undefined : checkpoint?.position;
    const state = this.state();
    const poison = this.poison();
    const failure = this.served?.failure ?? this.building?.projection.failure;
    return {
      state,
      seq,
      ...(position !== undefined && { position }),
      ...(known !== undefined && seq > 0 && { knownAt: new Date(known).toISOString() }),
      lagMilliseconds:
        state === 'live' || known === undefined ? 0 : Math.max(0, this.options.clock.now().getTime() - known),
      ...(poison !== undefined && { poison }),
      ...(this.building !== undefined && {
        rebuilding: { reason: this.building.reason, seq: this.building.projection.file.checkpoint.seq },
      }),
      ...(failure !== undefined && { failure }),
    };
  }

  rebuild(): void {
    if (!this.closed && this.building === undefined) this.build('asked');
  }

  skip(event: string): Result<void, Refusal> {
    // Both may have stopped at it: the served one and the one that is being built.
    const went = [this.served, this.building?.projection].filter((one) => one?.skipPoison(event) === true);
    if (went.length === 0) return err(refusal('not-stopped-there', 'The views did not stop at this event.'));
    this.tell();
    return ok(undefined);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.served?.close(), this.building?.projection.close()]);
    await this.work;
    for (const file of [this.served?.file, this.building?.projection.file]) file?.close();
    if (this.building !== undefined) this.folder.deleteAllBut([this.servedFile]);
    this.building = undefined;
    this.tell();
  }

  private open(): void {
    const path = this.folder.served();
    if (path === undefined) {
      this.build('first');
      return;
    }
    const opened = openForWriting(path);
    if (opened === 'other-fold') {
      this.servedFile = path;
      this.build('fold-version');
      return;
    }
    if (typeof opened === 'string') {
      this.folder.withdraw();
      this.build('damaged');
      return;
    }
    this.servedFile = path;
    this.served = this.follow(new ViewFile(path, opened), NO_SKIPS);
    this.folder.deleteAllBut([path]);
  }

  private build(reason: RebuildReason): void {
    // What was skipped in a file of this fold would stop this fold again; another one may be able to read it.
    const skip = reason === 'asked' ? (this.served?.file.skipped() ?? NO_SKIPS) : NO_SKIPS;
    this.folder.deleteAllBut([this.servedFile]);
    const path = this.folder.next();
    this.building = { reason, projection: this.follow(new ViewFile(path, createFile(path)), skip) };
    this.tell();
  }

  private follow(file: ViewFile, skip: ReadonlySet<string>): Projection {
    const { eventStore, keyStore, clock, applying } = this.options;
    const projection: Projection = new Projection(file, new Fold(file, clock), {
      eventStore,
      keyStore,
      skip,
      // Of two that follow the log, only what readers see is told of.
      ...(applying && { applying: (events) => (projection === this.served ? applying(events) : undefined) }),
      onProgress: (changes) => {
        this.progressed(projection, changes);
      },
    });
    void projection.whenEnded().then((ending) => {
      this.ended(projection, ending);
    });
    return projection;
  }

  private progressed(projection: Projection, changes: readonly StatusChange[]): void {
    if (projection === this.served) {
      const { seq } = projection.file.checkpoint;
      this.options.post({ kind: 'advanced', seq, changes });
    }
    if (this.building !== undefined && this.mayServe(this.building)) this.later(() => this.swap());
    this.tell();
  }

  /** The new file is as good as the served one; or there is none, and this one goes no further by itself. */
  private mayServe({ projection }: Building): boolean {
    if (this.closed) return false;
    if (projection.state === 'stopped') return this.servedFile === undefined;
    if (this.served === undefined)
      return projection.state === 'live' && (this.servedFile === undefined || projection.settled);
    return projection.settled && projection.file.checkpoint.seq >= this.served.file.checkpoint.seq;
  }

  private async swap(): Promise<void> {
    const { building, served } = this;
    if (building === undefined || !this.mayServe(building)) return;
    // From here on nobody else takes a step: the pointer moves before the old projection is told to end.
    this.folder.serve(building.projection.file.path);
    this.servedFile = building.projection.file.path;
    this.served = building.projection;
    this.building = undefined;
    this.options.post({ kind: 'swapped', file: this.servedFile, reason: building.reason });
    this.tell();
    await served?.close();
    served?.file.close();
    this.folder.deleteAllBut([this.servedFile]);
  }

  private ended(projection: Projection, ending: Ending): void {
    if (ending === 'closed' || this.closed) return;
    const reason = ending;
    this.later(async () => {
      await projection.close();
      projection.file.close();
      if (projection === this.served) {
        // What a changed log or a broken file says is not to be served any more.
        this.folder.withdraw();
        this.served = undefined;
        this.servedFile = undefined;
        this.options.post({ kind: 'withdrawn', reason });
        await this.building?.projection.close();
        this.building?.projection.file.close();
      } else if (projection !== this.building?.projection) {
        return;
      } else {
        // A new file that broke at once may break again: the disk is given time.
        await delay(REBUILD_AGAIN_MS);
      }
      if (!this.closed) this.build(reason);
    });
  }

  private later(step: () => Promise<void>): void {
    this.work = this.work.then(step).catch((error: unknown) => {
      this.options.post({ kind: 'failed', code: error instanceof Error ? error.name : 'unexpected' });
    });
  }

  private state(): ViewsHealth['state'] {
    if (this.closed) return 'closed';
    if (this.served !== undefined) return this.served.state;
    const built = this.building?.projection.state;
    if (built === 'stopped' || built === 'failed') return built;
    return this.servedFile === undefined ? 'starting' : 'catching-up';
  }

  private poison(): PoisonEvent | undefined {
    return this.served?.poison ?? this.building?.projection.poison;
  }

  private tell(): void {
    const health = this.health();
    // The lag moves with every look at the clock: it alone is no news.
    const news = JSON.stringify({ ...health, lagMilliseconds: undefined });
    if (news === this.lastHealth) return;
    this.lastHealth = news;
    this.options.post({ kind: 'health', health });
  }
}
