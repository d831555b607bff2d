/** Status changes as this node's views have them. */
import type { Refusal, Result } from '#kernel';
import type { ChangeFilter, ChangePlace, ChangesRead, ViewsMessage, ViewsReader } from '#projections';
import { type Observable, Subject } from 'rxjs';
import { END } from './place.js';
import type { ChangeSource } from './ports.js';

export class ViewsChangeSource implements ChangeSource {
  private readonly progress = new Subject<number>();
  readonly advanced: Observable<number> = this.progress.asObservable();

  constructor(private readonly views: Pick<ViewsReader, 'changes' | 'fold'>) {}

  get fold(): string {
    return this.views.fold;
  }

  page(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangesRead, Refusal> {
    return this.views.changes(filter, after, limit);
  }

  /** To be called with everything that the writer of the views posts, after the reader was. */
  notify(message: ViewsMessage): void {
    if (message.kind === 'advanced') this.progress.next(message.seq);
    if (message.kind !== 'swapped') return;
    // A file that takes the place of another may have come further.
    const read = this.views.changes({}, END, 1);
    if (read.ok) this.progress.next(read.value.head);
  }

  /** Idempotent. */
  close(): void {
    this.progress.complete();
  }
}
