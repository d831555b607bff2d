/** Which addresses are taken for one, and how much is remembered. */
import { VirtualTime } from '../../../test/support/virtual-time.js';
import { FailedTries, MOST_TRIES } from './failed-tries.js';

const time = new VirtualTime();

test.each([
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '::ffff:192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  // A provider gives 64 bits to one customer, who has all the addresses behind them.
  ['2001:db8:1:2::1', '2001:db8:1:2:aaaa:bbbb:cccc:dddd', true],
  ['2001:db8:1:2::1', '2001:0DB8:0001:0002::7', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['2001:db8::1', '2001:db8:0:0:1::', true],
  ['fe80::1%eth0', 'fe80::2%eth0', true],
  ['::1', '2001:db8::1', false],
])('wrong keys of %s count against %s: %p', (one, other, same) => {
  const tries = new FailedTries(time.ticker);
  for (let n = 1; n <= MOST_TRIES; n++) expect(tries.add(one)).toBe(n);
  expect([tries.isOver(one), tries.isOver(other)]).toEqual([true, same]);
});

test('a minute counts from the first of them', async () => {
  const tries = new FailedTries(time.ticker);
  for (let n = 0; n < MOST_TRIES; n++) {
    tries.add('192.0.2.1');
    await time.pass(2_000);
  }
  expect(tries.isOver('192.0.2.1')).toBe(true);
  await time.pass(20_000);
  expect(tries.isOver('192.0.2.1')).toBe(false);
  expect(tries.add('192.0.2.1')).toBe(1);
});

test('of many addresses those are remembered that tried last', () => {
  const tries = new FailedTries(time.ticker);
  for (let n = 0; n < 30_000; n++) tries.add(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  expect(tries.add('10.0.0.0')).toBe(1);
  expect(tries.add('10.0.117.47')).toBe(2);
});
