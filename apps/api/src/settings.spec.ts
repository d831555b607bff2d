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
])('%s=%s is refused by name, in one sentence or two', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(new RegExp(`^${name} `));
});

test('the connection string of an EventStoreDB is passed through', () => {
  expect(readSettings({})).toMatchObject({ log: undefined });
  for (const log of ['esdb://localhost:2113?tls=false', 'esdb+discover://user:secret@cluster:2113']) {
    expect(readSettings({ HABEAS_LOG: log })).toMatchObject({ log });
  }
});

test('a secret is never repeated in an error', () => {
  const tried = (): unknown => readSettings({ HABEAS_LOG: 'http://admin:changeit@host' });
  expect(tried).toThrow(/^HABEAS_LOG/);
  expect(tried).not.toThrow(/changeit/);
});
