/** Waits of readers until the views hold an event: looked at when the writer says that it moved, and now and then. */

/** For writers in other processes, which say nothing to this one. */
const LOOK_EVERY_MS = 100;

interface Wait {
  readonly stream: string;
  readonly revision: number;
  readonly end: (held: boolean) => void;
}

export class Waits {
  private readonly waiting = new Set<Wait>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly revisionOf: (stream: string) => number | undefined) {}

  add(stream: string, revision: number, timeout: number): Promise<boolean> {
    if (this.holds(stream, revision)) return Promise.resolve(true);
    if (timeout <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const limit = setTimeout(() => {
        wait.end(false);
      }, timeout);
      const wait: Wait = {
        stream,
        revision,
        end: (held) => {
          clearTimeout(limit);
          this.waiting.delete(wait);
          if (this.waiting.size === 0) this.stopLooking();
          resolve(held);
        },
      };
      this.waiting.add(wait);
      this.timer ??= setInterval(() => {
        this.look();
      }, LOOK_EVERY_MS);
    });
  }

  look(): void {
    for (const wait of this.waiting) if (this.holds(wait.stream, wait.revision)) wait.end(true);
  }

  close(): void {
    for (const wait of this.waiting) wait.end(false);
  }

  private holds(stream: string, revision: number): boolean {
    return (this.revisionOf(stream) ?? -1) >= revision;
  }

  private stopLooking(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
