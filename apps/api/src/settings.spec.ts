import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from './settings.js';

test('an empty environment gives the defaults', () => {
  expect(readSettings({})).toMatchObject({ host: '127.0.0.1', port: 3000, adminKey: undefined, masterKey: undefined });
  expect(readSettings({}).data).toMatch(/[\\/]data$/);
  expect(readSettings({ HABEAS_PORT: ' ', HABEAS_LOG: '' }).port).toBe(3000);
});

test.each([
  ['HABEAS_PORT', 'http'],
  ['HABEAS_PORT', '65536'],
  ['HABEAS_PORT', '-1'],
  ['HABEAS_PORT', '1e3'],
  ['HABEAS_LOG', 'postgres://here'],
  ['HABEAS_KEYS', 'esdb://here'],
  ['HABEAS_VISIBILITY', 'confidential'],
  ['HABEAS_ACCESS_DAYS', '0'],
  ['HABEAS_ACCESS_DAYS', 'for ever'],
  ['HABEAS_FOUR_EYES', 'yes'],
  ['HABEAS_STREAMS', 'many'],
  ['HABEAS_STREAMS_PER_KEY', '-1'],
  ['HABEAS_ORIGINS', 'https://desk.example.org/path'],
  ['HABEAS_ORIGINS', 'desk.example.org'],
  ['HABEAS_PROXIES', 'proxy.example.org'],
  ['HABEAS_PROXIES', '10.0.0.0/33'],
  ['HABEAS_PROXIES', '10.0.0.0/8/8'],
  ['HABEAS_PROXIES', '1'],
  ['HABEAS_RATE', '-1'],
  ['HABEAS_RATE', '1.5'],
  ['HABEAS_RATE', '1000001'],
  ['HABEAS_RATE_BURST', '0'],
  ['HABEAS_ARRIVAL_SECONDS', '0'],
  ['HABEAS_ARRIVAL_SECONDS', '1000'],
])('%s=%s is refused by name, in one sentence or two', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(new RegExp(`^${name} `));
});

test('how many streams there may be, and of which web pages', () => {
  expect(readSettings({})).toMatchObject({ streams: 5_000, streamsPerKey: 500, origins: [] });
  expect(
    readSettings({
      HABEAS_STREAMS: '10',
      HABEAS_STREAMS_PER_KEY: '0',
      HABEAS_ORIGINS: 'https://desk.example.org, http://127.0.0.1:8080',
    }),
  ).toMatchObject({ streams: 10, streamsPerKey: 0, origins: ['https://desk.example.org', 'http://127.0.0.1:8080'] });
  expect(readSettings({ HABEAS_ORIGINS: '*' })).toMatchObject({ origins: ['*'] });
});

test('how much a key may ask, and how long a request may take to arrive', () => {
  expect(readSettings({})).toMatchObject({ rate: { perSecond: 1_000, burst: 10_000 }, arrivalSeconds: 30 });
  expect(readSettings({ HABEAS_RATE: '5' })).toMatchObject({ rate: { perSecond: 5, burst: 50 } });
  expect(readSettings({ HABEAS_RATE: '5', HABEAS_RATE_BURST: '7', HABEAS_ARRIVAL_SECONDS: '120' })).toMatchObject({
    rate: { perSecond: 5, burst: 7 },
    arrivalSeconds: 120,
  });
  expect(readSettings({ HABEAS_RATE: '0' })).not.toHaveProperty('rate');
});

test('for how long it is kept who was shown what', () => {
  expect(readSettings({})).toMatchObject({ accessDays: 400 });
  expect(readSettings({ HABEAS_ACCESS_DAYS: '30' })).toMatchObject({ accessDays: 30 });
});

test('which proxies are believed', () => {
  expect(readSettings({})).toMatchObject({ proxies: [] });
  expect(readSettings({ HABEAS_PROXIES: '10.0.0.0/8, 192.0.2.1, 2001:db8::/64' })).toMatchObject({
    proxies: ['10.0.0.0/8', '192.0.2.1', '2001:db8::/64'],
  });
});

test('who may see what nobody says it of', () => {
  expect(readSettings({})).toMatchObject({ visibility: 'internal' });
  expect(readSettings({ HABEAS_VISIBILITY: 'public' })).toMatchObject({ visibility: 'public' });
});

test('whether facts count only once they are verified', () => {
  expect(readSettings({})).toMatchObject({ fourEyes: false });
  expect(readSettings({ HABEAS_FOUR_EYES: 'on' })).toMatchObject({ fourEyes: true });
});

test('the connection string of an EventStoreDB is passed through', () => {
  expect(readSettings({})).toMatchObject({ log: undefined });
  for (const log of ['esdb://localhost:2113?tls=false', 'esdb+discover://user:secret@cluster:2113']) {
    expect(readSettings({ HABEAS_LOG: log })).toMatchObject({ log });
  }
});

test('the connection string of a PostgreSQL is passed through', () => {
  expect(readSettings({})).toMatchObject({ keys: undefined });
  for (const keys of ['postgres://localhost/habeas', 'postgresql://user:secret@db:5432/habeas?schema=keys']) {
    expect(readSettings({ HABEAS_KEYS: keys })).toMatchObject({ keys });
  }
});

test.each(['HABEAS_LOG', 'HABEAS_KEYS'])('a secret is never repeated in an error: %s', (name) => {
  const tried = (): unknown => readSettings({ [name]: 'http://admin:changeit@host' });
  expect(tried).toThrow(new RegExp(`^${name}`));
  expect(tried).not.toThrow(/changeit/);
});

describe.each([
  ['HABEAS_LOG', 'log', 'esdb://habeas:secret@db:2113'],
  ['HABEAS_ADMIN_KEY', 'adminKey', 'a-key-that-somebody-made-for-this-test'],
])('%s may lie in a file', (name, field, value) => {
  const folder = mkdtempSync(join(tmpdir(), 'habeas-settings-'));
  const file = join(folder, 'secret');
  const fromFile = { [`${name}_FILE`]: file };
  afterAll(() => rmSync(folder, { recursive: true }));

  test('which is read, but for the space around it', () => {
    writeFileSync(file, `${value}\n`);
    expect(readSettings(fromFile)).toMatchObject({ [field]: value });
  });

  test('but not both, and nothing of either is told', () => {
    const both = (): unknown => readSettings({ ...fromFile, [name]: value });
    expect(both).toThrow(new RegExp(`^${name} and ${name}_FILE are both set`));
    expect(both).not.toThrow(value);
  });

  test('and a file that is missing or empty is refused by name', () => {
    writeFileSync(file, ' \n');
    expect(() => readSettings(fromFile)).toThrow(`${name}_FILE names ${file}, which is empty.`);
    expect(() => readSettings({ [`${name}_FILE`]: folder })).toThrow(/_FILE names .* cannot be read \(EISDIR\)/);
    expect(() => readSettings({ [`${name}_FILE`]: join(folder, 'no') })).toThrow(/cannot be read \(ENOENT\)/);
  });
});

test('what webhooks may send to inside is nothing, everything, or a list', () => {
  const inside = (text?: string) => readSettings({ HABEAS_WEBHOOKS_INSIDE: text }).webhooksInside;
  expect(inside()).toEqual([]);
  expect(inside('allow')).toBe('all');
  expect(inside(' 10.1.0.0/16, ::1,hooks.internal ')).toEqual(['10.1.0.0/16', '::1', 'hooks.internal']);
  for (const wrong of ['10.0.0.0/33', 'a b', 'https://example.org', 'allow, 10.0.0.1/x']) {
    expect(() => inside(wrong)).toThrow(/^HABEAS_WEBHOOKS_INSIDE holds ".*". It must be "allow", or a list/);
  }
});
