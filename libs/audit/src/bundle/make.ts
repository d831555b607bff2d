/** Makes an evidence bundle. All of it is put together before the first byte is given, so that what fails is refused. */
import type { SourceRecord } from '#domain';
import type { EventStore } from '#event-store';
import { err, ok, refusal, type Refusal, type Result } from '#kernel';
import { type EventCodec, IntegrityError, type KeyStore, type RecordedEvent } from '#log-format';
import type { Evidence, EvidenceStream } from '#projections';
import { atSeq, type RawEvent, writeRawEvent } from '../raw-event.js';
import type { Seal } from '../sealing.js';
import {
  type BundleManifest,
  FILES,
  type OpenedLine,
  type ProofLine,
  type RetoldLine,
  sha256,
  signedText,
  textFile,
} from './format.js';
import { type BundledEvent, sourcesAmong, toldAgain } from './events.js';
import { bundlePage } from './page.js';
import { gapsIn, shownOf, type UpTo } from './up-to.js';
import { zip, type ZippedFile } from './zip.js';

/** What the largest bundle holds. */
const MOST_EVENTS = 20_000;
const MOST_BYTES = 64 * 1024 * 1024;

export interface MakeBundle {
  readonly subject: BundleManifest['subject'];
  readonly logId: string;
  /** Covers all events of the evidence. */
  readonly seal: Seal;
  readonly evidence: Omit<Evidence, 'document'>;
  /** What the record says of the subject, known at the seal's size: JSON. */
  readonly document: Uint8Array;
  readonly store: Pick<EventStore, 'readStream'>;
  readonly keys: Pick<KeyStore, 'find'>;
  /** Knows every type of event that may be met. */
  readonly codec: EventCodec;
  /** The audit path of each seq to the root that was sealed; base64. */
  readonly pathsTo: (seqs: readonly number[]) => Result<readonly (readonly string[])[], Refusal>;
  /** Gives the text as a note that the log's key signed. */
  readonly sign: (text: string) => string;
  /** For whom it is: evidence and document are of that ceiling. Left out: for those who may see everything. */
  readonly upTo?: UpTo;
}

/** What goes into it. */
interface Content {
  readonly events: readonly BundledEvent[];
  readonly withheld: readonly RawEvent[];
}

/**
 * The bytes of a zip file: the same for the same log, seal and keys, and up to a ceiling for the same levels.
 *
 * Refusal codes: `bundle-too-large`; those of `pathsTo` and of `upTo`.
 * @throws IntegrityError, UndecodableEventError the log does not hold what the views do, or what cannot be read
 * @throws EventStoreError, KeyStoreError
 */
export async function makeBundle(making: MakeBundle): Promise<Result<Iterable<Uint8Array>, Refusal>> {
  const raws = await storedEvents(making);
  if (!raws.ok) return raws;
  const shown = shownOf(raws.value, making.upTo);
  if (!shown.ok) return shown;
  const content = { events: await opened(making, shown.value.shown), withheld: shown.value.withheld };
  const paths = making.pathsTo(content.events.map(({ raw }) => raw.seq));
  if (!paths.ok) return paths;
  const { jsonSchemas } = await import('#domain/schemas');
  const schemas = jsonSchemas(new Set(content.events.flatMap(({ event }) => typesIn(event))));
  return ok(zip(filesOf(making, content, paths.value, schemas)));
}

async function storedEvents({ evidence, store }: MakeBundle): Promise<Result<readonly RawEvent[], Refusal>> {
  if (evidence.streams.reduce((sum, { events }) => sum + events.length, 0) > MOST_EVENTS) return err(TOO_LARGE);
  const found: RawEvent[] = [];
  let bytes = 0;
  for (const stream of evidence.streams) {
    for await (const raw of readEvents(store, stream)) {
      bytes += Buffer.byteLength(raw.data);
      if (bytes > MOST_BYTES) return err(TOO_LARGE);
      found.push(raw);
    }
  }
  return ok(found);
}

async function opened(
  { keys, codec, upTo }: MakeBundle,
  events: readonly RawEvent[],
): Promise<readonly BundledEvent[]> {
  const found: Omit<BundledEvent, 'event' | 'retold'>[] = [];
  for (const raw of events) found.push({ raw, disclosure: await codec.disclose(atSeq(raw), keys) });
  const among = upTo === undefined ? toldAgain(found) : undefined;
  const bundled: BundledEvent[] = [];
  for (const { raw, disclosure } of found) {
    const { stream, id } = raw;
    const retold = disclosure === undefined ? (among?.(raw) ?? (await upTo?.retold(stream))?.get(id)) : undefined;
    const event = codec.decodeDisclosed(atSeq(raw), disclosure, retold);
    bundled.push({ raw, disclosure, retold, event });
  }
  return bundled;
}

const TOO_LARGE = refusal(
  'bundle-too-large',
  'The evidence is more than a bundle holds (20,000 events, 64 MiB): take the log itself, by GET /v1/events.',
);

/** Revisions that follow each other are read together. */
async function* readEvents(
  store: Pick<EventStore, 'readStream'>,
  { stream, events }: EvidenceStream,
): AsyncGenerator<RawEvent, void, undefined> {
  for (let at = 0; at < events.length;) {
    const from = events[at]?.revision ?? 0;
    let limit = 1;
    while (events[at + limit]?.revision === from + limit) limit++;
    let read = 0;
    for await (const { position: _, ...event } of store.readStream(stream, { from, limit })) {
      yield { seq: events[at + read]?.seq ?? 0, ...event };
      read++;
    }
    if (read < limit) throw new IntegrityError('revision-gap', stream, from + read);
    at += limit;
  }
}

/** Its own, and that of a payload inside of it. */
function typesIn({ type, data }: RecordedEvent): readonly string[] {
  const { type: inner } = (data.factType ?? {}) as { type?: unknown };
  return typeof inner === 'string' ? [type, inner] : [type];
}

function* filesOf(
  making: MakeBundle,
  { events, withheld }: Content,
  paths: readonly (readonly string[])[],
  schemas: object,
): Generator<ZippedFile, void, undefined> {
  const { subject, logId, seal, evidence, document, upTo } = making;
  const sources = sourcesAmong(events);
  const files: Record<string, BundleManifest['files'][string]> = {};
  const file = (name: string, bytes: Uint8Array): ZippedFile => {
    files[name] = { bytes: bytes.length, sha256: sha256(bytes) };
    return { name, bytes };
  };
  yield file(
    FILES.page,
    utf8(bundlePage({ subject, logId, seal, document, events, sources, withheld, ceiling: upTo?.ceiling })),
  );
  yield file(FILES.record, document);
  for (const id of evidence.sources) {
    const text = sources.get(id)?.text;
    if (text !== undefined) yield file(textFile(id), utf8(text));
  }
  yield file(FILES.events, lines(events.map(({ raw }) => writeRawEvent(raw))));
  yield file(FILES.opened, lines(events.flatMap(openedLine)));
  if (upTo !== undefined) yield file(FILES.retold, lines(events.flatMap(retoldLine)));
  yield file(
    FILES.proofs,
    lines(events.map(({ raw: { seq } }, at) => JSON.stringify({ seq, path: paths[at] ?? [] } satisfies ProofLine))),
  );
  yield file(FILES.schemas, utf8(JSON.stringify({ components: { schemas } }, undefined, 1)));
  yield file(FILES.seal, utf8(seal.checkpoint));
  const manifest = manifestOf(making, { events, withheld }, sources, files);
  const written = utf8(`${JSON.stringify(manifest, undefined, 1)}\n`);
  yield { name: FILES.manifest, bytes: written };
  yield { name: FILES.signature, bytes: utf8(making.sign(signedText(logId, written))) };
}

function manifestOf(
  { subject, logId, seal: { size, verifierKey }, evidence, upTo }: MakeBundle,
  { events, withheld }: Content,
  known: ReadonlyMap<string, SourceRecord>,
  files: BundleManifest['files'],
): BundleManifest {
  const of = Map.groupBy(
    events.map(({ raw }) => raw),
    ({ stream }) => stream,
  );
  const streams = evidence.streams.map(({ stream, whole }) => ({ stream, whole, events: of.get(stream) ?? [] }));
  const sources = evidence.sources.map((id) => ({ id, hasText: known.get(id)?.text !== undefined }));
  const about = { subject, logId, size, verifierKey };
  if (upTo === undefined) {
    const counted = streams.map(({ events: { length }, ...stream }) => ({ ...stream, events: length }));
    return { format: 1, ...about, streams: counted, sources, files };
  }
  return {
    format: 2,
    ceiling: upTo.ceiling,
    ...about,
    streams: streams.map(({ events: own, ...stream }) => ({
      ...stream,
      events: own.length,
      gaps: stream.whole ? gapsIn(own) : [],
    })),
    withheld: withheld.map(({ seq }) => seq).sort((a, b) => a - b),
    sources,
    files,
  };
}

function openedLine({ raw: { seq }, disclosure }: BundledEvent): readonly string[] {
  return disclosure === undefined ? [] : [JSON.stringify({ seq, ...disclosure } satisfies OpenedLine)];
}

function retoldLine({ raw: { seq }, retold }: BundledEvent): readonly string[] {
  return retold === undefined ? [] : [JSON.stringify({ seq, fields: retold } satisfies RetoldLine)];
}

function lines(each: readonly string[]): Uint8Array {
  return utf8(each.map((line) => `${line}\n`).join(''));
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
