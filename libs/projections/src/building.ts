/** A view file that is being built to be served: with a projection here, or elsewhere and then with one here. */
import type { OwnLens } from '#domain';
import type { Visibility } from '#kernel';
import type { BuildOrder } from './ports.js';
import type { Projection } from './projection.js';
import type { BuildProgress, RebuildReason } from './shapes.js';

export class Building {
  /** Where the file is built elsewhere, there is none until that is done. */
  projection: Projection | undefined;
  private readonly stop = new AbortController();
  private readonly outcome = Promise.withResolvers<boolean>();
  private told: BuildProgress | undefined;
  private ended: Promise<void> | undefined;

  constructor(
    readonly reason: RebuildReason,
    readonly path: string,
    /** Of those who are to read it. */
    private readonly ceiling: Visibility,
    private readonly lens: OwnLens,
    /** Events to pass over. */
    readonly skip: ReadonlySet<string>,
  ) {}

  /** Resolves true when it has taken the place of what was served before, which is deleted by then; false: it never will. */
  get served(): Promise<boolean> {
    return this.outcome.promise;
  }

  /** The first answer counts. */
  settle(served: boolean): void {
    this.outcome.resolve(served);
  }

  /** Has it built elsewhere. @returns when that is done; nothing is written there any more, also where it fails */
  elsewhere(build: (order: BuildOrder) => Promise<void>, onProgress: () => void): Promise<void> {
    const { path, ceiling, lens, skip, stop } = this;
    const tell = (progress: BuildProgress): void => {
      this.told = progress;
      onProgress();
    };
    const built = build({ path, ceiling, lens, skip, onProgress: tell, signal: stop.signal });
    this.ended = built.catch(() => undefined);
    return built;
  }

  get progress(): BuildProgress {
    const { projection } = this;
    if (projection === undefined) return this.told ?? { seq: 0, step: 'events', done: 0 };
    const { seq } = projection.file.checkpoint;
    return { seq, step: projection.state === 'live' ? 'documents' : 'events', done: seq };
  }

  /**
   * As good for readers as a file that holds everything up to this seq and is kept up to date; as one that is served as it is; as the only
   * one, where there is no other.
   */
  isAsGoodAs(served: { readonly seq: number } | 'as-it-is' | undefined): boolean {
    const { projection } = this;
    if (projection === undefined) return false;
    if (served === undefined) return projection.state === 'live' || projection.state === 'stopped';
    // Of what was built elsewhere only the documents of the last few events can be out of date.
    const isReady = this.ended === undefined ? projection.settled : projection.complete;
    // How far that one came is not known here.
    if (served === 'as-it-is') return isReady && projection.state === 'live';
    return isReady && projection.file.checkpoint.seq >= served.seq;
  }

  /** Lets go of the file. */
  async drop(): Promise<void> {
    this.stop.abort();
    await this.ended;
    await this.projection?.close();
    this.projection?.file.close();
  }
}
