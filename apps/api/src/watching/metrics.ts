/**
 * What Prometheus reads at `/metrics`. Names begin with `habeas_`, save those of the process itself, which have the names
 * that every Node program gives them. Labels are few and fixed: routes by their templates, codes, types of events; nothing
 * names a subject, and nothing is said of anybody.
 */
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RefusedKey } from '#access';
import type { Visibility } from '#kernel';
import type { FeedObserver, StreamEnd } from '#feed';
import type { AppendEnd, AppendWatch, EventStoreObserver } from '#event-store';
import type { DeliveryObserver, Outcome } from '#feed';
import { programVersion } from '../version.js';
import type { ProgressByCeiling } from './progress.js';

/** What the log says of itself. */
export interface LogGauges {
  /** In bytes; left out by a log that is not on this machine. */
  size?(): number;
  subscriptions(): number;
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const APPENDS_PER_COMMIT = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/** Views of each ceiling in use are told apart by it. */
const CEILING = ['ceiling'];
const VIEW_STATES = ['starting', 'catching-up', 'live', 'stopped', 'failed', 'closed'] as const;

export class Metrics implements EventStoreObserver, DeliveryObserver, FeedObserver {
  private readonly requests: Histogram<'method' | 'route' | 'status'>;
  private readonly underWay: Gauge;
  private readonly commands: Histogram<'outcome'>;
  private readonly commandsByType: Counter<'type' | 'outcome'>;
  private readonly refusals: Counter<'code'>;
  private readonly retries: Counter;
  private readonly appends: Histogram<'outcome'>;
  private readonly appendsPending: Gauge;
  private readonly eventsAppended: Counter;
  private readonly bytesAppended: Counter;
  private readonly commits: Histogram;
  private readonly commitSizes: Histogram;
  private readonly eventsApplied: Counter;
  private readonly statusChanges: Counter;
  private readonly rebuilds: Counter<'reason'>;
  private readonly deliveries: Histogram<'outcome'>;
  private readonly lettersMade: Counter;
  private readonly changesTold: Counter;
  private readonly streamsEnded: Counter<'reason'>;
  private readonly keysRefused: Counter<'reason'>;

  /** Loads the library while something else is waited for. */
  static async create(): Promise<Metrics> {
    return new Metrics(await import('prom-client'));
  }

  private readonly registry: Registry;
  private refresh: () => Promise<void> = () => Promise.resolve();

  private constructor(private readonly client: typeof import('prom-client')) {
    this.registry = new client.Registry();
    const registers = [this.registry];
    client.collectDefaultMetrics({ register: this.registry });
    const counter = <L extends string = never>(name: string, help: string, labelNames: L[] = []): Counter<L> =>
      new client.Counter({ name, help, labelNames, registers });
    const histogram = <L extends string = never>(
      name: string,
      help: string,
      labelNames: L[] = [],
      buckets = SECONDS,
    ): Histogram<L> => new client.Histogram({ name, help, labelNames, buckets, registers });
    const gauge = (name: string, help: string): Gauge => new client.Gauge({ name, help, registers });

    new client.Gauge({ name: 'habeas_build_info', help: 'The version that runs', labelNames: ['version'], registers })
      .labels(programVersion())
      .set(1);
    this.requests = histogram('habeas_http_request_duration_seconds', 'Requests, by template of their route', [
      'method',
      'route',
      'status',
    ]);
    this.underWay = gauge('habeas_http_requests_in_flight', 'Requests under way');
    this.commands = histogram('habeas_command_duration_seconds', 'Commands, from load to acknowledgement', ['outcome']);
    this.commandsByType = counter('habeas_commands_total', 'Commands, by the event they ask for', ['type', 'outcome']);
    this.refusals = counter('habeas_refusals_total', 'Commands that were refused, by code', ['code']);
    this.retries = counter('habeas_command_retries_total', 'Decisions made anew because the stream had moved on');
    this.appends = histogram('habeas_log_append_duration_seconds', 'Appends, waiting and commit included', ['outcome']);
    this.appendsPending = gauge('habeas_log_appends_pending', 'Appends that wait for the disk');
    this.eventsAppended = counter('habeas_log_events_appended_total', 'Events appended by this node');
    this.bytesAppended = counter('habeas_log_bytes_appended_total', 'Bytes of data and metadata appended by this node');
    this.commits = histogram('habeas_log_commit_duration_seconds', 'Commits of groups of appends, with their fsync');
    this.commitSizes = histogram('habeas_log_commit_appends', 'Appends that shared one commit', [], APPENDS_PER_COMMIT);
    this.eventsApplied = counter('habeas_views_events_applied_total', 'Events taken in by the served views', CEILING);
    this.statusChanges = counter('habeas_status_changes_total', 'Changes of statuses that live events made');
    this.rebuilds = counter('habeas_views_swaps_total', 'Views put in place, by why they were built', [
      ...CEILING,
      'reason',
    ]);
    this.deliveries = histogram(
      'habeas_webhook_delivery_duration_seconds',
      'Deliveries of webhooks that this node tried, by the class of the answer, or why there was none',
      ['outcome'],
    );
    this.lettersMade = counter('habeas_webhook_given_up_total', 'Deliveries that this node gave up after days');
    this.changesTold = counter('habeas_stream_changes_sent_total', 'Changes sent over streams, once for each client');
    this.streamsEnded = counter('habeas_streams_ended_total', 'Streams that ended, by why', ['reason']);
    this.keysRefused = counter('habeas_keys_refused_total', 'Keys that let nobody in, by why', ['reason']);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  async text(): Promise<string> {
    await this.refresh();
    return this.registry.metrics();
  }

  /** What is to be asked at every scrape. To be called once. */
  follow(log: LogGauges, views: () => Promise<ProgressByCeiling>): void {
    const registers = [this.registry];
    const gauge = (name: string, help: string, labelNames: readonly string[] = []): Gauge =>
      new this.client.Gauge({ name, help, labelNames, registers });
    const size = log.size && gauge('habeas_log_size_bytes', 'The log on the disk, journal included');
    const events = gauge('habeas_log_events', 'Events in the log');
    const subscriptions = gauge('habeas_log_subscriptions', 'Subscriptions to the log, those of the views included');
    const seq = gauge('habeas_views_seq', 'The last event that the served views hold', CEILING);
    const lagEvents = gauge(
      'habeas_views_lag_events',
      'Events in the log that the served views do not hold yet',
      CEILING,
    );
    const lagSeconds = gauge(
      'habeas_views_lag_seconds',
      'Age of the oldest event that the served views do not hold yet',
      CEILING,
    );
    const rebuild = gauge(
      'habeas_views_rebuild_seq',
      'The last event that the views being built hold; 0 if none are',
      CEILING,
    );
    const state = gauge('habeas_views_state', '1 for the state that the views are in', [...CEILING, 'state']);
    this.refresh = async () => {
      const all = await views();
      size?.set(log.size?.() ?? 0);
      events.set(all.confidential.head);
      let followed = 0;
      for (const [ceiling, { state: present, rebuilding, ...progress }] of Object.entries(all)) {
        seq.labels(ceiling).set(progress.seq);
        lagEvents.labels(ceiling).set(progress.lagEvents);
        lagSeconds.labels(ceiling).set(progress.lagMilliseconds / 1_000);
        rebuild.labels(ceiling).set(rebuilding?.seq ?? 0);
        for (const each of VIEW_STATES) state.labels(ceiling, each).set(each === present ? 1 : 0);
        followed += (present === 'catching-up' || present === 'live' ? 1 : 0) + (rebuilding === undefined ? 0 : 1);
      }
      subscriptions.set(log.subscriptions() + followed);
    };
  }

  /** What waits to be delivered, to be asked at every scrape. To be called once. */
  followDeliveries(waiting: () => { readonly pending: number; readonly deadLetters: number }): void {
    const gauge = (name: string, help: string, read: () => number): Gauge =>
      new this.client.Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    const where = 'on the node that delivers; 0 on others';
    gauge('habeas_webhook_pending', `Changes that are to be tried again, ${where}`, () => waiting().pending);
    gauge('habeas_webhook_dead_letters', `Dead letters that are kept, ${where}`, () => waiting().deadLetters);
  }

  tried(outcome: Outcome, seconds: number): void {
    const label = 'status' in outcome ? `${Math.floor(outcome.status / 100)}xx` : outcome.error;
    this.deliveries.labels(label).observe(seconds);
  }

  gaveUp(): void {
    this.lettersMade.inc();
  }

  /** Whether revocations are heard of is asked at every scrape. To be called once. */
  followAccess(isFollowing: () => boolean): void {
    new this.client.Gauge({
      name: 'habeas_access_following',
      help: '1 while the log is heard, and keys can be checked; 0: all are refused',
      registers: [this.registry],
      collect() {
        this.set(isFollowing() ? 1 : 0);
      },
    });
  }

  keyRefused(why: RefusedKey['why']): void {
    this.keysRefused.labels(why).inc();
  }

  /** How many streams there are is asked at every scrape. To be called once. */
  followStreams(size: () => number): void {
    new this.client.Gauge({
      name: 'habeas_stream_subscribers',
      help: 'Clients to whom changes are told as they happen',
      registers: [this.registry],
      collect() {
        this.set(size());
      },
    });
  }

  streamEnded(reason: StreamEnd): void {
    this.streamsEnded.labels(reason).inc();
  }

  changesSent(count: number): void {
    this.changesTold.inc(count);
  }

  requestBegan(): void {
    this.underWay.inc();
  }

  requestEnded(method: string, route: string, status: number, seconds: number): void {
    this.underWay.dec();
    this.requests.labels(method, route, String(status)).observe(seconds);
  }

  commandEnded(type: string, outcome: 'recorded' | 'repeated' | 'refused' | 'failed', seconds: number): void {
    this.commands.labels(outcome).observe(seconds);
    this.commandsByType.labels(type, outcome).inc();
  }

  refused(code: string): void {
    this.refusals.labels(code).inc();
  }

  retried(): void {
    this.retries.inc();
  }

  appending({ events, bytes }: Parameters<EventStoreObserver['appending']>[0]): AppendWatch {
    const begun = performance.now();
    this.appendsPending.inc();
    return ({ outcome }: AppendEnd) => {
      this.appendsPending.dec();
      this.appends.labels(outcome).observe((performance.now() - begun) / 1_000);
      if (outcome !== 'written') return;
      this.eventsAppended.inc(events.length);
      this.bytesAppended.inc(bytes);
    };
  }

  committed({ appends, milliseconds }: Parameters<EventStoreObserver['committed']>[0]): void {
    this.commits.observe(milliseconds / 1_000);
    this.commitSizes.observe(appends);
  }

  viewsAdvanced(ceiling: Visibility, events: number, changes: number): void {
    this.eventsApplied.labels(ceiling).inc(events);
    // The other views hold no change that these do not hold.
    if (ceiling === 'confidential') this.statusChanges.inc(changes);
  }

  viewsSwapped(ceiling: Visibility, reason: string): void {
    this.rebuilds.labels(ceiling, reason).inc();
  }
}
