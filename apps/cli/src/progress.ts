/** How far a long work got, on one line of a terminal. Where nobody looks at one, nothing is printed. */
export class Progress {
  private shown = '';

  show(text: string): void {
    if (!process.stderr.isTTY || text === this.shown) return;
    process.stderr.write(`\r${text.padEnd(this.shown.length)}`);
    this.shown = text;
  }

  /** Leaves no trace of it. */
  clear(): void {
    if (this.shown !== '') process.stderr.write(`\r${' '.repeat(this.shown.length)}\r`);
    this.shown = '';
  }
}

/** Progress of one kind of work on many things: a bar, how fast it goes, and how long it will take at that. */
export class Meter {
  private readonly progress = new Progress();
  private readonly since = performance.now();

  /**
   * @param noun what is worked on, in the singular
   * @param before how many were done before it began, which say nothing of how fast it goes
   */
  constructor(
    private readonly title: string,
    private readonly noun = 'event',
    private readonly before = 0,
  ) {}

  /** @param of left out: nobody knows how many there are */
  show(done: number, of?: number): void {
    const seconds = (performance.now() - this.since) / 1_000;
    const rate = seconds < 1 ? 0 : (done - this.before) / seconds;
    const speed = rate === 0 ? '' : `, ${Math.round(rate).toLocaleString('en-US')}/s`;
    if (of === undefined) {
      this.progress.show(`${this.title}: ${countText(done, this.noun)}${speed}`);
      return;
    }
    const left = rate === 0 ? '' : `, ${timeText((of - done) / rate)} left`;
    const share = of === 0 ? 1 : done / of;
    const counted = `${done.toLocaleString('en-US')} of ${countText(of, this.noun)}`;
    this.progress.show(`${this.title}: ${barText(share)} ${percentText(share)}  ${counted}${speed}${left}`);
  }

  clear(): void {
    this.progress.clear();
  }
}

/** For each step of a long work, what it is called, and what is worked on, in the singular. */
export type Steps<Step extends string> = Readonly<Record<Step, readonly [title: string, noun: string]>>;

/** Progress of a work in several steps: a meter for each. */
export class StepMeter<Step extends string> {
  private step: Step | undefined;
  private meter: Meter | undefined;

  constructor(private readonly steps: Steps<Step>) {}

  show(step: Step, done: number, of?: number): void {
    if (step !== this.step) {
      this.clear();
      this.step = step;
      const [title, noun] = this.steps[step];
      this.meter = new Meter(title, noun, done);
    }
    this.meter?.show(done, of);
  }

  clear(): void {
    this.meter?.clear();
  }
}

/** Such as `40 s`, `12 min`, `3 h 05 min`. */
function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A bar, of a share from 0 to 1. */
export function barText(share: number): string {
  return '█'.repeat(Math.round(Math.min(1, share) * 24)).padEnd(24, '░');
}

/** Such as `43%`, of a share from 0 to 1. */
export function percentText(share: number): string {
  return `${Math.floor(Math.min(1, share) * 100)}%`;
}

/** Such as `3.4 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Such as `12,345 events`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
