/**
 * The process that builds views: a reader of the log and of the key store of its own, and a fold into the file that was ordered.
 * It lives for one order, and no longer than who gave it.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { OwnLens } from '#domain';
import { EventStoreError } from '#event-store';
import type { Visibility } from '#kernel';
import { openingOf } from '#log-format';
import { BuildFailedError, type BuildProgress, buildViews } from '#projections';
import { openKeyStore } from '../key-store.js';
import { openLog } from '../log.js';
import { createRandomness } from '../randomness.js';
import type { KeySettings } from '../settings.js';

export interface ToBuilder {
  readonly settings: KeySettings;
  readonly path: string;
  readonly ceiling: Visibility;
  readonly lens: OwnLens;
  readonly skip: ReadonlySet<string>;
}

export type FromBuilder =
  | { readonly kind: 'progress'; readonly progress: BuildProgress }
  | { readonly kind: 'built' }
  | { readonly kind: 'failed'; readonly code: string };

/** What is recorded meanwhile is taken in here too, until no more than this is left to whoever takes over. */
const LEFT = 500;
/** In one round less is recorded than in the one before, unless more is recorded than can be taken in. */
const ROUNDS = 8;

/** Far behind what answers requests, and still ahead of what has no hurry at all. */
const NICE = 10;

/** Builds what the first message orders, says how it went, and ends. */
export function awaitOrder(): void {
  giveWay();
  // A terminal and a supervisor signal to everybody; what is to become of this one, the server says.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.once('message', (order: ToBuilder) => {
    void fulfil(order).finally(() => process.exit());
  });
}

async function fulfil(order: ToBuilder): Promise<void> {
  const file = new OrderedFile(order.path);
  // Whoever ordered it is gone, however it ended: nobody will take it.
  process.once('disconnect', () => {
    file.remove();
    process.exit();
  });
  try {
    await build(order, file, (progress) => {
      void tell({ kind: 'progress', progress });
    });
    await tell({ kind: 'built' });
  } catch (error) {
    const known = error instanceof BuildFailedError || error instanceof EventStoreError;
    await tell({ kind: 'failed', code: known ? error.code : 'unexpected' });
  }
}

/** @returns when it is on its way */
function tell(message: FromBuilder): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => {
      resolve();
    });
  });
}

async function build(
  { settings, path, ceiling, lens, skip }: ToBuilder,
  file: OrderedFile,
  onProgress: (progress: BuildProgress) => void,
): Promise<void> {
  const randomness = createRandomness();
  const eventStore = await openLog(settings, { mode: 'read', randomness });
  const keyStore = await openKeyStore(settings, { mode: 'read', randomness });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const clock = { now: () => new Date() };
      const opening = openingOf(eventStore, keyStore);
      const building = buildViews({ eventStore, keyStore: opening, path, ceiling, lens, skip, clock, onProgress });
      file.isThere();
      const { checkpoint, poison } = await building;
      if (poison !== undefined || (await eventStore.eventsBehind(checkpoint.position)) <= LEFT) return;
    }
  } finally {
    await keyStore.close();
    await eventStore.close();
  }
}

/** A server that starts again while this still ends may already have another file made under the same name. */
class OrderedFile {
  private made: number | undefined;

  constructor(private readonly path: string) {}

  /** What lies there by now is what was made here. */
  isThere(): void {
    this.made ??= this.now();
  }

  remove(): void {
    if (this.made === undefined || this.now() !== this.made) return;
    for (const beside of ['', '-journal', '-wal', '-shm']) rmSync(this.path + beside, { force: true });
  }

  private now(): number | undefined {
    return statSync(this.path, { throwIfNoEntry: false })?.ino;
  }
}

/** Puts all of this process behind others. On Linux a priority is of a thread: those that V8 has for its garbage count as well. */
function giveWay(): void {
  if (process.platform !== 'linux') setPriority(NICE);
  else for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), NICE);
}
