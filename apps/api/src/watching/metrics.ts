/**
 * What Prometheus reads at `/metrics`. Names begin with `habeas_`, save those of the process itself, which have the names
 * that every Node program gives them. Labels are few and fixed: routes by their templates, codes, types of events; nothing
 * names a subject, and nothing is said of anybody.
 */
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AppendEnd, AppendWatch, EventStoreObserver } from '#event-store';
import { programVersion } from '../version.js';

/** How far the views are, asked for at every scrape. */
export interface ViewsProgress {
  readonly state: string;
  readonly seq: number;
  readonly lagEvents: number;
  readonly lagSeconds: number;
  /** Of the file that is being built beside the served one. */
  readonly rebuildSeq: number | undefined;
}

export interface LogProgress {
  /** Events in the log. */
  readonly events: number;
  readonly bytes: number;
  readonly subscriptions: number;
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const APPENDS_PER_COMMIT = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const VIEW_STATES = ['starting', 'catching-up', 'live', 'stopped', 'failed', 'closed'] as const;

export class Metrics implements EventStoreObserver {
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

  /** Loads the library while something else is waited for. */
  static async create(): Promise<Metrics> {
    return new Metrics(await import('prom-client'));
  }

  private readonly registry: Registry;

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
    this.eventsApplied = counter('habeas_views_events_applied_total', 'Events taken in by the served views');
    this.statusChanges = counter('habeas_status_changes_total', 'Changes of statuses that live events made');
    this.rebuilds = counter('habeas_views_swaps_total', 'Views put in place, by why they were built', ['reason']);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** Gauges that are asked for at every scrape. To be called once. */
  follow(log: () => LogProgress, views: () => Promise<ViewsProgress>): void {
    const registers = [this.registry];
    const gauge = <L extends string = never>(
      name: string,
      help: string,
      labelNames: L[] = [],
      collect?: () => Promise<void>,
    ): Gauge<L> => new this.client.Gauge({ name, help, labelNames, registers, ...(collect && { collect }) });
    const events = gauge('habeas_log_events', 'Events in the log');
    const subscriptions = gauge('habeas_log_subscriptions', 'Subscriptions to the log, those of the views included');
    const seq = gauge('habeas_views_seq', 'The last event that the served views hold');
    const lagEvents = gauge('habeas_views_lag_events', 'Events in the log that the served views do not hold yet');
    const lagSeconds = gauge(
      'habeas_views_lag_seconds',
      'Age of the oldest event that the served views do not hold yet',
    );
    const rebuild = gauge('habeas_views_rebuild_seq', 'The last event that the views being built hold; 0 if none are');
    const state = gauge('habeas_views_state', '1 for the state that the views are in', ['state']);
    gauge('habeas_log_size_bytes', 'The log on the disk, journal included', [], async () => {
      const ofLog = log();
      const ofViews = await views();
      gauges.size.set(ofLog.bytes);
      events.set(ofLog.events);
      seq.set(ofViews.seq);
      lagEvents.set(ofViews.lagEvents);
      lagSeconds.set(ofViews.lagSeconds);
      rebuild.set(ofViews.rebuildSeq ?? 0);
      const following = ['catching-up', 'live'].includes(ofViews.state) ? 1 : 0;
      subscriptions.set(ofLog.subscriptions + following + (ofViews.rebuildSeq === undefined ? 0 : 1));
      for (const each of VIEW_STATES) state.labels(each).set(each === ofViews.state ? 1 : 0);
    });
    const gauges = { size: this.registry.getSingleMetric('habeas_log_size_bytes') as Gauge };
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

  viewsAdvanced(events: number, changes: number): void {
    this.eventsApplied.inc(events);
    this.statusChanges.inc(changes);
  }

  viewsSwapped(reason: string): void {
    this.rebuilds.labels(reason).inc();
  }
}
