/**
 * Keeps the views: opens the file that is served or builds a first one, follows the log with it, and builds a new file
 * beside it where that is needed (another fold version, other facts that count, a damaged file, a log that changed, a wish). The served file is
 * kept up to date meanwhile; the new one takes its place once it holds as much, with its documents ready.
 */
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { OwnLens } from '#domain';
import { err, ok, refusal, type Refusal, type Result, type Visibility } from '#kernel';
import { BuildFailedError } from './build-views.js';
import { Building } from './building.js';
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

  private readonly ceiling: Visibility;
  private readonly lens: OwnLens;

  constructor(private readonly options: ViewsOptions) {
    this.ceiling = options.ceiling ?? 'confidential';
    this.lens = options.fourEyes === true ? 'verified' : 'all';
    this.folder = new ViewsFolder(options.folder);
    this.folder.prepare();
    this.open();
    this.tell();
  }

  health(): ViewsHealth {
    const { building } = this;
    const told = this.served ?? building?.projection;
    const checkpoint = told?.file.checkpoint;
    const seq = this.served === undefined ? 0 : (checkpoint?.seq ?? 0);
    const known = this.served === undefined ? undefined : checkpoint?.known;
    const position = this.served === undefined ? undefined : checkpoint?.position;
    const state = this.state();
    const poison = this.poison();
    const failure = this.served?.failure ?? building?.projection?.failure;
    return {
      state,
      seq,
      ...(this.servedFile !== undefined && { file: basename(this.servedFile) }),
      ...(position !== undefined && { position }),
      ...(known !== undefined && seq > 0 && { knownAt: new Date(known).toISOString() }),
      lagMilliseconds:
        state === 'live' || known === undefined ? 0 : Math.max(0, this.options.clock.now().getTime() - known),
      ...(poison !== undefined && { poison }),
      ...(building !== undefined && { rebuilding: { reason: building.reason, ...building.progress } }),
      ...(failure !== undefined && { failure }),
    };
  }

  rebuild(): void {
    if (!this.closed && this.building === undefined) this.build('asked');
  }

  refold(): Promise<boolean> {
    return new Promise((resolve) => {
      this.later(async () => {
        // What is being built was begun before.
        const reason = this.building?.reason ?? 'asked';
        await this.dropBuilding();
        this.buildUnlessClosed(reason);
        resolve(this.building?.served ?? false);
      });
    });
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
    await Promise.all([this.served?.close(), this.dropBuilding()]);
    await this.work;
    this.served?.file.close();
    this.tell();
  }

  private open(): void {
    const path = this.folder.served();
    if (path === undefined) {
      this.build('first');
      return;
    }
    const opened = openForWriting(path, { lens: this.lens });
    if (opened === 'other-fold' || opened === 'other-lens') {
      this.servedFile = path;
      this.build(opened === 'other-fold' ? 'fold-version' : 'four-eyes');
      return;
    }
    const file = typeof opened === 'string' ? undefined : new ViewFile(path, opened);
    if (file?.ceiling !== this.ceiling) {
      file?.close();
      this.folder.withdraw();
      this.build('damaged');
      return;
    }
    this.servedFile = path;
    this.served = this.follow(file, NO_SKIPS);
    this.folder.deleteAllBut([path]);
  }

  private build(reason: RebuildReason): void {
    // What was skipped in a file of this fold would stop this fold again; another one may be able to read it.
    const skip = reason === 'asked' ? (this.served?.file.skipped() ?? NO_SKIPS) : NO_SKIPS;
    this.building?.settle(false);
    this.folder.deleteAllBut([this.servedFile]);
    const path = this.folder.next();
    const building = (this.building = new Building(reason, path, this.ceiling, this.lens, skip));
    const { build } = this.options;
    // Where nobody reads a file meanwhile, nobody is disturbed.
    if (build === undefined || this.servedFile === undefined)
      building.projection = this.follow(
        new ViewFile(path, createFile(path, { ceiling: this.ceiling, lens: this.lens })),
        skip,
      );
    else this.buildElsewhere(building, build);
    this.tell();
  }

  private buildElsewhere(building: Building, build: NonNullable<ViewsOptions['build']>): void {
    building
      .elsewhere(build, () => {
        this.tell();
      })
      .then(
        () => {
          this.later(() => this.takeOver(building));
        },
        (error: unknown) => {
          this.later(() => this.giveUp(building, error));
        },
      );
  }

  /** Follows the log with what was built elsewhere: what came since is soon taken in. */
  private async takeOver(building: Building): Promise<void> {
    if (this.building !== building || this.closed) return;
    const opened = openForWriting(building.path, { lens: this.lens });
    if (typeof opened === 'string') return this.giveUp(building, new BuildFailedError(opened));
    building.projection = this.follow(new ViewFile(building.path, opened), building.skip);
    this.tell();
  }

  private async giveUp(building: Building, error: unknown): Promise<void> {
    if (this.building !== building || this.closed) return;
    await this.dropBuilding();
    this.options.post({ kind: 'failed', code: error instanceof BuildFailedError ? error.code : 'unexpected' });
    this.tell();
    // What somebody asked for may be asked for again; what has to be is tried again.
    if (building.reason === 'asked') return;
    await delay(REBUILD_AGAIN_MS);
    this.buildUnlessClosed(building.reason);
  }

  private buildUnlessClosed(reason: RebuildReason): void {
    if (!this.closed) this.build(reason);
  }

  /** Lets go of the file that is being built, and deletes it. */
  private async dropBuilding(): Promise<void> {
    await this.building?.drop();
    if (this.building !== undefined) this.folder.deleteAllBut([this.servedFile]);
    this.building?.settle(false);
    this.building = undefined;
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

  private mayServe(building: Building): boolean {
    if (this.closed) return false;
    const served = this.served?.file.checkpoint ?? 'as-it-is';
    return building.isAsGoodAs(this.servedFile === undefined ? undefined : served);
  }

  private async swap(): Promise<void> {
    const { building, served } = this;
    if (building === undefined || !this.mayServe(building)) return;
    // From here on nobody else takes a step: the pointer moves, and what readers see of the old file until they hear of it stays
    // behind the new one.
    this.folder.serve(building.path);
    this.servedFile = building.path;
    this.served = building.projection;
    this.building = undefined;
    const ended = served?.abandon();
    this.options.post({ kind: 'swapped', file: this.servedFile, reason: building.reason });
    this.tell();
    await ended;
    served?.file.close();
    building.settle(this.folder.deleteAllBut([this.servedFile]));
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
        await this.dropBuilding();
      } else if (projection !== this.building?.projection) {
        return;
      } else {
        // A new file that broke at once may break again: the disk is given time.
        await delay(REBUILD_AGAIN_MS);
      }
      this.buildUnlessClosed(reason);
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
    const built = this.building?.projection?.state;
    if (built === 'stopped' || built === 'failed') return built;
    return this.servedFile === undefined ? 'starting' : 'catching-up';
  }

  private poison(): PoisonEvent | undefined {
    return this.served?.poison ?? this.building?.projection?.poison;
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
