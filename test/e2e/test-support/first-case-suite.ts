/**
 * The first case over real HTTP: what the record must then say, whatever the order in which it was recorded, and wherever the
 * log is.
 */
import fc from 'fast-check';
import type { FactView, GroupView, PersonView, StatementView } from '#projections';
import { enterCase, type Entered } from '../../../apps/cli/src/demo/enter.js';
import { firstCase, namesIn, type CaseCommand } from '../../../apps/cli/src/demo/first-case.js';
import { comparable } from '../../support/comparable.js';
import { startServer, type TestServer } from './server.js';

type StartServer = () => Promise<TestServer>;

interface KnownRecord {
  readonly server: TestServer;
  readonly entered: Entered;
  id(name: string): string;
  person(name: string, query?: Readonly<Record<string, string>>): Promise<PersonView>;
  group(name: string, query?: Readonly<Record<string, string>>): Promise<GroupView>;
}

async function recordedOn(start: StartServer, commands: readonly CaseCommand[]): Promise<KnownRecord> {
  const server = await start();
  const entered = await enterCase(server.client, commands);
  const id = (name: string): string => entered.ids.get(name) ?? `${name} was not entered`;
  const read = async <View>(path: string, query: Readonly<Record<string, string>> = {}): Promise<View> => {
    const search = new URLSearchParams({ minPosition: entered.last, ...query });
    return (await server.client.request<View>(`${path}?${search.toString()}`)).body;
  };
  return {
    server,
    entered,
    id,
    person: (name, query) => read<PersonView>(`/v1/persons/${id(name)}`, query),
    group: (name, query) => read<GroupView>(`/v1/groups/${id(name)}`, query),
  };
}

/**
 * An order in which the commands can be sent: at each step, of those whose names are all answered, the one that `pick`
 * ranks first.
 */
function ordered(rank: (command: CaseCommand) => number): CaseCommand[] {
  const waiting = new Set(firstCase);
  const sent = new Set<string>();
  const order: CaseCommand[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter((command) => [...namesIn(command)].every((name) => sent.has(name)));
    const [next] = ready.sort((a, b) => rank(a) - rank(b));
    if (next === undefined) throw new Error('Commands name each other.');
    waiting.delete(next);
    sent.add(next.name);
    order.push(next);
  }
  return order;
}

const factOf = (view: { timeline: readonly FactView[] }, event: string): FactView => {
  const found = view.timeline.find((fact) => fact.event === event);
  if (found === undefined) throw new Error('The fact is not on the timeline.');
  return found;
};

/** Everything that FIRST-CASE says under "What the record must then say". */
async function expectTheRecord(record: KnownRecord): Promise<void> {
  const vy = await record.person('vy');
  expect(vy.axes.liberty).toMatchObject({ value: 'free', since: '2018-11-20', certain: true });
  expect(vy.cases).toHaveLength(1);
  const [vysCase] = vy.cases;
  expect(vysCase).toMatchObject({
    hold: { value: 'none', certain: true },
    verdict: { value: 'convicted', detail: { presence: 'unknown' }, disputed: true },
    sentence: { value: 'served', detail: { term: 'P18M' } },
    offences: ['incitement'],
  });
  const arrest = factOf(vy, record.id('vy-arrest'));
  expect(arrest).toMatchObject({ type: 'PersonArrested', occurred: '2017-05', disputed: false });
  expect(arrest.citations.map((citation) => citation.words).join()).toMatch(
    /^Vy was arrested in Phnom Penh in May 2017/,
  );
  const sentence = factOf(vy, record.id('vy-sentence'));
  expect(sentence).toMatchObject({ bounds: { earliest: '2017-05-01', latest: '2018-11-20' }, disputed: true });
  expect(sentence).not.toHaveProperty('occurred');
  expect(sentence.disputes).toMatchObject([
    {
      kind: 'ambiguous-reading',
      open: true,
      alternative: { subject: { kind: 'person', id: record.id('serey'), name: 'Sam Serey' } },
    },
  ]);
  expect(factOf(vy, record.id('vy-release'))).toMatchObject({ basis: 'inferred', data: { reason: 'served' } });
  expect(vy.roles).toMatchObject([
    {
      role: 'spokesman',
      organisation: { id: record.id('knlf'), name: 'Khmer National Liberation Front' },
      since: '2018-11-20/..',
      sinceBounds: { earliest: '2018-11-20' },
    },
  ]);

  const deprived = async (validAt: string): Promise<unknown> =>
    (await record.person('vy', { validAt })).axes.liberty.groups.deprived;
  expect(await deprived('2018-01-01')).toEqual({ certain: true, possible: true });
  expect(await deprived('2017-05-15')).toEqual({ certain: false, possible: true });
  expect(await deprived('2017-04-30')).toEqual({ certain: false, possible: false });
  expect(await deprived('2018-11-20')).toEqual({ certain: false, possible: false });
  const inside = await record.person('vy', { validAt: '2018-01-01' });
  expect(inside.axes.liberty.possible).toEqual(['imprisoned', 'police-custody']);
  expect(inside.axes.liberty.certain).toBe(false);
  expect((await record.person('vy', { validAt: '2018-11-20' })).axes.liberty).toMatchObject({
    value: 'free',
    certain: true,
  });

  const serey = await record.person('serey');
  expect(serey.cases).toHaveLength(1);
  expect(serey.cases[0]).toMatchObject({
    verdict: { value: 'convicted', detail: { presence: 'in-absentia' }, since: '2014', certain: true, disputed: false },
    sentence: { value: 'unserved', detail: { term: 'P9Y' }, since: '2014', certain: true },
  });
  expect(serey.axes.liberty).toMatchObject({ value: 'sentence-not-enforced', since: '2014', certain: true });
  expect(serey.axes.asylum).toMatchObject([{ value: 'granted', since: '2011', certain: true }]);
  expect(serey.roles).toMatchObject([{ role: 'president', organisation: { id: record.id('knlf') } }]);
  expect(factOf(serey, record.id('president'))).toMatchObject({ aspect: 'observed' });
  expect(serey.labels).toMatchObject([{ label: 'terrorist mastermind' }]);
  expect(serey.labels[0]).not.toHaveProperty('by');
  expect(JSON.stringify([serey.axes, serey.cases])).not.toContain('terrorist');
  expect(serey.intentions.map(({ what }) => what).sort()).toEqual(['halt his activities', 'return to Cambodia']);
  for (const intention of serey.intentions)
    expect(intention.conditions.join()).toMatch(/pardons that release all KNLF members/);
  expect(serey.alternativesElsewhere).toMatchObject([
    { subject: { id: record.id('vy') }, fact: record.id('vy-sentence'), kind: 'ambiguous-reading', open: true },
  ]);

  const knlf = await record.group('knlf');
  expect(knlf.axes.registration).toMatchObject({ value: 'collecting', certain: true });
  expect(knlf.axes.activity.value).not.toBe('halted');
  expect(knlf.support).toMatchObject([{ value: 5000, qualifier: 'more-than', kind: 'thumbprint', as: 'claimed' }]);
  expect(knlf.plans.length).toBeGreaterThan(0);
  expect(knlf.plans.every((plan) => !plan.submitted)).toBe(true);
  expect(knlf.plans.some((plan) => plan.plannedFor === '2019-01~/2019-03~')).toBe(true);
  expect(knlf.sizes).toMatchObject([{ value: 56, of: 'cabinet' }]);
  expect(knlf.labels).toMatchObject([{ label: 'government in exile of Cambodia' }]);
  expect(knlf.holders.map(({ role, holder }) => `${role} ${holder.name}`).sort()).toEqual([
    'president Sam Serey',
    'spokesman Thuy Vy',
  ]);
  const voices = knlf.statements.about.filter(({ stance }) => stance === 'welcomes' || stance === 'does-not-oppose');
  expect(voices.map(({ stance, speaker }) => [stance, speaker.subject?.name]).sort()).toEqual([
    ['does-not-oppose', 'Khieu Sopheak'],
    ['welcomes', 'Phay Siphan'],
  ]);
  expect(voices.find(({ stance }) => stance === 'does-not-oppose')?.conditions).toHaveLength(1);
}

async function documents(record: KnownRecord): Promise<unknown> {
  const search = new URLSearchParams({ minPosition: record.entered.last }).toString();
  const found: Record<string, unknown> = {};
  for (const { name, path } of firstCase) {
    if (!/^\/v1\/[a-z]+$/.test(path)) continue;
    for (const query of ['', '&validAt=2018-01-01', '&validAt=2017-05-15', '&validAt=2018']) {
      const { body } = await record.server.client.request(`${path}/${record.id(name)}?${search}${query}`);
      found[name + query] = comparable(body);
    }
  }
  return found;
}

/** Declares the suite for servers that start like this. What they say is compared with what one on the embedded log says. */
export function firstCaseSuite(start: StartServer): void {
  const recorded = (commands: readonly CaseCommand[]): Promise<KnownRecord> => recordedOn(start, commands);
  let given: unknown;

  beforeAll(async () => {
    const record = await recordedOn(startServer, firstCase);
    try {
      given = await documents(record);
    } finally {
      await record.server.end();
    }
  }, 120_000);

  test('recorded in the given order, the record says what it must', async () => {
    const record = await recorded(firstCase);
    try {
      await expectTheRecord(record);
      expect(await documents(record)).toEqual(given);
    } finally {
      await record.server.end();
    }
  }, 120_000);

  test('recorded in reverse, it says the same', async () => {
    const record = await recorded(ordered((command) => -firstCase.indexOf(command)));
    try {
      await expectTheRecord(record);
      expect(await documents(record)).toEqual(given);
    } finally {
      await record.server.end();
    }
  }, 120_000);

  test('recorded in any order, it says the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ noNaN: true }), { minLength: firstCase.length, maxLength: firstCase.length }),
        async (ranks) => {
          const record = await recorded(ordered((command) => ranks[firstCase.indexOf(command)] ?? 0));
          try {
            await expectTheRecord(record);
            expect(await documents(record)).toEqual(given);
          } finally {
            await record.server.end();
          }
        },
      ),
      { numRuns: 3, endOnFailure: true },
    );
  }, 120_000);

  test('recorded again with the same idempotency keys, nothing is added', async () => {
    const record = await recorded(firstCase);
    try {
      const again = await enterCase(record.server.client, firstCase);
      expect(again.ids).toEqual(record.entered.ids);
      expect(again.last).toBe(record.entered.last);
      expect(await documents(record)).toEqual(given);
    } finally {
      await record.server.end();
    }
  }, 120_000);

  test('the words of a statement, its speaker and the role as attributed are shown beside the roles held', async () => {
    const record = await recorded(firstCase);
    try {
      const path = `/v1/statements/${record.id('sopheak-statement')}?minPosition=${record.entered.last}`;
      const { body } = await record.server.client.request<StatementView>(path);
      expect(body.speaker).toMatchObject({
        subject: { name: 'Khieu Sopheak' },
        roleAsAttributed: 'spokesman of the Ministry of Interior',
        rolesHeld: [{ role: 'spokesman', organisation: { name: 'Ministry of Interior' } }],
      });
      expect(body.stance).toBe('does-not-oppose');
    } finally {
      await record.server.end();
    }
  }, 120_000);

  test('a submission moves the registration from collecting to submitted within a second', async () => {
    const record = await recorded(firstCase);
    try {
      expect((await record.group('knlf')).axes.registration.value).toBe('collecting');
      const path = `/v1/groups/${record.id('knlf')}`;
      const begun = performance.now();
      const answer = await record.server.client.request(`${path}/registration-submissions`, {
        method: 'POST',
        body: {
          authority: { group: record.id('interior') },
          occurred: '2019-03',
          basis: 'reported',
          confidence: 'medium',
          citations: [{ sourceId: record.id('article'), locator: 'a later report' }],
        },
      });
      const minPosition = answer.headers.get('habeas-position') ?? '';
      const { body } = await record.server.client.request<GroupView>(`${path}?minPosition=${minPosition}`);
      expect(performance.now() - begun).toBeLessThan(1_000);
      expect(body.axes.registration).toMatchObject({ value: 'submitted', since: '2019-03' });
    } finally {
      await record.server.end();
    }
  }, 120_000);
}
