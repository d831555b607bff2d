import { createLog } from './log.js';

test('what may name a person or let somebody in is left out of a line, should it ever be given', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', format: 'json', write: (line) => lines.push(line) });
  log.info({ authorization: 'Bearer x', headers: { cookie: 'x' }, names: [{ text: 'x' }], err: new Error('x') }, 'm');
  log.info({ route: '/v1/persons', status: 200, key: 'key:1' }, 'm');
  const [first, second] = lines.map((line) => JSON.parse(line) as object);
  const out = 'left out';
  expect(first).toMatchObject({ authorization: out, headers: out, names: out, err: out });
  expect(second).toMatchObject({ route: '/v1/persons', status: 200, key: 'key:1' });
});
