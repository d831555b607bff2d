/**
 * An evidence bundle: a zip file that proves to whoever has nothing else what was recorded of one subject, on what sources.
 * What is here is the format; it never changes for bundles with `format: 1`, which hold everything, nor for those with `format: 2`, which
 * hold what may be seen up to a ceiling.
 */
import { hash } from 'node:crypto';
import type { Category } from '#domain';
import type { Visibility } from '#kernel';
import { originOf } from '../checkpoint.js';

/** Names of files in it. */
export const FILES = {
  /** For people; all else is for programs. */
  page: 'index.html',
  /** Events as they are stored, one a line, stream by stream. See raw-event.ts. */
  events: 'events.jsonl',
  /** What was sealed in the boxes of those events: {@link OpenedLine} */
  opened: 'opened.jsonl',
  /** Up to a ceiling alone: what was told again of events whose boxes are closed, where redactions blanked words. {@link RetoldLine} */
  retold: 'retold.jsonl',
  /** {@link ProofLine}, for each event. */
  proofs: 'proofs.jsonl',
  /** What the record said of the subject, computed from all that it holds. */
  record: 'record.json',
  /** JSON Schemas of what clients send of the events' types, under `components.schemas`. */
  schemas: 'schemas.json',
  /** The signed checkpoint that the proofs lead to. */
  seal: 'seal.txt',
  manifest: 'manifest.json',
  /** A signed note over the manifest. */
  signature: 'signature.txt',
} as const;

/** The text of a source. */
export function textFile(source: string): string {
  return `sources/${source}.txt`;
}

export interface ProofLine {
  readonly seq: number;
  /** RFC 6962, from below upwards; base64. */
  readonly path: readonly string[];
}

/** `commit` of the event's box is SHA-256 over the salt and the canonical JSON of `{fields, salt}`. */
export interface OpenedLine {
  readonly seq: number;
  /** By JSON pointer into the event's data. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Base64url. */
  readonly salt: string;
}

/**
 * By the signature alone: the events that tell it again tell of hidden ones as well, and are for nobody who does not see everything.
 * A stream's redactions are of all that it holds, so without this nothing of it could be read any more.
 */
export interface RetoldLine {
  readonly seq: number;
  /** As in {@link OpenedLine}. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export type BundleManifest = WholeManifest | ManifestUpTo;

/** Of a bundle that holds everything. */
export interface WholeManifest extends Manifest {
  readonly format: 1;
}

/** Of one that holds what may be seen up to a ceiling. Of what is above it there is nothing but gaps in numbers of events. */
export interface ManifestUpTo extends Manifest {
  readonly format: 2;
  readonly ceiling: Visibility;
  /** Seqs of events that may be seen and are not in it all the same: as they are stored they name what may not be seen. */
  readonly withheld: readonly number[];
}

interface Manifest {
  readonly subject: { readonly kind: Category; readonly id: string };
  readonly logId: string;
  /** How many events the seal covers: what came behind them is not in it. */
  readonly size: number;
  /** Whose signature seal and bundle bear. */
  readonly verifierKey: string;
  readonly streams: readonly BundledStream[];
  readonly sources: readonly { readonly id: string; readonly hasText: boolean }[];
  /** All files but the manifest and its signature. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

interface BundledStream {
  readonly stream: string;
  /** All of its events that the seal covers are there: up to a ceiling, those that may be seen and are not withheld. */
  readonly whole: boolean;
  readonly events: number;
  /** Up to a ceiling alone, of a whole one: revisions of events before which something is not there. */
  readonly gaps?: readonly number[];
}

/** What is signed: it begins otherwise than any checkpoint does, with which it shares the key. */
export function signedText(logId: string, manifest: Uint8Array): string {
  return `habeas/bundle/${originOf(logId)}\n${hash('sha256', manifest)}\n`;
}

export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
