/**
 * The server's log: one JSON object a line, for programs; on a terminal one readable line each, for people.
 *
 * No fact about a person ever stands in it: lines are made of fixed words, routes by their templates, ids, codes and
 * numbers. Errors are told by their kind and where they were thrown, never by their message, which may quote what a person
 * is called; nor do addresses or bodies of requests come in.
 */
import { pino, type Logger } from 'pino';
import type { LogSettings } from './settings.js';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/** What no line is made of. Should one be by mistake, it is left out all the same: secrets, and what requests and records hold. */
const NEVER = ['authorization', 'headers', 'body', 'query', 'secret', 'ticket', 'token', 'password'];
const NEVER_OF_ANYBODY = ['data', 'names', 'name', 'text', 'words', 'note', 'title', 'err'];

export function createLog({ level, format, write }: LogSettings): Log {
  // Not waited for, line by line: a slow reader of the log delays no request. At the end of the process pino writes what is left.
  const stream = write === undefined ? pino.destination({ fd: 2, sync: false }) : { write };
  const asText = {
    write: (line: string) => {
      stream.write(readable(line));
    },
  };
  return pino(
    {
      level,
      // A supervisor knows process and host, and adds them itself.
      base: null,
      redact: { paths: [...NEVER, ...NEVER_OF_ANYBODY], censor: 'left out' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'text' ? asText : stream,
  );
}

/** `12:00:00 warn  what happened  name=value …` */
function readable(line: string): string {
  const { level, time, msg, ...facts } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const told = Object.entries(facts).map(([name, value]) =>
    Array.isArray(value)
      ? value.map((each) => `\n    ${String(each)}`).join('')
      : ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(msg)}${told.join('')}\n`;
}
