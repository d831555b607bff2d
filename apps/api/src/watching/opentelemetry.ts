/**
 * Traces by OpenTelemetry: a request, the command in it (load, decide, append), and the views that take in what it
 * recorded, which happens in another thread and after the answer.
 *
 * Nothing is registered globally, so that two servers in one process do not mix. Attributes are codes, counts, ids of
 * events and of keys, and routes by their templates.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import {
  diag,
  DiagLogLevel,
  isValidTraceId,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { LRUCache } from 'lru-cache';
import type { AppendEnd, AppendWatch, EventStoreObserver } from '#event-store';
import { programVersion } from '../version.js';
import type { Log } from './log.js';
import type { TraceSettings } from './settings.js';
import type { AppliedEvents, Attributes, RequestSpan, Tracing } from './tracing.js';

/** Appends whose events the views have not taken in yet; an older one's trace is found by its correlation id alone. */
const MAX_RECENT = 20_000;

/** How long the end of the server waits for the receiver of traces, in milliseconds. */
const LAST_EXPORT = 3_000;

/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

export function openTelemetry(settings: TraceSettings, log: Log): Tracing {
  return new OpenTelemetry(settings, log);
}

/** Draws ids at random, save that of a trace that is to have a given one. */
class Ids {
  private readonly random = new RandomIdGenerator();
  private given: string | undefined;

  generateSpanId = (): string => this.random.generateSpanId();

  generateTraceId = (): string => this.given ?? this.random.generateTraceId();

  /** The trace that is begun in here gets this id. */
  with<T>(traceId: string, begin: () => T): T {
    this.given = traceId;
    try {
      return begin();
    } finally {
      this.given = undefined;
    }
  }
}

class OpenTelemetry implements Tracing {
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;
  private readonly ids = new Ids();
  private readonly current = new AsyncLocalStorage<Span>();
  private readonly recent = new LRUCache<string, SpanContext>({ max: MAX_RECENT });

  constructor({ exporter, sampler, ratio }: TraceSettings, log: Log) {
    // What the library has to say is that a receiver cannot be reached, and the like.
    const tell = (message: string): void => {
      log.warn({ detail: message.slice(0, 300) }, 'Traces could not be sent');
    };
    const silent = (): void => undefined;
    diag.setLogger(
      { error: tell, warn: tell, info: silent, debug: silent, verbose: silent },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
    const program = resourceFromAttributes({ 'service.name': 'habeas', 'service.version': programVersion() });
    this.provider = new TracerProvider({
      idGenerator: this.ids,
      sampler: samplerOf(sampler, ratio),
      resource: program.merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
      spanProcessors: [
        exporter === 'otlp'
          ? new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })
          : new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() }),
      ],
    });
    this.tracer = this.provider.getTracer('habeas', programVersion());
  }

  requestId(traceparent: string | undefined): string {
    const parent = parentOf(traceparent);
    return parent === undefined ? randomUUID() : asUuid(parent.traceId);
  }

  request(id: string, traceparent: string | undefined): RequestSpan {
    const parent = parentOf(traceparent);
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const span = this.ids.with(asTraceId(id), () =>
      this.tracer.startSpan('request', { kind: SpanKind.SERVER }, context),
    );
    return {
      run: (work) => {
        this.current.run(span, work);
      },
      end: (name, status, attributes) => {
        span.updateName(name);
        span.setAttributes(attributes);
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  }

  async step<T>(name: string, work: () => Promise<T>, told?: (result: T) => Attributes): Promise<T> {
    const span = this.tracer.startSpan(name, {}, this.context());
    try {
      const result = await this.current.run(span, work);
      if (told !== undefined) span.setAttributes(told(result));
      return result;
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      // Its kind only: a message may quote what a person is called.
      span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
      throw error;
    } finally {
      span.end();
    }
  }

  appending({ events, bytes }: Parameters<EventStoreObserver['appending']>[0]): AppendWatch {
    const attributes = { 'habeas.events': events.length, 'habeas.bytes': bytes };
    const span = this.tracer.startSpan('log append', { attributes }, this.context());
    return ({ outcome, commit }: AppendEnd) => {
      span.setAttribute('habeas.outcome', outcome);
      if (commit !== undefined) {
        // What is left of the span is waiting for the group before, and the way to the writer's thread and back.
        span.setAttribute('habeas.commit.appends', commit.appends);
        span.setAttribute('habeas.commit.ms', Math.round(commit.milliseconds * 1_000) / 1_000);
      }
      if (outcome !== 'written' && outcome !== 'repeated' && outcome !== 'conflict')
        span.setStatus({ code: SpanStatusCode.ERROR });
      const [first] = events;
      if (outcome === 'written' && first !== undefined) {
        span.setAttribute('habeas.event.id', first.id);
        this.recent.set(first.id, span.spanContext());
      }
      span.end();
    };
  }

  applied({ events, from, to }: AppliedEvents): void {
    // One span for what one request recorded, however many events it was.
    for (const [correlationId, group] of Map.groupBy(events, (event) => event.correlationId)) {
      const recorded = group.map(({ id }) => this.recent.get(id)).find((context) => context !== undefined);
      for (const { id } of group) this.recent.delete(id);
      const options = {
        kind: SpanKind.CONSUMER,
        startTime: from,
        attributes: { 'habeas.events': group.length, 'habeas.event.id': group[0]?.id ?? '' },
      };
      const begin = (): Span =>
        this.tracer.startSpan(
          'views apply',
          options,
          recorded === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, recorded),
        );
      const traceId = asTraceId(correlationId);
      // Recorded by another node, or before a restart: the trace is known, who began it is not.
      const span = recorded === undefined && isValidTraceId(traceId) ? this.ids.with(traceId, begin) : begin();
      span.end(to);
    }
  }

  async close(): Promise<void> {
    const patience = new Promise<void>((resolve) => setTimeout(resolve, LAST_EXPORT).unref());
    await Promise.race([this.provider.shutdown().catch(() => undefined), patience]);
  }

  private context(): typeof ROOT_CONTEXT {
    const span = this.current.getStore();
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
  }
}

function samplerOf(name: TraceSettings['sampler'], ratio: number): Sampler {
  const root = name.endsWith('always_on')
    ? new AlwaysOnSampler()
    : name.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

/** Undefined where the header is not there or cannot be read: then a trace begins here. */
function parentOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
}

function asUuid(traceId: string): string {
  return traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function asTraceId(uuid: string): string {
  return uuid.replaceAll('-', '');
}
