import { AddressRules, type Inside, isInside, isInsideEntry } from './addresses.js';

const INSIDE = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::a00:1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '3fff::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  'example.org',
  '',
];
const OUTSIDE = [
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.0.1.1',
  '198.20.0.1',
  '223.255.255.255',
];
const OUTSIDE_6 = ['2606:4700::1111', '2001:4860:4860::8888', '2a00:1450::1', '2001:200::1'];

test.each(INSIDE)('%p lies inside', (address) => {
  expect(isInside(address)).toBe(true);
  expect(new AddressRules([]).allows('example.org', address)).toBe(false);
  expect(new AddressRules('all').allows('example.org', address)).toBe(true);
});

test.each([...OUTSIDE, ...OUTSIDE_6])('%p does not', (address) => {
  expect(isInside(address)).toBe(false);
  expect(new AddressRules([]).allows('example.org', address)).toBe(true);
});

/** However the address is written that a URL holds. */
test.each([
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://017700000001/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://localhost/',
  'https://LOCALHOST./',
  'https://api.localhost/',
  'https://169.254.169.254/latest/meta-data/',
])('%p leads inside by what it says itself', (url) => {
  expect(new AddressRules([]).allowsName(new URL(url))).toBe(false);
  expect(new AddressRules('all').allowsName(new URL(url))).toBe(true);
});

test.each<[Inside, string, string, boolean]>([
  [['10.1.0.0/16'], 'hooks.example.org', '10.1.2.3', true],
  [['10.1.0.0/16'], 'hooks.example.org', '10.2.0.1', false],
  [['10.1.0.0/16'], 'hooks.example.org', '::ffff:10.1.2.3', true],
  [['127.0.0.1'], 'localhost', '127.0.0.1', true],
  [['127.0.0.1'], 'localhost', '127.0.0.2', false],
  [['fd00::/8'], 'hooks', 'fd00::17', true],
  [['fd00::/8'], 'hooks', 'fe80::17', false],
  [['Hooks.Internal'], 'hooks.internal', '10.0.0.1', true],
  [['hooks.internal'], 'other.internal', '10.0.0.1', false],
])('with %p allowed, %s at %s: %p', (inside, host, address, allowed) => {
  expect(new AddressRules(inside).allows(host, address)).toBe(allowed);
});

test('what may be allowed is a network, an address or a host', () => {
  for (const entry of ['10.0.0.0/8', '10.0.0.1', 'fd00::/8', '::1', 'hooks', 'hooks.example.org', 'my_service'])
    expect([entry, isInsideEntry(entry)]).toEqual([entry, true]);
  for (const entry of [
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'fd00::/129',
    'hooks/8',
    '*.org',
    'a b',
    '',
    '-a',
    'http://a',
  ])
    expect([entry, isInsideEntry(entry)]).toEqual([entry, false]);
});
