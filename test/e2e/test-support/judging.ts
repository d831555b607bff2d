/** What is wrong with an answer, whatever was asked. */
import { problemKinds } from '../../../apps/api/src/http/problem.js';
import type { Answered, Sent } from './sending.js';

/** What an operator may meet, and no client can bring about, is told of by these alone. */
const UNAVAILABLE = new Set([...problemKinds].filter(([, { status }]) => status === 503).map(([code]) => code));

const INTERNAL = [
  /^\s+at \S/m,
  /\bat [\w.<>]+ \(/,
  /SQLITE|sqlite|no such (table|column)|fts5/,
  /node:|node_modules|\.[jt]s:\d/,
  /ENOENT|EACCES|FST_ERR|HPE_/,
  /\b(Type|Range|Syntax|Reference)Error\b/,
];

interface Problem {
  readonly code?: unknown;
  readonly status?: unknown;
}

/**
 * @param hidden what no byte of it may hold, unless it was in the request
 * @returns what is wrong, in words; nothing: it is as it must be
 */
export function faultsOf(sent: Sent, answered: Answered, hidden: readonly string[]): readonly string[] {
  const { status, headers, text, body, stuck } = answered;
  const faults: string[] = [];
  if (stuck) faults.push('not answered in time');
  else if (status === 0) faults.push('no answer');
  const asked = `${sent.path}${String(sent.body ?? '')}${JSON.stringify(sent.headers ?? {})}`;
  for (const word of hidden) if (text.includes(word) && !asked.includes(word)) faults.push(`tells ${word}`);
  for (const pattern of INTERNAL) if (pattern.test(text)) faults.push(`tells of the inside: ${String(pattern)}`);
  if (text.toLowerCase().includes('access-control-')) faults.push('lets pages of other origins read it');
  if (status < 400 || stuck || sent.method === 'HEAD') return faults;
  if (headers['content-type'] !== 'application/problem+json; charset=utf-8') {
    return [...faults, `${String(status)} as ${String(headers['content-type'])}: ${body.slice(0, 100)}`];
  }
  const { code, status: told } = parsed(body);
  const kind = problemKinds.get(String(code));
  if (kind?.status !== status || told !== status) faults.push(`${String(status)} as ${String(code)}`);
  if (status >= 500 && !UNAVAILABLE.has(String(code))) faults.push(`failed: ${String(code)}`);
  return faults;
}

function parsed(body: string): Problem {
  try {
    return JSON.parse(body) as Problem;
  } catch {
    return {};
  }
}
