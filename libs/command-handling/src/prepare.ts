/** Everything about a command that can be checked and derived without the log. */
import { aboutOf, type Data, definitionOf, type EventDefinition, validatePayload } from '#domain';
import { MAX_APPEND_BYTES } from '#event-store';
import {
  derivedId,
  err,
  isId,
  ok,
  randomId,
  type Randomness,
  readCanonical,
  type Refusal,
  refusal,
  type Result,
  streamName,
  writeCanonical,
} from '#kernel';
import { allows, type Principal } from './principal.js';
import type { Recording } from './recorder.js';
import { NOT_FOUND, refused, TOO_LARGE } from './refusals.js';
import { scopeToRecord } from './scopes.js';
import type { Command } from './types.js';

export interface Prepared {
  readonly definition: EventDefinition;
  readonly data: Data;
  /** All but the decision. */
  readonly recording: Omit<Recording, 'decide'>;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** What is wrong with an Idempotency-Key. Refusal code: `invalid-idempotency-key`. */
export function faultOfKey(key: string): Refusal | undefined {
  if (IDEMPOTENCY_KEY.test(key)) return undefined;
  return refusal('invalid-idempotency-key', 'An Idempotency-Key has 1 to 255 visible ASCII characters.');
}

export function prepare(
  command: Command,
  principal: Principal,
  randomness: Randomness,
): Result<Prepared, readonly Refusal[]> {
  const { type, id: subject, idempotencyKey } = command;
  const definition = definitionOf(type);
  const category = definition?.categories.find((each) => each === command.category);
  if (definition === undefined || definition.byServer || category === undefined) {
    return refused('unknown-event', 'No such event is recorded on this kind of subject.');
  }
  const scope = scopeToRecord(definition);
  if (!allows(principal, scope)) return refused('forbidden', `This needs an access key with the scope ${scope}.`);
  const fault = idempotencyKey === undefined ? undefined : faultOfKey(idempotencyKey);
  if (fault !== undefined) return err([fault]);
  const isEntry = definition.role === 'entry';
  if (isEntry === (subject !== undefined) || (subject !== undefined && !isId(subject))) return NOT_FOUND;

  const json = readCanonical(command.data);
  if (!json.ok) return err([json.error]);
  const request = writeCanonical({ data: json.value, type, visibility: command.visibility ?? null });
  if (Buffer.byteLength(request) > MAX_APPEND_BYTES) return TOO_LARGE;
  const payload = validatePayload(definition, json.value);
  if (!payload.ok) return payload;

  const key = idempotencyKey ?? randomId(randomness);
  const asked = askedFor(principal, definition, category, subject);
  const id = subject ?? derivedId(asked, key, 'subject');
  const recording: Prepared['recording'] = {
    category,
    id,
    stream: streamName(category, id),
    isEntry,
    eventId: remembering((index) => derivedId(asked, key, index)),
    request,
    repeatable: idempotencyKey !== undefined,
    ifMatch: command.ifMatch,
    recordedBy: principal.id,
    ceiling: principal.ceiling,
    about: aboutOf(payload.value),
    visibility: command.visibility,
    correlationId: command.correlationId ?? derivedId(asked, key, 'correlation'),
    causationId: command.causationId,
  };
  return ok({ definition, data: payload.value, recording });
}

/** Part of every id that is stored: stays what it is, whatever becomes of the routes. */
function askedFor(principal: Principal, { route }: EventDefinition, category: string, subject?: string): string {
  return `${principal.id} POST /v1/${category}s${subject === undefined ? '' : `/${subject}/${route ?? ''}`}`;
}

/** The ids that a command with a key of its own will answer with, if it is accepted: they follow from what it asks for. */
export function idsAskedFor(
  command: Pick<Command, 'type' | 'category' | 'id'> & { readonly idempotencyKey: string },
  principal: Principal,
): { readonly subject: string; readonly event: string } {
  const definition = definitionOf(command.type);
  if (definition === undefined) throw new RangeError('There is no such event.');
  const asked = askedFor(principal, definition, command.category, command.id);
  const { idempotencyKey: key } = command;
  return { subject: command.id ?? derivedId(asked, key, 'subject'), event: derivedId(asked, key, 0) };
}

/** Each id is asked for several times, and deriving one costs as much as sealing an event. */
function remembering(derive: (index: number) => string): (index: number) => string {
  const known: string[] = [];
  return (index) => (known[index] ??= derive(index));
}
