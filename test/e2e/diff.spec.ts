/** Two moments compared, over HTTP and by `habeas diff`: the disputed sentence of the first case, and the whole record. */
import type { DifferenceView } from '#projections';
import { killAll, run } from '../support/server-process.js';
import { CLI, FirstCaseOn } from './test-support/first-case-on.js';
import { LOGS } from './test-support/logs.js';
import { temporaryFolder } from './test-support/server.js';

afterAll(killAll);

describe.each(LOGS)('on the log: %s', (where) => {
  let on: FirstCaseOn;
  beforeAll(async () => {
    on = await FirstCaseOn.log(where);
  }, 60_000);
  afterAll(() => on.end());

  const get = async (path: string): Promise<DifferenceView> =>
    (await on.server.client.request<DifferenceView>(`/v1/${path}`)).body;
  const vy = (): string => `persons/${on.id('vy')}/diff`;
  const diff = (...args: readonly string[]): ReturnType<FirstCaseOn['habeas']> => on.habeas('diff', ...args);

  test('the dispute: what was said before, after, who disputes it, and which answers rest on it', async () => {
    const all = await get(`${vy()}?from=0&minPosition=${on.entered.last}`);
    const sentence = all.facts.find(({ type }) => type === 'SentenceHanded');
    const seq = sentence?.by[0]?.seq ?? 0;
    expect(sentence).toMatchObject({ changes: ['came', 'disputed'], by: [{ type: 'FactDisputed' }] });
    const found = await get(`${vy()}?from=${seq - 1}&to=${seq}`);
    expect(found.facts).toMatchObject([{ event: sentence?.event, changes: ['disputed'] }]);
    expect(found.answers.find(({ axis }) => axis === 'verdict')).toMatchObject({
      before: { value: 'convicted', certain: true, disputed: false },
      after: { value: 'convicted', certain: false, disputed: true },
    });
    expect(await get(`${vy()}?from=${seq}&to=${seq}`)).toMatchObject({ facts: [], answers: [] });
    const text = await diff('--from', String(seq - 1), '--to', String(seq));
    expect(text).toMatchObject({ code: 0, errors: '' });
    expect(text.output).toContain(`Thuy Vy (person ${on.id('vy')})\n  SentenceHanded: disputed`);
    expect(text.output).toContain('  verdict: convicted -> convicted (not certain, disputed)\n');
    expect(text.output).toMatch(/\n2 subjects differ between seq \d+ and seq \d+\.\n$/);
  });

  test.each([
    ['from=yesterday', 'invalid-moment', '/from'],
    ['', 'invalid-moment', '/from'],
    ['from=1&to=99999', 'moment-ahead', '/to'],
    ['from=9&to=8', 'moments-reversed', '/from'],
    ['from=1&validAt=2018', 'invalid-query', '/validAt'],
  ])('refused: ?%s', async (query, code, pointer) => {
    const refused = await get(`${vy()}?${query}`).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 400, code, problem: { errors: [{ pointer }] } });
  });

  test('over the whole record: a line of JSON for each subject, as the interface answers it', async () => {
    const { code, output, errors } = await diff('--from', '12', '--to', '30', '--json');
    expect([code, errors]).toEqual([0, '']);
    const lines = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as DifferenceView);
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      expect(line).toEqual(await get(`${line.kind}s/${line.id}/diff?from=12&to=30`));
    }
  });

  test('what cannot be compared is said in a sentence', async () => {
    expect(await diff('--from', '30', '--to', '8')).toMatchObject({
      code: 1,
      output: '',
      errors: '--from: The first moment is later than the second: exchange them.',
    });
    const nowhere = run(CLI, ['diff', '--from', '1'], { environment: { HABEAS_DATA: temporaryFolder() } });
    expect([await nowhere.ended, nowhere.errors()]).toEqual([1, expect.stringContaining('start the server there')]);
  });
});
