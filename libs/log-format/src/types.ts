/** Stored events as the rest of the program reads them, and the key store that their sealed boxes need, as a port. */
import type { Position } from '#event-store';
import type { Json } from '#kernel';
import type { Visibility } from '#kernel';

/** What every stored event's metadata holds, with its keys in this (sorted) order in the stored form. */
export interface EventMetadata {
  readonly causationId?: string;
  readonly correlationId: string;
  /** SHA-256, hex, over the event as stored without this field. */
  readonly hash: string;
  /** The hash of the stream's previous event; left out at revision 0. */
  readonly prev?: string;
  /** UTC, with milliseconds and Z. */
  readonly recordedAt: string;
  /** The id of the principal who recorded it. */
  readonly recordedBy: string;
  /** HMAC of the canonical request under the stream's key, hex. */
  readonly requestMac?: string;
  readonly schemaVersion: number;
  readonly v: 1;
  readonly visibility: Visibility;
}

/**
 * A decoded event: personal fields are back in `data` where the stream's key is at hand, or where they were told again, perhaps with
 * words blanked; else absent, and `opened` is false.
 */
export interface RecordedEvent<Data = Readonly<Record<string, unknown>>> {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: Data;
  readonly opened: boolean;
  /** Of one that is not opened: the key that its box needs. */
  readonly keyId?: string;
  readonly metadata: EventMetadata;
  readonly position: Position;
}

/** An event as whoever appended it knows it: all but its place in the whole log. */
export type AppendedEvent = Omit<RecordedEvent, 'position'>;

export interface StreamKey {
  /** Stands in every sealed box; a key replaced after an erasure has another id. */
  readonly keyId: string;
  /** 32 bytes. Sealing and MAC keys are derived from it. */
  readonly key: Uint8Array;
}

/** Keeps what must be erasable: one key per stream, and named secrets. Durable before it answers. */
export interface KeyStore {
  /** The stream's key, made if there is none yet. */
  obtain(stream: string): Promise<StreamKey>;
  /** The keys of these ids; a destroyed or unknown one is missing in the map. */
  find(keyIds: Iterable<string>): Promise<ReadonlyMap<string, StreamKey>>;
  /**
   * Destroys keys of streams, durably, and forgets them; one that is not there is passed over. What others hold in memory (nodes,
   * threads) they find for a while, until they are told to forget it.
   */
  destroy(keyIds: Iterable<string>): Promise<void>;
  /** Lets go of keys that were destroyed elsewhere: from here on this opening finds them no more, whatever the store still says. */
  forget(keyIds: Iterable<string>): void;
  /** A named secret of 32 bytes, made if there is none yet. */
  secret(name: string): Promise<Uint8Array>;
  /** A named secret that was made before; undefined where there is none: it was destroyed. */
  findSecret(name: string): Promise<Uint8Array | undefined>;
  /** Destroys a named secret, durably; nothing where there is none. Other nodes find it for a while, if they have it in memory. */
  destroySecret(name: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * What boxes are opened by. Where a box's key was destroyed, what is to survive of it may have been told again by a later event of
 * its stream: see retelling.ts.
 */
export interface Opening extends Pick<KeyStore, 'find'> {
  /** Of a stream: the fields that were told again of its events. */
  retold?(stream: string): Promise<Retold>;
}

/** By event id: what is to be read in its sealed fields, by JSON pointer into its data as stored. */
export type Retold = ReadonlyMap<string, Readonly<Record<string, Json>>>;

/** Takes data of one schema version to the next. Pure, and total on data of its version, opened or not. */
export type Upcaster = (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/** What the stored form needs to know of one type of event. An event's definition in the catalogue is one. */
export interface StoredForm {
  readonly type: string;
  /** The version that is written today, from 1. */
  readonly schemaVersion: number;
  // JSON pointers of personal fields; `*` stands for every element of an array: `/names/*/text`.
  readonly personal: readonly string[];
  /** By the version that each takes to the next; needed for every version below today's. */
  readonly upcasters?: Readonly<Record<number, Upcaster>>;
  /** JSON pointer of a sealed field that tells again what earlier events held. It is in no data that is read: see retelling.ts. */
  readonly retold?: string;
  /**
   * JSON pointer of a payload of another type inside; `factType` {type, schemaVersion} beside it says of which, and so what
   * of it is personal.
   */
  readonly embedded?: string;
}
