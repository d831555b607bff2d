/** A bundle of a small log, whole as it was made, and what somebody may do to it. */
import { randomId, streamName } from '#kernel';
import {
  CHAIN_START,
  createRecordCodec,
  ensureLogStarted,
  type EventCodec,
  inclusionProof,
  leafOf,
  LOG_START_STREAM,
  nodeHash,
  rootOf,
  type StreamKey,
  type TreeHash,
} from '#log-format';
import type { EvidenceStream } from '#projections';
import { fixedKey, holding } from '../../../../../test/support/fixed.js';
import { allEvents, realClock, realRandomness, temporaryLog } from '../../../../../test/support/real.js';
import { type Checkpoint, readUnproven, writeCheckpoint } from '../../checkpoint.js';
import { readVerifierKey, signNote } from '../../note.js';
import { sealSigner } from '../../sealing.js';
import { type BundleManifest, FILES, sha256, signedText } from '../format.js';
import { makeBundle, type MakeBundle } from '../make.js';
import { verifyBundle, type VerifyBundle } from '../verify.js';
import { unzip } from '../zip.js';

export type Files = ReadonlyMap<string, Uint8Array>;

export const codec: EventCodec = createRecordCodec(realRandomness);
export const [PERSON, SOURCE] = [randomId(realRandomness), randomId(realRandomness)];
const OTHER = randomId(realRandomness);
export const TEXT = 'Vy was arrested in Phnom Penh. 😀 He was <b>released</b> in 2018.';
const AT = { start: TEXT.indexOf('Vy'), end: 30, version: 1 };

let log: Awaited<ReturnType<typeof temporaryLog>>;
export let making: MakeBundle;
/** The bundle as it was made. */
export let made: Uint8Array;
export let files: Files;
export let key: string;
const keys: StreamKey[] = [];

export async function setUp(): Promise<void> {
  log = await temporaryLog();
  const { store } = log;
  const logId = await ensureLogStarted(store, realClock, realRandomness);
  const say = async (kind: string, id: string, ...events: readonly (readonly [type: string, data: object])[]) => {
    const stream = streamName(kind, id);
    const streamKey = fixedKey(stream);
    keys.push(streamKey);
    const encoded = codec.encode(
      events.map(([type, data]) => ({ id: randomId(realRandomness), type, data })),
      {
        logId,
        stream,
        head: CHAIN_START,
        key: streamKey,
        recordedAt: realClock.now(),
        recordedBy: 'key:1',
        correlationId: 'c',
        visibility: 'internal',
      },
    );
    await store.append(stream, encoded.events, 'no-stream');
  };
  const cited = { citations: [{ sourceId: SOURCE, at: AT }] };
  const fact = { ...cited, basis: 'reported', confidence: 'low' };
  await say(
    'source',
    SOURCE,
    ['SourceEntered', { type: 'report', title: 'A <report>', lang: 'en', text: TEXT.slice(0, 9) }],
    ['SourceTextContinued', { text: TEXT.slice(9) }],
  );
  await say(
    'person',
    PERSON,
    ['PersonEntered', { ...cited, names: [{ text: 'Thuy Vy', kind: 'legal' }] }],
    ['PersonArrested', { ...fact, occurred: '2017-05', place: 'Phnom Penh <script>alert(1)</script>' }],
    ['PersonReleased', { ...fact, occurred: '2018-11-20', reason: 'unknown' }],
  );
  await say(
    'person',
    OTHER,
    ['PersonEntered', { ...cited, names: [{ text: 'Another', kind: 'legal' }] }],
    ['PersonCharged', { ...fact, counts: [{ offence: 'nothing to do with it' }] }],
    ['PersonArrested', { ...fact, place: 'Siem Reap' }],
  );
  const all = await allEvents(store);
  const leaves = all.map(({ metadata }) => leafOf((JSON.parse(metadata) as { hash: string }).hash));
  const subtrees = (height: number, index: number): TreeHash =>
    height === 0 ? leaves[index]! : nodeHash(subtrees(height - 1, 2 * index), subtrees(height - 1, 2 * index + 1));
  const signer = sealSigner(logId, new Uint8Array(32).fill(7));
  key = signer.verifierKey;
  const root = rootOf(all.length, subtrees);
  const streamOf = (stream: string): EvidenceStream => ({
    stream,
    whole: true,
    events: all.flatMap((event, index) =>
      event.stream === stream ? [{ seq: index + 1, revision: event.revision }] : [],
    ),
  });
  const partOf = (stream: string): EvidenceStream => ({
    stream,
    whole: false,
    events: streamOf(stream).events.filter(({ revision }) => revision !== 1),
  });
  making = {
    subject: { kind: 'person', id: PERSON },
    logId,
    seal: {
      event: randomId(realRandomness),
      recordedAt: realClock.now().toISOString(),
      size: all.length,
      root: Buffer.from(root).toString('base64'),
      checkpoint: writeCheckpoint({ logId, size: all.length, root }, signer),
      verifierKey: key,
    },
    evidence: {
      streams: [
        ...[LOG_START_STREAM, streamName('person', PERSON), streamName('source', SOURCE)].map(streamOf),
        partOf(streamName('person', OTHER)),
      ],
      sources: [SOURCE],
      later: 0,
    },
    document: Buffer.from(
      JSON.stringify({ kind: 'person', name: 'Vy & <i>', axes: {}, cases: [], timeline: [], summary: '' }),
    ),
    store,
    keys: holding(...keys),
    codec,
    pathsTo: (seqs) => ({
      ok: true,
      value: seqs.map((seq) =>
        inclusionProof(seq - 1, all.length, subtrees).map((hash) => Buffer.from(hash).toString('base64')),
      ),
    }),
    sign: (text) => signNote(text, signer),
  };
  made = await bundle();
  files = unzip(made, 2 ** 24);
}

export function tearDown(): Promise<void> {
  return log.remove();
}

export async function bundle(changes: Partial<MakeBundle> = {}): Promise<Uint8Array> {
  const bytes = await makeBundle({ ...making, ...changes });
  if (!bytes.ok) throw new Error(bytes.error.code);
  return Buffer.concat([...bytes.value]);
}

export const text = (name: string, of = files): string => Buffer.from(of.get(name) ?? []).toString();
export const allTexts = (of: Files): string => [...of.keys()].map((name) => text(name, of)).join();
export const linesOf = (name: string): string[] => text(name).split('\n').slice(0, -1);

/** The bundle with some files changed, or gone. */
export function changed(changes: Readonly<Record<string, string | Uint8Array | undefined>>, of = files): Files {
  const result = new Map(of);
  for (const [name, content] of Object.entries(changes)) {
    if (content === undefined) result.delete(name);
    else result.set(name, typeof content === 'string' ? Buffer.from(content) : content);
  }
  return result;
}

export const changedLines = (name: string, change: (lines: string[]) => readonly string[]): Files =>
  changed({
    [name]: change(linesOf(name))
      .map((line) => `${line}\n`)
      .join(''),
  });

/** By somebody who has a key of their own, and makes all else fit. */
export function forged(by: Files, change: (manifest: BundleManifest) => BundleManifest = (same) => same): Files {
  const own = sealSigner(making.logId, new Uint8Array(32).fill(8));
  const resealed = changed({ [FILES.seal]: writeCheckpoint(keptSeal(), own) }, by);
  const manifest = change(JSON.parse(text(FILES.manifest, by)) as BundleManifest);
  const content = [...resealed].filter(([name]) => name !== FILES.manifest && name !== FILES.signature);
  const written = JSON.stringify({
    ...manifest,
    verifierKey: own.verifierKey,
    files: Object.fromEntries(content.map(([name, bytes]) => [name, { bytes: bytes.length, sha256: sha256(bytes) }])),
  });
  const signature = signNote(signedText(manifest.logId, Buffer.from(written)), own);
  return changed({ [FILES.manifest]: written, [FILES.signature]: signature }, resealed);
}

export function judged(of: Files, options: Partial<VerifyBundle> = {}): readonly string[] {
  const { faults } = verifyBundle({ files: of, codec, verifiers: [readVerifierKey(key)!], ...options });
  return faults.map(({ code, file, at, which }) =>
    [code, file, at && `seq ${at.seq}`, which].filter(Boolean).join(' '),
  );
}

export function keptSeal(changes: object = {}): Checkpoint {
  const read = readUnproven(making.seal.checkpoint);
  if (!read.ok) throw new Error(read.error);
  return { ...read.value, ...changes };
}
