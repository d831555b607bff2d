/** From settings to a listening server and back to nothing: the composition root, the only place that picks adapters. */
import { randomUUID } from 'node:crypto';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { hostname } from 'node:os';
import { joinNodes, onlyNode, openAccessDirectory, openAccessTrail, openErasureDirectory, openErasures } from '#access';
import { createCommandHandler } from '#command-handling';
import { Leases } from '#event-store';
import { type Clock, HmacKey, type Visibility } from '#kernel';
import { ensureFoldAdopted, ensureLogStarted, hasRecords } from '#log-format';
import { FOLD_VERSION, type ViewsReader } from '#projections';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bundlesFrom } from './bundles.js';
import { markOf, unfinished } from './copy/mark.js';
import { endOfKey } from './end-of-key.js';
import { Forgetting } from './forgetting/forgetting.js';
import { NodeFile } from './forgetting/node-file.js';
import { openKeyStore } from './key-store.js';
import { deleteAllViews, Levels } from './levels.js';
import { openLog, openState, openTrail } from './log.js';
import { createRandomness } from './randomness.js';
import { Tickets } from './http/tickets.js';
import { Positions } from './http/tokens.js';
import { startSealing } from './sealing.js';
import { ACCESS_DAYS, type Settings, STREAMS } from './settings.js';
import { StartError } from './start-error.js';
import { asStartError } from './start-failure.js';
import { ticker } from './ticker.js';
import { startViews, ViewsThread } from './views.js';
import { programVersion } from './version.js';
import { startWebhooks } from './webhooks.js';
import type { Log } from './watching/log.js';
import { type ProgressByCeiling, progressOf, type ViewsProgress } from './watching/progress.js';
import type { WatchSettings } from './watching/settings.js';
import { LateObserver, startWatching } from './watching/watching.js';

/** How long a read waits for a position, in milliseconds. */
const PATIENCE = 5_000;

/** How long a request may take to arrive unless it is said. */
const ARRIVAL_SECONDS = 30;

/** How long requests under way may take once the server shuts down, in milliseconds. */
const LAST_REQUESTS = 8_000;

/** How long a node that seals the log may be silent until another does so, in milliseconds. */
const SEALING_TERM = 60_000;

/** The same of a node that drives erasures. */
const ERASING_TERM = 20_000;

/** The ceiling of who may see it. */
const EVERYTHING = 'confidential';

const UNDELETED =
  'Views in the data folder hold what was erased since they were made, and cannot be deleted: delete them (views-*.db and what lies beside).';

const clock: Clock = { now: () => new Date() };
const randomness = createRandomness();

export interface RunningHabeas {
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** The admin key, where one was made by this start. */
  readonly newAdminKey: string | undefined;
  readonly log: Log;
  /** Stops taking requests, lets those under way end, then lets go of views and log. Idempotent. */
  close(): Promise<void>;
}

/** What was opened, to be let go of in the opposite order. */
class Opened {
  readonly #steps: (() => unknown)[] = [];
  #closing: Promise<void> | undefined;

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      const failures: unknown[] = [];
      for (const step of this.#steps.reverse()) {
        try {
          await step();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'Something could not be closed.');
    })();
    return this.#closing;
  }
}

/**
 * Starts a server.
 *
 * @param thread one that was made earlier, so that it has loaded its modules by now
 * @throws StartError with one sentence for whoever started it; everything that was opened is let go of.
 */
export async function startHabeas(
  settings: Settings,
  watch: WatchSettings = { log: { level: 'warn', format: 'text' } },
  thread = new ViewsThread(),
): Promise<RunningHabeas> {
  const opened = new Opened();
  opened.add(() => thread.discard());
  try {
    return await compose(settings, opened, watch, thread);
  } catch (error) {
    await opened.close().catch(() => undefined);
    throw asStartError(error, settings);
  }
}

async function compose(
  settings: Settings,
  opened: Opened,
  watch: WatchSettings,
  thread: ViewsThread,
): Promise<RunningHabeas> {
  prepareFolder(settings.data);
  const observer = new LateObserver();
  const opening = openLog(settings, { mode: 'own', randomness, observer });
  opening.catch(() => undefined);
  // Nest and what it needs are loaded while the log's thread opens it.
  const { createHttpApp } = await import('./http/app.js');
  const watching = await startWatching(watch);
  observer.watching = watching;
  const { report } = watching;
  opened.add(() => watching.tracing?.close());
  const eventStore = await opening;
  opened.add(() => eventStore.close());
  const half = await unfinished(markOf(settings, eventStore, randomness), 'The log');
  if (half !== undefined) throw new StartError(half);
  const keyStore = await openKeyStore(settings, {
    mode: 'write',
    mustExist: await hasRecords(eventStore),
    randomness,
  });
  opened.add(() => keyStore.close());
  const logId = await ensureLogStarted(eventStore, clock, randomness);
  await ensureFoldAdopted(eventStore, logId, FOLD_VERSION, clock, randomness);
  const state = await openState(settings, randomness);
  opened.add(() => state.close());
  const file = NodeFile.open(settings.data, randomness);
  const node = { id: file.id, name: hostname(), clock };
  const nodes =
    settings.log === undefined ? onlyNode(node) : await joinNodes({ ...node, state, ticker, randomness, report });
  opened.add(() => nodes.close());
  const erasures = await openErasureDirectory({
    store: eventStore,
    keys: keyStore,
    logId,
    clock,
    ticker,
    randomness,
    report,
  });
  opened.add(() => erasures.close());
  // Before anything is served.
  const forgetting = await Forgetting.begin({
    file,
    nodes,
    keys: keyStore,
    erasures,
    ticker,
    deleteViews: () => {
      if (!deleteAllViews(settings.data)) throw new StartError(UNDELETED);
    },
    report,
  });
  const accessDays = settings.accessDays ?? ACCESS_DAYS;
  const trail = openAccessTrail(await openTrail(settings, accessDays, clock, randomness), clock);
  opened.add(() => trail.close());
  const access = await openAccessDirectory({
    store: eventStore,
    keys: keyStore,
    state,
    logId,
    clock,
    ticker,
    randomness,
    observer: watching,
  });
  opened.add(() => access.close());
  watching.metrics.followAccess(() => access.health().following);
  const handler = createCommandHandler({
    store: eventStore,
    keys: keyStore,
    logId,
    clock,
    randomness,
    visibility: settings.visibility ?? 'internal',
    observer: watching,
  });
  const commands = watching.commands(handler);

  const { tracing } = watching;
  const levels = new Levels({
    data: settings.data,
    fourEyes: settings.fourEyes ?? false,
    clock,
    start: (ceiling, folder, told, made) =>
      startViews({
        settings,
        ceiling,
        folder,
        notify: told,
        report,
        ...(made !== undefined && { thread: made }),
        ...(tracing !== undefined &&
          ceiling === EVERYTHING && {
            onApplied: (applied) => {
              tracing.applied(applied);
            },
          }),
      }),
    notify: (ceiling, message) => {
      watching.viewsTold(ceiling, message);
    },
    feed: {
      ticker,
      limits: { ...STREAMS, ...chosen(settings) },
      ended: (credential) => {
        const end = endOfKey(access, credential);
        return end === 'unauthenticated' ? 'key-revoked' : end;
      },
      observer: watching.metrics,
    },
  });
  opened.add(() => levels.close());
  // The interface is put together meanwhile.
  const { views: reader, writer: starting } = levels.begin(EVERYTHING, thread);
  const beginOthers = (ceilings: ReadonlySet<Visibility>): void => {
    for (const ceiling of ceilings) levels.begin(ceiling);
  };
  beginOthers(access.ceilings());
  access.onCeilings(beginOthers);
  forgetting.follow({ views: levels, eraser: handler.eraser });
  opened.add(() => forgetting.close());

  const progress = (views: ViewsReader = reader): Promise<ViewsProgress> =>
    progressOf(views.health(), eventStore, clock);
  const progressByCeiling = async (): Promise<ProgressByCeiling> => {
    const running = levels.running.map(async ([ceiling, { views }]) => [ceiling, await progress(views)] as const);
    return { confidential: await progress(), ...Object.fromEntries(await Promise.all(running)) };
  };
  watching.metrics.follow(eventStore, progressByCeiling);

  const sealing = await startSealing({
    store: eventStore,
    // Kept for hours, by whoever has it: it need not be renewed every few seconds.
    leases: new Leases({ state, randomness, term: SEALING_TERM }),
    keys: keyStore,
    logId,
    views: reader,
    clock,
    randomness,
    everyMinutes: settings.sealMinutes ?? 60,
    report,
  });
  opened.add(() => sealing.close());
  const webhooks = await startWebhooks({
    store: eventStore,
    keys: keyStore,
    logId,
    clock,
    randomness,
    state,
    access,
    levels,
    observer: watching.metrics,
    inside: settings.webhooksInside ?? [],
    alone: settings.log === undefined,
    report,
  });
  opened.add(() => webhooks.close());
  watching.metrics.followDeliveries(() => webhooks.waiting);
  const erasing = openErasures({
    directory: erasures,
    store: eventStore,
    keys: keyStore,
    randomness,
    eraser: handler.eraser,
    nodes: () => nodes.all(),
    ...(settings.log !== undefined && { leases: new Leases({ state, randomness, term: ERASING_TERM }) }),
    trail,
    trailDays: accessDays,
    webhooks: () => webhooks.all().length,
    ticker,
    report,
  });
  opened.add(() => erasing.close());

  watching.metrics.followStreams(() => levels.streams);

  let accepting = true;
  const app = await createHttpApp({
    commands,
    access,
    trail,
    erasures: erasing,
    levels,
    sealing,
    webhooks,
    tickets: new Tickets(await keyStore.secret('stream-tickets'), clock, randomness),
    origins: settings.origins ?? [],
    proxies: settings.proxies ?? [],
    ...(settings.rate !== undefined && { rate: settings.rate }),
    arrival: (settings.arrivalSeconds ?? ARRIVAL_SECONDS) * 1_000,
    bundles: bundlesFrom({ store: eventStore, keys: keyStore, sealing, randomness }),
    eventStore,
    keys: keyStore,
    progress,
    progressByCeiling,
    watching,
    lens: settings.fourEyes === true ? 'verified' : 'all',
    server: randomUUID(),
    etagKey: new HmacKey(await keyStore.secret('etag')),
    positions: new Positions(await keyStore.secret('position')),
    accepting: () => accepting,
    patience: PATIENCE,
  });
  opened.add(() => closeWithin(app, LAST_REQUESTS));
  // Before that: streams are requests that end in no other way.
  opened.add(() => {
    levels.endStreams();
  });
  await starting;
  await app.listen(settings.port, settings.host);
  opened.add(() => {
    watching.log.info('stopping');
    accepting = false;
    // Deliveries under way end while requests do.
    webhooks.close().catch(() => undefined);
  });
  // Last, when nothing can go wrong any more: a key that is made is shown once, and one that nobody was shown is lost.
  const admin = await access.ensureAdminKey(settings.adminKey);
  if (!admin.ok) throw new StartError(`HABEAS_ADMIN_KEY cannot be used: ${admin.error.detail}`);
  const url = await app.getUrl();
  watching.log.info({ url, version: programVersion() }, 'listening');
  if (!isLoopback(settings.host)) {
    watching.log.warn(
      { host: settings.host },
      'others can reach this address, and keys come in the clear: let a proxy before it end TLS',
    );
  }
  const close = async (): Promise<void> => {
    await opened.close();
    watching.log.info('stopped');
  };
  return { url, newAdminKey: admin.value?.key, log: watching.log, close };
}

/** Whether only this machine can reach it. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function chosen({ streams, streamsPerKey }: Settings): Partial<typeof STREAMS> {
  return { ...(streams !== undefined && { streams }), ...(streamsPerKey !== undefined && { streamsPerKey }) };
}

function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
}

/** Lets requests under way end, but not for ever: one that is being sent by the drop is cut off. */
async function closeWithin(app: NestFastifyApplication, milliseconds: number): Promise<void> {
  const cut = setTimeout(() => {
    app.getHttpAdapter().getInstance().server.closeAllConnections();
  }, milliseconds);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
