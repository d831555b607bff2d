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
