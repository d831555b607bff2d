/** How a server is watched: what the environment says of its log and its traces. */
import { StartError } from '../start-error.js';

type Environment = Readonly<Record<string, string | undefined>>;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface LogSettings {
  readonly level: (typeof LEVELS)[number];
  readonly format: 'json' | 'text';
  /** Takes each line, with its line end. The standard error output unless said. */
  readonly write?: (line: string) => void;
}

export interface TraceSettings {
  readonly exporter: 'otlp' | 'console';
  readonly sampler: (typeof SAMPLERS)[number];
  /** From 0 to 1. */
  readonly ratio: number;
}

export interface WatchSettings {
  readonly log: LogSettings;
  /** Undefined: no traces are made, and nothing of them is loaded. */
  readonly traces?: TraceSettings;
}

/** @throws StartError naming the variable that cannot be used */
export function readWatchSettings(environment: Environment): WatchSettings {
  const traces = readTraceSettings(environment);
  return {
    log: {
      level: oneOf(environment, 'HABEAS_LOG_LEVEL', LEVELS) ?? 'info',
      format: oneOf(environment, 'HABEAS_LOG_FORMAT', ['json', 'text']) ?? (process.stderr.isTTY ? 'text' : 'json'),
    },
    ...(traces && { traces }),
  };
}

/**
 * By the variables that OpenTelemetry names. The exporter reads its own (endpoint, headers, timeout …) from the process's
 * environment itself.
 */
function readTraceSettings(environment: Environment): TraceSettings | undefined {
  const exporter = oneOf(environment, 'OTEL_TRACES_EXPORTER', ['otlp', 'console', 'none']);
  const endpoint =
    given(environment, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? given(environment, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  if (given(environment, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || exporter === 'none') return undefined;
  if (exporter === undefined && endpoint === undefined) return undefined;
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    // JSON is what is sent; whoever takes Protocol Buffers over HTTP has to take it too.
    oneOf(environment, name, ['http/json', 'http/protobuf']);
  }
  const argument = given(environment, 'OTEL_TRACES_SAMPLER_ARG');
  const ratio = argument === undefined ? 1 : Number(argument);
  if (!(ratio >= 0 && ratio <= 1)) {
    throw new StartError(`OTEL_TRACES_SAMPLER_ARG is "${argument ?? ''}". It must be a number from 0 to 1.`);
  }
  return {
    exporter: exporter ?? 'otlp',
    sampler: oneOf(environment, 'OTEL_TRACES_SAMPLER', SAMPLERS) ?? 'parentbased_always_on',
    ratio,
  };
}

function given(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

function oneOf<T extends string>(environment: Environment, name: string, values: readonly T[]): T | undefined {
  const value = given(environment, name);
  const known = values.find((each) => each === value);
  if (value !== undefined && known === undefined) {
    throw new StartError(`${name} is "${value}". It must be one of ${values.join(', ')}.`);
  }
  return known;
}
