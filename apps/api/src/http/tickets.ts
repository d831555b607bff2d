/**
 * Tickets, by which somebody who cannot send a key opens a stream: a browser's EventSource, which has nothing but an address. A
 * ticket says whose it is, until when, and what is told by it. It is sealed under a secret of the key store, so that every node
 * takes it and no proxy that writes down addresses learns after whom somebody asks.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type ChangeFilter, readFilter } from '#feed';
import type { Clock, Randomness } from '#kernel';

export interface Ticket {
  /** By which they had come in who got it: it is good for as long as that is. */
  readonly credential: string;
  readonly filter: ChangeFilter;
}

export interface IssuedTicket {
  readonly ticket: string;
  /** UTC, with milliseconds and Z: until then a stream can be opened by it. */
  readonly expiresAt: string;
}

const HOUR = 3_600_000;
const NONCE = 12;
const TAG = 16;
/** More than the longest filter comes to. */
const LONGEST = 8_000;
const MOST_BYTES = 100_000;

export class Tickets {
  /** @param secret 32 bytes, the same on every node */
  constructor(
    private readonly secret: Uint8Array,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  issue({ credential, filter }: Ticket): IssuedTicket {
    const expires = this.clock.now().getTime() + HOUR;
    const nonce = this.randomness.bytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.secret, nonce);
    const text = deflateRawSync(JSON.stringify([credential, expires, filter]));
    const sealed = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    return { ticket: sealed.toString('base64url'), expiresAt: new Date(expires).toISOString() };
  }

  /** What a ticket says; undefined for what no node gave, and for what is over. */
  read(ticket: string): Ticket | undefined {
    const sealed = ticket.length > LONGEST ? Buffer.alloc(0) : Buffer.from(ticket, 'base64url');
    if (sealed.length <= NONCE + TAG) return undefined;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.secret, sealed.subarray(0, NONCE), { authTagLength: TAG });
      decipher.setAuthTag(sealed.subarray(-TAG));
      const text = Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]);
      const [credential, expires, given] = JSON.parse(
        inflateRawSync(text, { maxOutputLength: MOST_BYTES }).toString(),
      ) as [string, number, Readonly<Record<string, readonly string[]>>];
      // Words may have been taken out of a vocabulary since, by a node of another version.
      const filter = readFilter(given);
      return expires > this.clock.now().getTime() && filter.ok ? { credential, filter: filter.value } : undefined;
    } catch {
      return undefined;
    }
  }
}
