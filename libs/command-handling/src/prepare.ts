/** Everything about a command that can be checked and derived without the log. */
import { type Category, type Data, definitionOf, type EventDefinition, validatePayload } from '#domain';
import { MAX_APPEND_BYTES } from '#event-store';
import {
  canonicalJson,
  derivedId,
  isId,
  ok,
  err,
  randomId,
  type Randomness,
  readCanonical,
  type Refusal,
  type Result,
  streamName,
} from '#kernel';
import type { Visibility } from '#log-format';
import { allows, type Principal } from './principal.js';
import { NOT_FOUND, refused, TOO_LARGE } from './refusals.js';
import { scopeToRecord } from './scopes.js';
import type { Command } from './types.js';

export interface Prepared {
  readonly definition: EventDefinition;
  readonly category: Category;
  /** Of the subject, also where it is still to be made. */
  readonly id: string;
  readonly stream: string;
  readonly data: Data;
  /** Canonical text of what is asked for: what the request is recognised by. */
  readonly request: string;
  /** The client chose the key, so the same request may come again, here or on another node. */
  readonly repeatable: boolean;
  readonly eventId: (index: number) => string;
  readonly ifMatch: Command['ifMatch'];
  readonly recordedBy: string;
  readonly visibility: Visibility;
  readonly correlationId: string;
  readonly causationId?: string;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

export function prepare(
  command: Command,
  principal: Principal,
  randomness: Randomness,
): Result<Prepared, readonly Refusal[]> {
  const { type, id: subject, idempotencyKey, causationId } = command;
  const definition = definitionOf(type);
  const category = definition?.categories.find((each) => each === command.category);
  if (definition === undefined || category === undefined) {
    return refused('unknown-event', 'No such event is recorded on this kind of subject.');
  }
  const scope = scopeToRecord(definition);
  if (!allows(principal, scope))
    return refused('forbidden', `Recording this needs an access key with the scope ${scope}.`);
  if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
    return refused('invalid-idempotency-key', 'An Idempotency-Key has 1 to 255 visible ASCII characters.');
  }
  const isEntry = definition.role === 'entry';
  if (isEntry === (subject !== undefined) || (subject !== undefined && !isId(subject))) return NOT_FOUND;

  const json = readCanonical(command.data);
  if (!json.ok) return err([json.error]);
  const request = canonicalJson({ data: json.value, type, visibility: command.visibility ?? null });
  if (Buffer.byteLength(request) > MAX_APPEND_BYTES) return TOO_LARGE;
  const payload = validatePayload(definition, json.value);
  if (!payload.ok) return payload;

  const key = idempotencyKey ?? randomId(randomness);
  const asked = `${principal.id} ${routeOf(definition, category, subject)}`;
  const id = subject ?? derivedId(asked, key, 'subject');
  return ok({
    definition,
    category,
    id,
    stream: streamName(category, id),
    data: payload.value as Data,
    request,
    repeatable: idempotencyKey !== undefined,
    eventId: (index) => derivedId(asked, key, index),
    ifMatch: command.ifMatch,
    recordedBy: principal.id,
    visibility: command.visibility ?? 'internal',
    correlationId: command.correlationId ?? derivedId(asked, key, 'correlation'),
    ...(causationId !== undefined && { causationId }),
  });
}

/** Part of the scope of an Idempotency-Key, and so of stored ids: stays what it is, whatever becomes of the routes. */
function routeOf({ route }: EventDefinition, category: Category, subject: string | undefined): string {
  return subject === undefined ? `POST /v1/${category}s` : `POST /v1/${category}s/${subject}/${route ?? ''}`;
}
