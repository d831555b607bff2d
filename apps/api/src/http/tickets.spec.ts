/** Tickets: good for an hour, on every node that has the secret, for what they were made for; and nothing else. */
import { derivedId } from '#kernel';
import { seededRandomness } from '../../../../test/support/fixed.js';
import { Tickets } from './tickets.js';

const secret = new Uint8Array(32).fill(7);
const randomness = seededRandomness('tickets');
const credential = 'key:one/0';
const filter = { person: [derivedId('tickets', 'person', 0)], to: ['free'] };
let now = Date.parse('2026-11-23T12:00:00.000Z');
const clock = { now: () => new Date(now) };
const tickets = new Tickets(secret, clock, randomness);

test('say what they were made for, on another node too, until the hour is over', () => {
  const { ticket, expiresAt } = tickets.issue({ credential, filter });
  expect(expiresAt).toBe('2026-11-23T13:00:00.000Z');
  const elsewhere = new Tickets(secret, clock, randomness);
  now += 3_599_999;
  expect(elsewhere.read(ticket)).toEqual({ credential, filter });
  now += 1;
  expect(elsewhere.read(ticket)).toBeUndefined();
});

test('are nothing under another secret', () => {
  const { ticket } = tickets.issue({ credential, filter });
  expect(new Tickets(new Uint8Array(32).fill(8), clock, randomness).read(ticket)).toBeUndefined();
});

test('are nothing where a single bit is another one', () => {
  const bytes = Buffer.from(tickets.issue({ credential, filter }).ticket, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(tickets.read(changed.toString('base64url'))).toBeUndefined();
  }
});

test('are never the same twice, and show nothing of what is in them', () => {
  const [one, other] = [tickets.issue({ credential, filter }), tickets.issue({ credential, filter })];
  expect(one.ticket).not.toBe(other.ticket);
  const bytes = Buffer.from(one.ticket, 'base64url').toString('latin1');
  for (const shown of [credential, filter.person[0] ?? '', 'person', 'free']) expect(bytes).not.toContain(shown);
});

test('of what is too long to be one nothing is made', () => {
  expect(tickets.read('A'.repeat(100_000))).toBeUndefined();
});
