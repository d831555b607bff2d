/**
 * Events between the port's strings and what the client takes and gives. The client shows JSON only parsed; so an event
 * goes as JSON only where parsing and writing again gives the same text, and as bytes otherwise. What is canonical, as all
 * of Habeas is, always goes as JSON: the server's own tools show and filter it.
 */
import type { EventData, RecordedEvent } from '@eventstore/db-client';
import type { EventToAppend, StoredEvent } from '#event-store';
import { positionOf, type LogPosition } from './position.js';

/** Where the server does not say: it cannot for events of explicit transactions that are read by stream. Nobody takes it for a position. */
const NOWHERE: LogPosition = { commit: 18_446_744_073_709_551_615n, prepare: 18_446_744_073_709_551_615n };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Before metadata that is JSON but not the JSON that the client would write. It makes the client take it for bytes and hand
 * it on as it is; no JSON begins with it.
 */
const AS_IT_IS = 0x01;

export function toEventData({ id, type, data, metadata }: EventToAppend): EventData {
  const parsed = parseFaithfully(data);
  const meta = encodeMetadata(metadata);
  return parsed === undefined
    ? { contentType: 'application/octet-stream', id, type, data: encoder.encode(data), metadata: meta }
    : { contentType: 'application/json', id, type, data: parsed, metadata: meta };
}

/** The object that a text stands for; undefined where the client would not give the same text back. */
function parseFaithfully(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // A string and malformed JSON look the same when they come back.
  if (typeof value !== 'object' || value === null || JSON.stringify(value) !== text) return undefined;
  return value as Record<string, unknown>;
}

function encodeMetadata(metadata: string): Uint8Array {
  const bytes = encoder.encode(metadata);
  const comesBack = bytes.length === 0 || parseFaithfully(metadata) !== undefined || !isJson(metadata);
  if (comesBack && bytes[0] !== AS_IT_IS) return bytes;
  const marked = new Uint8Array(bytes.length + 1);
  marked[0] = AS_IT_IS;
  marked.set(bytes, 1);
  return marked;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * An event as it was stored; its stream without the namespace. What others wrote malformed comes as the text that it is: making sense of it is not the log's
 * business.
 */
export function toStoredEvent(event: RecordedEvent, namespace: string): StoredEvent {
  return {
    stream: event.streamId.slice(namespace.length),
    revision: Number(event.revision),
    id: event.id,
    type: event.type,
    data: textOf(event.data),
    metadata: metadataOf(event.metadata),
    position: positionOf(event.position ?? NOWHERE),
  };
}

/** Malformed JSON comes as a string, bytes as bytes, and JSON as what it stands for. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return decoder.decode(value);
  return JSON.stringify(value);
}

function metadataOf(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Uint8Array) return decoder.decode(value[0] === AS_IT_IS ? value.subarray(1) : value);
  return JSON.stringify(value);
}
