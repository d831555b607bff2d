/** Everything by which a server is watched, as one thing that the composition root makes and hands around. */
import type { AccessObserver, RefusedKey } from '#access';
import type { Command, CommandHandler, CommandObserver } from '#command-handling';
import { definitionOf } from '#domain';
import type { AppendWatch, Commit, EventStoreObserver } from '#event-store';
import type { Visibility } from '#kernel';
import type { ViewsMessage } from '#projections';
import { createLog, type Log } from './log.js';
import { Metrics } from './metrics.js';
import type { WatchSettings } from './settings.js';
import type { Tracing } from './tracing.js';

/** Loads what the settings ask for. */
export async function startWatching(settings: WatchSettings): Promise<Watching> {
  const log = createLog(settings.log);
  const metrics = await Metrics.create();
  const { traces } = settings;
  const tracing = traces && (await import('./opentelemetry.js')).openTelemetry(traces, log);
  return new Watching(log, metrics, tracing);
}

/** Stands in while what watches is still being loaded; nothing is appended before it is there. */
export class LateObserver implements EventStoreObserver {
  watching: EventStoreObserver | undefined;

  appending(append: Parameters<EventStoreObserver['appending']>[0]): AppendWatch {
    return this.watching?.appending(append) ?? (() => undefined);
  }

  committed(commit: Commit): void {
    this.watching?.committed(commit);
  }
}

export class Watching implements EventStoreObserver, CommandObserver, AccessObserver {
  /** How far the views of each ceiling were. */
  private readonly seqs = new Map<Visibility, number>();

  constructor(
    readonly log: Log,
    readonly metrics: Metrics,
    readonly tracing: Tracing | undefined,
  ) {}

  /** Something is wrong with the server. The line holds no fact about a person. */
  readonly report = (line: string): void => {
    this.log.error(line);
  };

  appending(append: Parameters<EventStoreObserver['appending']>[0]): AppendWatch {
    const counted = this.metrics.appending(append);
    const traced = this.tracing?.appending(append);
    if (traced === undefined) return counted;
    return (end) => {
      counted(end);
      traced(end);
    };
  }

  committed(commit: Commit): void {
    this.metrics.committed(commit);
  }

  keyRefused({ why, from, tries }: RefusedKey): void {
    this.metrics.keyRefused(why);
    // Of each address and minute the first, the tenth, the hundredth …: what is tried fast fills no disk.
    if (/^10*$/.test(String(tries))) this.log.warn({ from, tries }, 'a key that is none was tried');
  }

  step<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.tracing === undefined ? work() : this.tracing.step(name, work);
  }

  retried(): void {
    this.metrics.retried();
  }

  /** To be called with everything that the writer of the views posts. */
  viewsTold(ceiling: Visibility, message: ViewsMessage): void {
    if (message.kind === 'advanced') {
      // Views that begin anew, or are swapped for others, count from where they stand.
      const before = this.seqs.get(ceiling) ?? message.seq;
      this.metrics.viewsAdvanced(ceiling, Math.max(0, message.seq - before), message.changes.length);
      this.seqs.set(ceiling, message.seq);
    } else if (message.kind === 'swapped') {
      this.metrics.viewsSwapped(ceiling, message.reason);
      this.log.info({ ceiling, reason: message.reason }, 'Views put in place');
      this.seqs.delete(ceiling);
    } else if (message.kind === 'withdrawn') {
      this.log.warn({ ceiling, reason: message.reason }, 'Views withdrawn; they are built anew');
      this.seqs.delete(ceiling);
    }
  }

  /** The same commands, counted, timed and traced. */
  commands(inner: CommandHandler): CommandHandler {
    return {
      execute: async (command, principal) => {
        const begun = performance.now();
        const type = typeOf(command);
        const ended = (outcome: Parameters<Metrics['commandEnded']>[1]): void => {
          this.metrics.commandEnded(type, outcome, (performance.now() - begun) / 1_000);
        };
        try {
          const result = await this.step(`command ${type}`, () => inner.execute(command, principal));
          if (result.ok) ended(result.value.repeated ? 'repeated' : 'recorded');
          else {
            ended('refused');
            for (const { code } of result.error) this.metrics.refused(code);
          }
          return result;
        } catch (error) {
          ended('failed');
          throw error;
        }
      },
    };
  }
}

/** Of the catalogue only: what else a client may send as a type is no label. */
function typeOf({ type }: Command): string {
  return definitionOf(type) === undefined ? 'unknown' : type;
}
