/**
 * A bundle judged by itself and by what its holder knows from elsewhere: a key, seals that were kept. It needs no log, no
 * keys and no server. It goes on behind a fault, so that one pass names all of them.
 */
import {
  CHAIN_START,
  type ChainHead,
  type Disclosure,
  type EventCodec,
  leafOf,
  parseObject,
  type PersonalFields,
  readMetadata,
  type RecordedEvent,
  rootByInclusion,
  sameHash,
  storedHash,
  UndecodableEventError,
  verifyChain,
} from '#log-format';
import { streamName } from '#kernel';
import { type Checkpoint, readCheckpoint } from '../checkpoint.js';
import { openNote, readVerifierKey, type Verifier } from '../note.js';
import { atSeq, type RawEvent, readRawEvent } from '../raw-event.js';
import { sourcesAmong, toldAgain } from './events.js';
import type { BundleFault, BundleFaultCode } from './fault.js';
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
import { readManifest } from './manifest.js';

export interface VerifyBundle {
  /** The files of the bundle, by their names. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Knows every type of event that may be met. */
  readonly codec: EventCodec;
  /** Whose signatures are believed; left out: of whoever the bundle names, so that one that was forged as a whole passes. */
  readonly verifiers?: readonly Verifier[];
  /** Seals that were kept elsewhere, of the size of the bundle's. */
  readonly kept?: readonly Checkpoint[];
}

export interface VerifiedBundle {
  readonly manifest: BundleManifest;
  /** Base64, of the tree over the log. */
  readonly root: string | undefined;
  readonly events: number;
  /** Events of which personal fields are shown, proved to be what was sealed, and events of which they are not. */
  readonly opened: number;
  readonly closed: number;
  /** Events of which is shown what was told again, by the signature alone: only where the bundle was made for a ceiling. */
  readonly retold: number;
  /** Sources whose text is shown, proved to be what was recorded. */
  readonly texts: number;
  /** In the order in which they were found. Empty: the bundle is whole. */
  readonly faults: readonly BundleFault[];
}

/** It cannot be said whether the bundle is whole; the message says why, for whoever has it. */
export class BundleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BundleError';
  }
}

/** @throws BundleError */
export function verifyBundle(options: VerifyBundle): VerifiedBundle {
  const manifest = readManifest(options.files.get(FILES.manifest));
  if (manifest === undefined) {
    throw new BundleError(
      'It is no evidence bundle that this version of Habeas can read: its manifest.json says otherwise.',
    );
  }
  return new Verification(options, manifest).outcome();
}

class Verification {
  readonly #files: VerifyBundle['files'];
  readonly #codec: EventCodec;
  readonly #verifiers: readonly Verifier[];
  readonly #manifest: BundleManifest;
  readonly #faults: BundleFault[] = [];

  readonly #kept: readonly Checkpoint[];

  constructor({ files, codec, verifiers, kept = [] }: VerifyBundle, manifest: BundleManifest) {
    this.#files = files;
    this.#codec = codec;
    const own = readVerifierKey(manifest.verifierKey);
    this.#verifiers = verifiers ?? (own === undefined ? [] : [own]);
    this.#manifest = manifest;
    this.#kept = kept;
    const other = kept.find(({ size }) => size !== manifest.size);
    if (other === undefined) return;
    throw new BundleError(
      `The seal that was kept covers ${other.size} events, and that of the bundle ${manifest.size}: ask for the bundle with --size ${other.size}.`,
    );
  }

  outcome(): VerifiedBundle {
    this.#judgeManifest();
    this.#judgeFiles();
    const seal = this.#judgeSeal();
    const events = this.#readEvents();
    this.#judgeChains(events);
    this.#judgeProofs(events, seal);
    const disclosures = this.#readDisclosures(events);
    const told = this.#readRetold(events);
    const retold =
      this.#manifest.format === 1
        ? toldAgain([...events.values()].map((raw) => ({ raw, disclosure: disclosures.get(raw.seq) })))
        : ({ seq }: RawEvent) => told.get(seq);
    const decoded = [...events.values()].flatMap((event) =>
      this.#decode(event, disclosures.get(event.seq), retold(event)),
    );
    this.#judgeTexts(decoded);
    return {
      manifest: this.#manifest,
      root: seal && Buffer.from(seal.root).toString('base64'),
      events: events.size,
      opened: disclosures.size,
      closed: decoded.filter(({ opened }) => !opened).length,
      retold: told.size,
      texts: this.#manifest.sources.filter(({ hasText }) => hasText).length,
      faults: this.#faults,
    };
  }

  #judgeManifest(): void {
    const { text, fault } = openNote(this.#text(FILES.signature), this.#verifiers);
    if (fault !== undefined) this.#add(fault, FILES.signature);
    else if (text !== signedText(this.#manifest.logId, this.#files.get(FILES.manifest) ?? NOTHING)) {
      this.#add('manifest-changed', FILES.manifest);
    }
  }

  #judgeFiles(): void {
    const { files } = this.#manifest;
    for (const [name, { sha256: expected }] of Object.entries(files)) {
      const bytes = this.#files.get(name);
      if (bytes === undefined) this.#add('file-missing', name);
      else if (sha256(bytes) !== expected) this.#add('file-changed', name);
    }
    for (const name of this.#files.keys()) {
      if (name !== FILES.manifest && name !== FILES.signature && !Object.hasOwn(files, name))
        this.#add('file-unknown', name);
    }
  }

  #judgeSeal(): Checkpoint | undefined {
    const read = readCheckpoint(this.#text(FILES.seal), this.#verifiers);
    if (!read.ok) this.#add(read.error, FILES.seal);
    else if (read.value.logId !== this.#manifest.logId || read.value.size !== this.#manifest.size) {
      this.#add('other-seal', FILES.seal);
    } else {
      for (const { logId, root } of this.#kept) {
        if (logId !== read.value.logId) this.#add('kept-other-log', FILES.seal);
        else if (!sameHash(root, read.value.root)) this.#add('kept-root-mismatch', FILES.seal);
      }
      return read.value;
    }
    return undefined;
  }

  #readEvents(): ReadonlyMap<number, RawEvent> {
    const events = new Map<number, RawEvent>();
    for (const { line, which } of this.#lines(FILES.events)) {
      const event = readRawEvent(line);
      if (event === undefined || events.has(event.seq)) this.#add('malformed-line', FILES.events, { which });
      else events.set(event.seq, event);
    }
    return events;
  }

  #judgeChains(events: ReadonlyMap<number, RawEvent>): void {
    const { logId, streams, subject } = this.#manifest;
    const whole = new Set(streams.filter((one) => one.whole).map(({ stream }) => stream));
    const gaps = gapsOf(this.#manifest);
    const own = streamName(subject.kind, subject.id);
    if (!whole.has(own)) this.#add('event-missing', FILES.events, { which: own });
    const heads = new Map<string, ChainHead>();
    const counts = new Map<string, number>();
    for (const event of events.values()) {
      const { stream, revision } = event;
      const { prev, hash } = readMetadata(event.metadata) ?? {};
      const before = heads.get(stream) ?? CHAIN_START;
      // Of a stream that is here in part, only events that follow each other can be compared; the same where there is said to be a gap.
      const isBehindGap = gaps.get(stream)?.has(revision) === true && revision > before.revision;
      const follows = before.revision === revision - 1 || (whole.has(stream) && !isBehindGap);
      const judged = verifyChain([atSeq(event)], logId, follows ? before : { revision: revision - 1, hash: prev });
      if (!judged.ok) this.#add(judged.error.fault, FILES.events, { at: event });
      heads.set(stream, judged.ok ? judged.value : { revision, hash });
      counts.set(stream, (counts.get(stream) ?? 0) + 1);
    }
    for (const { stream, events: expected } of streams) {
      const found = counts.get(stream) ?? 0;
      if (found !== expected) {
        this.#add('event-missing', FILES.events, { which: `${stream}: ${found} events of ${expected}` });
      }
    }
  }

  #judgeProofs(events: ReadonlyMap<number, RawEvent>, seal: Checkpoint | undefined): void {
    const { logId, size } = this.#manifest;
    const proved = new Set<number>();
    for (const { line, which } of this.#lines(FILES.proofs)) {
      const proof = readProof(line);
      const event = proof && events.get(proof.seq);
      if (proof === undefined) this.#add('malformed-line', FILES.proofs, { which });
      else if (event === undefined) this.#add('event-missing', FILES.events, { which: `seq ${proof.seq}` });
      else {
        proved.add(proof.seq);
        const leaf = leafOf(storedHash(atSeq(event), logId));
        const path = proof.path.map((hash) => Buffer.from(hash, 'base64'));
        const root = rootByInclusion({ leaf, index: proof.seq - 1, size }, path);
        // Without a seal there is nothing that a proof could lead to, which was said of the seal.
        if (seal !== undefined && (root === undefined || !sameHash(root, seal.root))) {
          this.#add('not-in-seal', FILES.proofs, { at: event });
        }
      }
    }
    for (const event of events.values())
      if (!proved.has(event.seq)) this.#add('proof-missing', FILES.proofs, { at: event });
  }

  #readDisclosures(events: ReadonlyMap<number, RawEvent>): ReadonlyMap<number, Disclosure> {
    const disclosures = new Map<number, Disclosure>();
    for (const { line, which } of this.#lines(FILES.opened)) {
      const opened = readOpened(line);
      if (opened === undefined) this.#add('malformed-line', FILES.opened, { which });
      else if (!events.has(opened.seq)) this.#add('event-missing', FILES.events, { which: `seq ${opened.seq}` });
      else disclosures.set(opened.seq, { fields: opened.fields as Disclosure['fields'], salt: opened.salt });
    }
    return disclosures;
  }

  #readRetold(events: ReadonlyMap<number, RawEvent>): ReadonlyMap<number, PersonalFields> {
    const retold = new Map<number, PersonalFields>();
    if (this.#manifest.format === 1) return retold;
    for (const { line, which } of this.#lines(FILES.retold)) {
      const told = readRetold(line);
      if (told === undefined) this.#add('malformed-line', FILES.retold, { which });
      else if (!events.has(told.seq)) this.#add('event-missing', FILES.events, { which: `seq ${told.seq}` });
      else retold.set(told.seq, told.fields as PersonalFields);
    }
    return retold;
  }

  #decode(
    event: RawEvent,
    disclosure: Disclosure | undefined,
    retold: PersonalFields | undefined,
  ): readonly RecordedEvent[] {
    try {
      return [this.#codec.decodeDisclosed(atSeq(event), disclosure, retold)];
    } catch (error) {
      if (!(error instanceof UndecodableEventError)) throw error;
      this.#add(error.reason, disclosure === undefined ? FILES.events : FILES.opened, { at: event });
      return [];
    }
  }

  #judgeTexts(events: readonly RecordedEvent[]): void {
    const sources = sourcesAmong(events.map((event) => ({ event })));
    for (const { id } of this.#manifest.sources) {
      const name = textFile(id);
      const held = sources.get(id)?.text;
      const shown = this.#files.get(name);
      const same = held === undefined || shown === undefined ? held === shown : Buffer.from(held, 'utf8').equals(shown);
      if (!same) this.#add('text-differs', name);
    }
  }

  *#lines(name: string): Generator<{ readonly line: string; readonly which: string }, void, undefined> {
    const lines = this.#text(name).split('\n');
    for (const [index, line] of lines.entries()) {
      if (line !== '' || index < lines.length - 1) yield { line, which: `line ${index + 1}` };
    }
  }

  #text(name: string): string {
    return Buffer.from(this.#files.get(name) ?? NOTHING).toString('utf8');
  }

  #add(code: BundleFaultCode, file: string, where: { readonly at?: RawEvent; readonly which?: string } = {}): void {
    const { at, which } = where;
    this.#faults.push({
      code,
      file,
      ...(at !== undefined && { at: { seq: at.seq, id: at.id, stream: at.stream, revision: at.revision } }),
      ...(which !== undefined && { which }),
    });
  }
}

const NOTHING = new Uint8Array();

/** By stream, the revisions of events before which the bundle says that something is missing: nowhere, where it holds everything. */
function gapsOf(manifest: BundleManifest): ReadonlyMap<string, ReadonlySet<number>> {
  return new Map(manifest.format === 1 ? [] : manifest.streams.map(({ stream, gaps = [] }) => [stream, new Set(gaps)]));
}

function readProof(line: string): ProofLine | undefined {
  const { seq, path } = parseObject(line) ?? {};
  if (!Number.isSafeInteger(seq) || !Array.isArray(path) || !path.every((hash) => typeof hash === 'string'))
    return undefined;
  return { seq: Number(seq), path };
}

function readOpened(line: string): OpenedLine | undefined {
  const { salt } = parseObject(line) ?? {};
  const read = readRetold(line);
  return read === undefined || typeof salt !== 'string' ? undefined : { ...read, salt };
}

function readRetold(line: string): RetoldLine | undefined {
  const { seq, fields } = parseObject(line) ?? {};
  if (!Number.isSafeInteger(seq) || typeof fields !== 'object' || fields === null) return undefined;
  return { seq: Number(seq), fields: fields as RetoldLine['fields'] };
}
