/** A record to project: the embedded log, the key store and views over them, in a folder that goes away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteKeyStore } from '#access';
import { catalogue } from '#domain';
import type { EventStore } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import { type Clock, streamName, type Visibility } from '#kernel';
import {
  CHAIN_START,
  type ChainHead,
  createEventCodec,
  ensureLogStarted,
  type KeyStore,
  type Opening,
} from '#log-format';
import { realRandomness } from '../../../../test/support/real.js';
import type { Views, ViewsReader } from '../ports.js';
import { openViewsReader } from '../reader.js';
import type { DocumentOf, SubjectCategory, ViewsMessage } from '../shapes.js';
import { runViews } from '../views.js';

/** An event to be recorded: of which subject, of which type, saying what. */
export interface Said {
  readonly kind: SubjectCategory;
  readonly subject: string;
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly by?: string;
  readonly visibility?: Visibility;
}

class TestClock implements Clock {
  constructor(private at: number = Date.parse('2026-11-23T12:00:00.000Z')) {}
  now(): Date {
    return new Date(this.at);
  }
  forward(milliseconds: number): void {
    this.at += milliseconds;
  }
}

/** An event of no subject. */
const GAP = { type: 'Gap', schemaVersion: 1, personal: [] };
const codec = createEventCodec([...catalogue, GAP], realRandomness);

export class TestRecord {
  readonly clock = new TestClock();
  readonly messages: ViewsMessage[] = [];
  private readonly heads = new Map<string, ChainHead>();
  private readonly open: (() => unknown)[] = [];

  private constructor(
    readonly folder: string,
    readonly store: EventStore,
    readonly keys: KeyStore,
    readonly logId: string,
  ) {}

  static async create(): Promise<TestRecord> {
    const folder = mkdtempSync(join(tmpdir(), 'habeas-views-'));
    const store = await openSqliteLog({ folder, mode: 'own' });
    const keys = await openSqliteKeyStore({ folder, mode: 'write', randomness: realRandomness });
    const clock = new TestClock();
    return new TestRecord(folder, store, keys, await ensureLogStarted(store, clock, realRandomness));
  }

  /** Records events one after the other, a second apart, as the command handler would. */
  async say(...events: readonly Said[]): Promise<void> {
    for (const said of events) await this.sayOne(said);
  }

  private async sayOne({
    kind,
    subject,
    id,
    type,
    data,
    by = 'recorder',
    visibility = 'internal',
  }: Omit<Said, 'kind'> & { readonly kind: string }): Promise<void> {
    const stream = streamName(kind, subject);
    const head = this.heads.get(stream) ?? CHAIN_START;
    this.clock.forward(1000);
    const encoded = codec.encode([{ id, type, data }], {
      logId: this.logId,
      stream,
      head,
      key: await this.keys.obtain(stream),
      recordedAt: this.clock.now(),
      recordedBy: by,
      correlationId: id,
      visibility,
    });
    await this.store.append(stream, encoded.events, head.revision < 0 ? 'no-stream' : head.revision);
    this.heads.set(stream, encoded.head);
  }

  /** Records the events that have a level, as of that level; in the place of each other one, something of no subject. */
  async sayWithGaps(story: readonly Said[], levelOf: (said: Said) => Visibility | undefined): Promise<void> {
    for (const said of story) {
      const visibility = levelOf(said);
      await this.sayOne(
        visibility === undefined
          ? { ...said, kind: 'gap', type: GAP.type, data: {}, visibility: 'internal' }
          : { ...said, visibility },
      );
    }
  }

  /** Appends something that the format of the log would never write. */
  async sayRaw(
    kind: SubjectCategory,
    subject: string,
    event: { id: string; type: string; data: string; metadata: string },
  ): Promise<void> {
    const stream = streamName(kind, subject);
    const revision = this.heads.get(stream)?.revision ?? -1;
    await this.store.append(stream, [event], revision < 0 ? 'no-stream' : revision);
    this.heads.set(stream, { revision: revision + 1, hash: this.heads.get(stream)?.hash });
  }

  /** The revision that a stream has come to. */
  revision(kind: SubjectCategory, subject: string): number {
    return this.heads.get(streamName(kind, subject))?.revision ?? -1;
  }

  /** Runs views in this folder or another one; closed with the record. */
  views(
    folder = this.folder,
    keys: Opening = this.keys,
    ceiling: Visibility = 'confidential',
    fourEyes = false,
  ): { views: Views; reader: ViewsReader } {
    const reader = openViewsReader({ folder, ceiling, fourEyes, clock: this.clock });
    const views = runViews({
      eventStore: this.store,
      keyStore: keys,
      folder,
      ceiling,
      fourEyes,
      clock: this.clock,
      post: (message) => {
        this.messages.push(message);
        reader.notify(message);
      },
    });
    this.open.push(
      () => views.close(),
      () => {
        reader.close();
      },
    );
    return { views, reader };
  }

  /** A folder of its own inside of this record's. */
  subfolder(name: string): string {
    return join(this.folder, name);
  }

  async close(): Promise<void> {
    for (const step of this.open.splice(0)) await step();
    await this.store.close();
    await this.keys.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until something is so; fails after twenty seconds. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  // Long, because a test that waits in vain fails anyway, and one on a busy machine should not.
  const end = performance.now() + 20_000;
  while (!(await what())) {
    if (performance.now() > end) throw new Error('It did not come to be so.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until views, or a reader of them, say that they are up to date and hold the events up to this seq. */
export function caughtUp(views: Pick<ViewsReader, 'health'>, seq: number): Promise<void> {
  return until(() => views.health().state === 'live' && views.health().seq === seq);
}

export function documentOf<Kind extends SubjectCategory>(
  reader: ViewsReader,
  kind: Kind,
  id: string,
  moment?: Parameters<ViewsReader['document']>[2],
): DocumentOf[Kind] {
  const found = reader.document(kind, id, moment);
  if (!found.ok) throw new Error(found.error.code);
  return JSON.parse(found.value.json.toString()) as DocumentOf[Kind];
}
