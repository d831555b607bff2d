/**
 * From events to their stored form and back. Writing canonicalises, seals and chains; reading opens and brings old
 * versions up to date, so that nobody else knows how an event is stored or that it was ever written differently.
 */
import type { EventToAppend, StoredEvent } from '#event-store';
import {
  canonicalValue,
  err,
  type Json,
  type JsonObject,
  ok,
  type Randomness,
  type Result,
  writeCanonical,
  type Visibility,
} from '#kernel';
import { type Disclosure, isDisclosed, open, readBox, seal, type SealedBox } from './box.js';
import { type ChainHead, eventHash } from './chain.js';
import { UndecodableEventError } from './errors.js';
import { parseObject, readMetadata } from './metadata.js';
import { partPersonal, type PersonalFields, putPersonal } from './personal.js';
import type {
  AppendedEvent,
  EventMetadata,
  KeyStore,
  Opening,
  RecordedEvent,
  Retold,
  StoredForm,
  StreamKey,
} from './types.js';

export interface NewEvent {
  readonly id: string;
  readonly type: string;
  /** A JSON object that has a canonical form; fields of classes count. Never changed. */
  readonly data: object;
}

/** What one append's events share. */
export interface EncodeContext {
  readonly logId: string;
  readonly stream: string;
  /** Where the stream's chain stands: what the first event follows. */
  readonly head: ChainHead;
  /** May be left out only where no event holds anything personal. */
  readonly key?: StreamKey;
  readonly recordedAt: Date;
  readonly recordedBy: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly requestMac?: string;
  readonly visibility: Visibility;
}

export interface EncodedEvents {
  readonly events: readonly EventToAppend[];
  /** The same events as they will be read, but for their positions; personal fields open. */
  readonly recorded: readonly AppendedEvent[];
  /** Where the chain stands behind them. */
  readonly head: ChainHead;
}

export interface EventCodec {
  /**
   * Writes events in their stored form, sealed, each chained to the one before. Draws a nonce and a salt for each box:
   * after an unknown outcome send the same result again, never encode again.
   * @throws NotCanonicalError data that has no canonical form
   * @throws RangeError a type that is not in the catalogue, a field named `sealed`, or something to seal and no key
   */
  encode(events: readonly NewEvent[], context: EncodeContext): EncodedEvents;

  /**
   * Reads one stored event. The hash is not checked: `verifyChain` does that.
   * @throws UndecodableEventError; what `keys` throws
   */
  decode(event: StoredEvent, keys: Opening): Promise<RecordedEvent>;

  /**
   * What the event's box holds, for whoever is to see this one and to get no key. Undefined where it has no box, or where its
   * key is not there.
   * @throws UndecodableEventError
   */
  disclose(event: StoredEvent, keys: Pick<KeyStore, 'find'>): Promise<Disclosure | undefined>;

  /**
   * Reads one without any key, from what was disclosed of it; left out: nothing was.
   * @param retold what was told again of it, where its box was not disclosed
   * @throws UndecodableEventError `box-does-not-open` also where that is not what was sealed
   */
  decodeDisclosed(event: StoredEvent, disclosure?: Disclosure, retold?: PersonalFields): RecordedEvent;

  /** Reads many, fetching their keys in one go. One that cannot be read does not keep the others from being read. */
  decodePage(
    events: readonly StoredEvent[],
    keys: Opening,
  ): Promise<readonly Result<RecordedEvent, UndecodableEventError>[]>;

  /**
   * What is to be read in the sealed fields of each, by JSON pointer into its data as stored, of whichever version that is; undefined
   * where it has none, or where they are closed.
   */
  sealedFields(
    events: readonly StoredEvent[],
    keys: Opening,
  ): Promise<readonly Result<PersonalFields | undefined, UndecodableEventError>[]>;
}

/** @param forms every type of event that may be met: one that is not among them is refused, also when reading */
export function createEventCodec(forms: Iterable<StoredForm>, randomness: Randomness): EventCodec {
  const byType = new Map<string, StoredForm>();
  for (const form of forms) {
    if (byType.has(form.type)) throw new RangeError(`Two definitions of ${form.type}.`);
    byType.set(form.type, form);
  }
  return new Codec(byType, randomness);
}

/** An event whose JSON was read; what is left is to open it and to bring it up to date. */
interface Parsed {
  readonly event: StoredEvent;
  readonly form: StoredForm;
  readonly data: Record<string, Json>;
  readonly metadata: EventMetadata;
  readonly box: SealedBox | undefined;
}

class Codec implements EventCodec {
  constructor(
    private readonly forms: ReadonlyMap<string, StoredForm>,
    private readonly randomness: Randomness,
  ) {}

  encode(events: readonly NewEvent[], context: EncodeContext): EncodedEvents {
    const encoded: EventToAppend[] = [];
    const recorded: AppendedEvent[] = [];
    let head = context.head;
    for (const event of events) {
      const form = this.forms.get(event.type);
      if (form === undefined) throw new RangeError(`No event ${event.type} is defined.`);
      const { data, plain } = this.writeData(event, form, context);
      const revision = head.revision + 1;
      const { id, type } = event;
      const { stream, logId } = context;
      const bare = metadataOf(form, context, head, undefined);
      const hash = eventHash({ id, stream, revision, type, logId, data, metadata: writeCanonical(bare) });
      const metadata = metadataOf(form, context, head, hash);
      encoded.push({ id, type, data, metadata: writeCanonical(metadata) });
      recorded.push({
        id,
        stream,
        revision,
        type,
        data: plain,
        opened: true,
        metadata: metadata as unknown as EventMetadata,
      });
      head = { revision, hash };
    }
    return { events: encoded, recorded, head };
  }

  /** The data in stored form, and in plain as it will be read. */
  private writeData(event: NewEvent, form: StoredForm, context: EncodeContext): { data: string; plain: JsonObject } {
    const plain = canonicalValue(event.data) as JsonObject;
    if ('sealed' in plain) throw new RangeError(`The field "sealed" of ${event.type} is taken.`);
    const personal = this.personalIn(form, plain);
    const { rest, fields } = partPersonal(plain, personal);
    if (Object.keys(fields).length === 0) return { data: writeCanonical(plain), plain };
    if (context.key === undefined) throw new RangeError(`${event.type} holds something to seal, and there is no key.`);
    const sealed = seal(fields, { stream: context.stream, id: event.id }, context.key, this.randomness);
    const { retold } = form;
    const shown =
      retold === undefined
        ? plain
        : Object.fromEntries(Object.entries(plain).filter(([name]) => name !== retold.slice(1)));
    return { data: writeCanonical({ ...rest, sealed: sealed as unknown as Json }), plain: shown };
  }

  async decode(event: StoredEvent, keys: Opening): Promise<RecordedEvent> {
    const [decoded] = await this.decodePage([event], keys);
    if (decoded?.ok === true) return decoded.value;
    throw decoded?.error ?? new RangeError('One event makes one answer.');
  }

  async disclose(event: StoredEvent, keys: Pick<KeyStore, 'find'>): Promise<Disclosure | undefined> {
    const parsed = this.parse(event);
    return parsed.box === undefined ? undefined : opened(parsed, await keys.find([parsed.box.keyId]));
  }

  decodeDisclosed(event: StoredEvent, disclosure?: Disclosure, retold?: PersonalFields): RecordedEvent {
    const parsed = this.parse(event);
    if (disclosure !== undefined && (parsed.box === undefined || !isDisclosed(parsed.box, disclosure))) {
      throw new UndecodableEventError('box-does-not-open', event);
    }
    return this.finish(parsed, disclosure?.fields ?? retold);
  }

  async decodePage(
    events: readonly StoredEvent[],
    keys: Opening,
  ): Promise<readonly Result<RecordedEvent, UndecodableEventError>[]> {
    const { page, fieldsOf } = await this.open(events, keys);
    return page.map((parsed) =>
      parsed.ok ? attempt(() => this.finish(parsed.value, fieldsOf(parsed.value))) : parsed,
    );
  }

  async sealedFields(
    events: readonly StoredEvent[],
    keys: Opening,
  ): Promise<readonly Result<PersonalFields | undefined, UndecodableEventError>[]> {
    const { page, fieldsOf } = await this.open(events, keys);
    return page.map((parsed) => (parsed.ok ? attempt(() => fieldsOf(parsed.value)) : parsed));
  }

  /** Parses events, and gets hold of all that it takes to open them. */
  private async open(
    events: readonly StoredEvent[],
    keys: Opening,
  ): Promise<{
    readonly page: readonly Result<Parsed, UndecodableEventError>[];
    readonly fieldsOf: (parsed: Parsed) => PersonalFields | undefined;
  }> {
    const page = events.map((event) => attempt(() => this.parse(event)));
    const keyIds = new Set<string>();
    for (const parsed of page) {
      if (parsed.ok && parsed.value.box !== undefined) keyIds.add(parsed.value.box.keyId);
    }
    const found = keyIds.size === 0 ? NO_KEYS : await keys.find(keyIds);
    const retold = await retoldOf(page, found, keys);
    return { page, fieldsOf: (parsed) => opened(parsed, found)?.fields ?? retold(parsed) };
  }

  private parse(event: StoredEvent): Parsed {
    const form = this.forms.get(event.type);
    if (form === undefined) throw new UndecodableEventError('unknown-type', event);
    const metadata = readMetadata(event.metadata);
    if (metadata === undefined) throw new UndecodableEventError('malformed-metadata', event);
    // A newer program wrote it: reading it by today's rules could show a wrong status.
    if (metadata.schemaVersion > form.schemaVersion) throw new UndecodableEventError('unknown-schema-version', event);
    const data = parseObject(event.data) as Record<string, Json> | undefined;
    if (data === undefined) throw new UndecodableEventError('malformed-data', event);
    const { sealed } = data;
    if (sealed === undefined) return { event, form, data, metadata, box: undefined };
    delete data.sealed;
    const box = readBox(sealed);
    if (box === undefined) throw new UndecodableEventError('malformed-box', event);
    return { event, form, data, metadata, box };
  }

  private finish({ event, form, data, metadata, box }: Parsed, held: PersonalFields | undefined): RecordedEvent {
    if (held !== undefined && !putPersonal(data, readable(form, held)))
      throw new UndecodableEventError('box-does-not-open', event);
    return {
      id: event.id,
      stream: event.stream,
      revision: event.revision,
      type: event.type,
      data: this.upcastEmbedded(event, form, upcast(event, form, metadata.schemaVersion, data)),
      opened: box === undefined || held !== undefined,
      ...(box !== undefined && held === undefined && { keyId: box.keyId }),
      metadata,
      position: event.position,
    };
  }

  /** A payload inside of another is sealed where it would be sealed by itself; one of no known type, wherever any would be. */
  private personalIn({ personal, embedded }: StoredForm, data: Data): readonly string[] {
    if (embedded === undefined) return personal;
    const inner = isObject(data.factType) ? this.forms.get(String(data.factType.type)) : undefined;
    const inside = inner?.personal ?? [...this.forms.values()].flatMap((form) => form.personal);
    return [...personal, ...inside.map((path) => embedded + path)];
  }

  /** The payload inside of another has a version of its own. */
  private upcastEmbedded(event: StoredEvent, { embedded }: StoredForm, data: Data): Data {
    if (embedded === undefined || !isObject(data.factType)) return data;
    const { type, schemaVersion } = data.factType;
    const form = this.forms.get(String(type));
    if (form === undefined) throw new UndecodableEventError('unknown-type', event);
    if (schemaVersion === form.schemaVersion) return data;
    if (!Number.isSafeInteger(schemaVersion) || Number(schemaVersion) > form.schemaVersion) {
      throw new UndecodableEventError('unknown-schema-version', event);
    }
    const bring = (inner: Data): Data => upcast(event, form, Number(schemaVersion), inner);
    const upToDate = replaced(data, embedded.split('/').slice(1), bring);
    return { ...upToDate, factType: { type, schemaVersion: form.schemaVersion } };
  }
}

/** What is in the event's box; undefined where it has none, or where its key is gone. */
function opened({ event, box }: Parsed, keys: ReadonlyMap<string, StreamKey>): Disclosure | undefined {
  const key = box === undefined ? undefined : keys.get(box.keyId);
  if (box === undefined || key === undefined) return undefined;
  const held = open(box, event, key);
  if (held === undefined) throw new UndecodableEventError('box-does-not-open', event);
  return held;
}

/** What was told again of those whose key is not there: asked for once for each of their streams, which are few. */
async function retoldOf(
  page: readonly Result<Parsed, UndecodableEventError>[],
  found: ReadonlyMap<string, StreamKey>,
  keys: Opening,
): Promise<(parsed: Parsed) => PersonalFields | undefined> {
  const streams = new Map<string, Retold>();
  for (const parsed of page) {
    if (!parsed.ok || parsed.value.box === undefined || found.has(parsed.value.box.keyId)) continue;
    const { stream } = parsed.value.event;
    if (keys.retold !== undefined && !streams.has(stream)) streams.set(stream, await keys.retold(stream));
  }
  return ({ event: { stream, id }, box }) => (box === undefined ? undefined : streams.get(stream)?.get(id));
}

/** What of a box is put back into the data. */
function readable({ retold }: StoredForm, fields: PersonalFields): PersonalFields {
  if (retold === undefined) return fields;
  const { [retold]: _, ...others } = fields;
  return others;
}

/**
 * In the order of its keys, so that writing it needs no other. What is written of free text has the form of all stored text.
 *
 * @param hash left out of what the hash itself covers
 */
function metadataOf(form: StoredForm, context: EncodeContext, head: ChainHead, hash: string | undefined): JsonObject {
  const metadata: Record<string, Json> = {};
  if (context.causationId !== undefined) metadata.causationId = canonicalValue(context.causationId);
  metadata.correlationId = canonicalValue(context.correlationId);
  if (hash !== undefined) metadata.hash = hash;
  if (head.hash !== undefined) metadata.prev = head.hash;
  metadata.recordedAt = context.recordedAt.toISOString();
  metadata.recordedBy = canonicalValue(context.recordedBy);
  if (context.requestMac !== undefined) metadata.requestMac = context.requestMac;
  metadata.schemaVersion = form.schemaVersion;
  metadata.v = 1;
  metadata.visibility = context.visibility;
  return metadata;
}

type Data = Readonly<Record<string, unknown>>;

const NO_KEYS: ReadonlyMap<string, StreamKey> = new Map();

function attempt<T>(read: () => T): Result<T, UndecodableEventError> {
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof UndecodableEventError) return err(error);
    throw error;
  }
}

/** Brings data of an older version up to today's, one version at a time. */
function upcast(event: StoredEvent, form: StoredForm, version: number, data: Data): Data {
  let current = data;
  for (let from = version; from < form.schemaVersion; from++) {
    const step = form.upcasters?.[from];
    if (step === undefined) throw new UndecodableEventError('unknown-schema-version', event);
    try {
      current = step(current);
    } catch (cause) {
      throw new UndecodableEventError('upcaster-failed', event, { cause });
    }
  }
  return current;
}

/** A copy in which the object at the path is replaced; the same where there is none. */
function replaced(data: Data, [step, ...rest]: readonly string[], by: (inner: Data) => Data): Data {
  if (step === undefined) return by(data);
  const inner = data[step];
  return isObject(inner) ? { ...data, [step]: replaced(inner, rest, by) } : data;
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
