/**
 * The connection of a stream, written by hand: Nest's own @Sse numbers events by itself and goes on writing to whoever takes
 * nothing.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import type { Sink, Stream } from '#feed';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Takes the answer over: headers go out with the first bytes. What becomes of the connection is told to the stream. */
export function sinkOf(stream: Stream, request: FastifyRequest, reply: FastifyReply, origins: readonly string[]): Sink {
  reply.hijack();
  const { raw } = reply;
  raw.on('drain', () => {
    stream.drained();
  });
  raw.once('close', () => {
    stream.gone();
  });
  // It may be gone already.
  if (raw.destroyed) stream.gone();
  reply.headers({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies are not to hold back what is told at once: nginx and others know this by name.
    'x-accel-buffering': 'no',
    ...allowedOrigin(request, origins),
  });
  raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
  return {
    write: (bytes) => raw.destroyed || raw.writableEnded || raw.write(bytes),
    end: () => {
      raw.end();
    },
    cut: () => {
      raw.destroy();
    },
  };
}

/** Browsers let a page of another origin read only what says so. */
function allowedOrigin({ headers: { origin } }: FastifyRequest, origins: readonly string[]): Record<string, string> {
  if (origins.length === 0) return {};
  const isAllowed = origin !== undefined && (origins.includes('*') || origins.includes(origin));
  return { vary: 'origin', ...(isAllowed && { 'access-control-allow-origin': origin }) };
}
