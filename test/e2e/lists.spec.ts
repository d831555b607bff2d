/** Lists over HTTP: every axis is a filter, certain is told from possible, counts, orders, cursors, the turn of a day. */
import { AXES } from '#domain';
import type { CaseView, CitationsPage, HistoryPage, ListPage, SourceView } from '#projections';
import { RequestFailed } from '../../apps/cli/src/client.js';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
}, 60_000);
afterAll(() => server.end());

let last = '';

async function record(path: string, body: object): Promise<string> {
  const recorded = await server.record(path, body);
  last = recorded.position;
  return recorded.id;
}

async function list(path: string): Promise<ListPage> {
  const glue = path.includes('?') ? '&' : '?';
  return (await server.client.request<ListPage>(`/v1/${path}${last === '' ? '' : `${glue}minPosition=${last}`}`)).body;
}

async function refused(path: string): Promise<{ code: string; pointer: string | undefined }> {
  const error = await list(path).catch((caught: unknown) => caught);
  if (!(error instanceof RequestFailed)) throw new Error(`${path} was answered.`);
  const errors = error.problem.errors as readonly { readonly pointer?: string }[] | undefined;
  return { code: error.code, pointer: errors?.[0]?.pointer };
}

const names = (page: ListPage): readonly (string | undefined)[] => page.items.map(({ name }) => name);

/** A story of three people, two cases that turn out to be one, and a party that is dissolved in it. */
interface Told {
  readonly source: string;
  readonly a: string;
  readonly b: string;
  readonly c: string;
  readonly party: string;
  readonly first: string;
  readonly second: string;
  readonly unassigned: string;
}

let told: Told;
let evidence: object;

async function tell(): Promise<Told> {
  const source = await record('sources', {
    type: 'report',
    title: 'Report on the trials',
    lang: 'en',
    publisher: 'The Court Monitor',
    published: '2021-06',
    text: 'Person A and Person B were tried together. Person C was arrested later. The Example Party was dissolved.',
  });
  const citations = [{ sourceId: source, quote: { exact: 'Person A and Person B were tried together.' } }];
  evidence = { basis: 'reported', confidence: 'high', citations };
  const person = (name: string): Promise<string> =>
    record('persons', { names: [{ text: name, kind: 'legal' }], citations });
  const [a, b, c] = [await person('Person A'), await person('Person B'), await person('Person C')];
  const party = await record('groups', { names: [{ text: 'Example Party', kind: 'legal' }], kind: 'party', citations });
  const first = await record('cases', { title: 'Case of A and B', court: 'Example Court', citations });
  const second = await record('cases', { title: 'Case of C', court: 'Another Court', citations });
  for (const one of [a, b]) {
    await record(`persons/${one}/arrests`, { ...evidence, occurred: '2021-02', case: first });
    await record(`persons/${one}/charges`, {
      ...evidence,
      occurred: '2021-03',
      case: first,
      counts: [{ offence: 'incitement' }],
    });
  }
  await record(`persons/${b}/releases`, { ...evidence, occurred: '2021-04-02', case: first, reason: 'bail' });
  const unassigned = await record(`persons/${c}/arrests`, { ...evidence, occurred: '2021-05' });
  await record(`persons/${c}/roles`, {
    ...evidence,
    aspect: 'observed',
    occurred: '2021',
    role: 'Secretary General',
    organisation: { group: party },
  });
  await record(`persons/${a}/roles`, {
    ...evidence,
    occurred: '2020',
    role: 'Spokesman',
    organisation: { name: 'Ministry of Example' },
  });
  await record(`persons/${b}/asylum-grants`, { ...evidence, occurred: '2021-06', country: 'DK' });
  await record(`groups/${party}/dissolutions`, {
    ...evidence,
    occurred: '2021-05-20',
    case: second,
    authority: { name: 'Example Court' },
  });
  return { source, a, b, c, party, first, second, unassigned };
}

beforeAll(async () => {
  told = await tell();
}, 60_000);

test('every axis of the vocabulary is a filter by each of its values, documented, and can be counted', async () => {
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, { get?: { parameters: readonly { name?: string; $ref?: string }[] } }>;
  };
  for (const { axis, subject, values, groups } of AXES.filter((one) => one.axis !== 'role')) {
    const parameters = document.paths[`/v1/${subject}s`]?.get?.parameters ?? [];
    const named = parameters.map(({ name, $ref = '' }) => name ?? $ref.slice($ref.lastIndexOf('/') + 1));
    expect(named).toEqual(expect.arrayContaining([axis, 'certainty', 'facets', 'sort', 'cursor']));
    let possible = 0;
    for (const value of [...values, ...Object.keys(groups), 'unknown']) {
      const page = await list(`${subject}s?${axis}=${value}&facets=${axis}`);
      possible += page.total;
      const facet = page.facets?.[axis];
      const counted = [...(facet?.values ?? []), ...(facet?.groups ?? [])].find((one) => one.value === value);
      expect([axis, value, page.total]).toEqual([
        axis,
        value,
        value === 'unknown' ? facet?.unknown : (counted?.certain ?? 0) + (counted?.possible ?? 0),
      ]);
    }
    expect([axis, possible]).not.toEqual([axis, 0]);
  }
});

test('values of one filter are any of them, filters are all of them; a hit is certain or only possible', async () => {
  expect(names(await list('persons?liberty=deprived'))).toEqual(['Person A', 'Person C']);
  const either = await list('persons?hold=police-custody&hold=conditional-release&sort=-name');
  expect(names(either)).toEqual(['Person C', 'Person B', 'Person A']);
  expect(names(await list('persons?hold=deprived&stage=charged'))).toEqual(['Person A']);
  expect(names(await list('persons?q=person&hold=conditional-release'))).toEqual(['Person B']);
  // A facet shows what else its own filter could ask for, under all other filters.
  const { facets } = await list('persons?hold=conditional-release&stage=charged&facets=hold,stage');
  const certain = (value: string): object => ({ value, certain: 1, possible: 0 });
  expect(facets).toEqual({
    hold: {
      values: [certain('police-custody'), certain('conditional-release')],
      groups: [certain('deprived')],
      unknown: 0,
    },
    stage: { values: [certain('charged')], unknown: 0 },
  });
  await record(`persons/${told.b}/disputes`, {
    fact: await record(`persons/${told.b}/departures`, { ...evidence, occurred: '2021-07', from: 'KH' }),
    kind: 'contradicted',
    reason: 'Seen at home.',
    citations: [{ sourceId: told.source, locator: 'p. 3' }],
  });
  await record(`persons/${told.b}/asylum-cessations`, { ...evidence, occurred: '2021-08', country: 'DK' });
  await record(`persons/${told.a}/disputes`, {
    fact: await record(`persons/${told.a}/departures`, { ...evidence, occurred: '2021-07', from: 'KH' }),
    kind: 'contradicted',
    reason: 'Seen at home.',
    citations: [{ sourceId: told.source, locator: 'p. 3' }],
  });
  const abroad = await list('persons?location=abroad');
  expect(abroad.items.map(({ name, certainty }) => [name, certainty])).toEqual([
    ['Person A', 'possible'],
    ['Person B', 'certain'],
  ]);
  expect(abroad).toMatchObject({ total: 2, counts: { certain: 1, possible: 1 } });
  expect(names(await list('persons?location=abroad&certainty=certain'))).toEqual(['Person B']);
  expect(names(await list('persons?location=abroad&certainty=possible'))).toEqual(['Person A']);
  for (const asylum of ['ceased', 'DK', 'dk', 'DK:ceased'])
    expect([asylum, names(await list(`persons?asylum=${asylum}`))]).toEqual([asylum, ['Person B']]);
  for (const asylum of ['FR', 'DK:granted'])
    expect([asylum, names(await list(`persons?asylum=${asylum}`))]).toEqual([asylum, []]);
});

test('by role and organisation together, whether the organisation is a group of the record or only a name', async () => {
  const found = async (query: string): Promise<readonly unknown[]> => names(await list(`persons?${query}`));
  expect(await found('role=secretary%20general')).toEqual(['Person C']);
  expect(await found(`organisation=${told.party}`)).toEqual(['Person C']);
  expect(await found('organisation=example%20party')).toEqual(['Person C']);
  expect(await found('organisation=MINISTRY%20of%20Example')).toEqual(['Person A']);
  expect(await found(`role=spokesman&organisation=${told.party}`)).toEqual([]);
  expect(await found('role=spokesman&role=Secretary%20General')).toEqual(['Person A', 'Person C']);
  expect((await list('persons?facets=role')).facets?.role).toEqual({
    values: [
      { value: 'secretary general', certain: 1, possible: 0 },
      { value: 'spokesman', certain: 1, possible: 0 },
    ],
    unknown: 1,
  });
});

test('a case shows all its persons and groups with their part in it, after joins and assignments too', async () => {
  const caseView = async (id: string): Promise<CaseView> =>
    (await server.client.request<CaseView>(`/v1/cases/${id}?minPosition=${last}`)).body;
  const people = ({ persons }: CaseView): readonly unknown[] =>
    persons.map(({ person, hold, stage }) => [person.name, hold.value, stage.value]).sort();
  expect(people(await caseView(told.first))).toEqual([
    ['Person A', 'police-custody', 'charged'],
    ['Person B', 'conditional-release', 'charged'],
  ]);
  expect(await caseView(told.second)).toMatchObject({
    persons: [],
    groups: [{ group: { id: told.party, name: 'Example Party' }, registration: { value: 'dissolved' } }],
  });

  await record(`cases/${told.second}/assignments`, { person: told.c, fact: told.unassigned });
  expect(people(await caseView(told.second))).toEqual([['Person C', 'police-custody', 'unknown']]);
  expect(names(await list(`persons?case=${told.second}&hold=police-custody`))).toEqual(['Person C']);

  const joined = await record(`cases/${told.first}/joins`, { other: told.second, reason: 'One trial.' });
  for (const id of [told.first, told.second]) {
    const view = await caseView(id);
    expect(people(view).map((line) => (line as unknown[])[0])).toEqual(['Person A', 'Person B', 'Person C']);
    expect(view.groups.map(({ group }) => group.name)).toEqual(['Example Party']);
    expect(names(await list(`persons?case=${id}`))).toEqual(['Person A', 'Person B', 'Person C']);
    // Asked of this case, not of any.
    expect(names(await list(`persons?case=${id}&hold=conditional-release`))).toEqual(['Person B']);
  }
  const cases = await list(`cases?person=${told.c}`);
  expect(names(cases)).toEqual(['Case of A and B', 'Case of C']);
  expect(names(await list(`cases?person=${told.c}&court=another%20court`))).toEqual(['Case of C']);

  const historyOf = async (person: string): Promise<HistoryPage['items']> =>
    (await server.client.request<HistoryPage>(`/v1/persons/${person}/history?minPosition=${last}`)).body.items;
  const items = await historyOf(told.c);
  // Nothing in the join names a person: it stands in the histories of those whose answers go by another case now.
  const joins = [...items, ...(await historyOf(told.a))].filter(({ event }) => event === joined);
  expect(joins).toEqual([expect.objectContaining({ type: 'CasesJoined', subject: expect.anything() as unknown })]);
  expect(joins[0]?.changes.some(({ axis }) => axis === 'hold')).toBe(true);
  expect(items.find(({ type }) => type === 'FactAssignedToCase')).toMatchObject({
    subject: { kind: 'case', id: told.second, name: 'Case of C' },
    changes: expect.arrayContaining([expect.objectContaining({ axis: 'hold', case: told.second })]) as unknown,
  });
});

test('a history has every event with its words and what it changed, page by page', async () => {
  const { ids, last: position } = await enterCase(server.client, firstCase);
  last = position;
  const vy = `/v1/persons/${ids.get('vy') ?? ''}/history`;
  const whole = (await server.client.request<HistoryPage>(`${vy}?limit=200&minPosition=${last}`)).body;
  expect(whole.next).toBeUndefined();
  const seqs = whole.items.map(({ seq }) => seq);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  const arrest = whole.items.find(({ event }) => event === ids.get('vy-arrest'));
  expect(arrest).toMatchObject({
    type: 'PersonArrested',
    subject: { kind: 'person', id: ids.get('vy') },
    occurred: '2017-05',
    citations: [{ words: expect.stringContaining('arrested') as unknown }],
    recordedBy: expect.any(String) as unknown,
    visibility: 'internal',
  });
  expect(arrest?.changes.find(({ axis }) => axis === 'liberty')).toMatchObject({
    from: { value: 'unknown' },
    to: { value: 'police-custody' },
    kind: 'new',
    cause: { event: arrest?.event },
  });
  for (const { seq, changes } of whole.items)
    for (const change of changes) expect(change).toMatchObject({ seq, subject: { id: ids.get('vy') } });

  const paged: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page: HistoryPage = (
      await server.client.request<HistoryPage>(`${vy}?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`)
    ).body;
    paged.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  expect(paged).toEqual(whole.items);

  const article = (await server.client.request<HistoryPage>(`/v1/sources/${ids.get('article') ?? ''}/history`)).body;
  expect(article.items.some(({ subject }) => subject.kind === 'person')).toBe(true);
  const other = whole.items[0] === undefined ? '' : `${vy}?limit=1`;
  const { next = '' } = (await server.client.request<HistoryPage>(other)).body;
  await expect(
    server.client.request(`/v1/persons/${ids.get('serey') ?? ''}/history?cursor=${next}`),
  ).rejects.toMatchObject({ status: 400, code: 'other-list' });
  await expect(server.client.request(`/v1/groups/${ids.get('vy') ?? ''}/history`)).rejects.toMatchObject({
    status: 404,
    code: 'not-found',
  });
}, 60_000);

test('statements by speaker, what they are about, stance and period; sources by publisher, type and period', async () => {
  const citations = [{ sourceId: told.source, locator: 'p. 2' }];
  const said = (more: object): Promise<string> =>
    record('statements', {
      basis: 'reported',
      confidence: 'medium',
      citations,
      form: 'direct',
      lang: 'en',
      words: 'We shall see.',
      stance: 'opposes',
      about: [{ group: told.party }],
      speaker: { person: told.a },
      ...more,
    });
  const dated = await said({ occurred: '2021-03-05' });
  const vague = await said({ occurred: '2021', stance: 'welcomes', speaker: { role: 'Minister of Example' } });
  const undated = await said({
    form: 'paraphrase',
    lang: 'km',
    about: [{ person: told.b }],
    onBehalfOf: { group: told.party },
  });
  const found = async (query: string): Promise<readonly string[]> => {
    const { items } = await list(`statements?${query}`);
    return items.map(({ id }) => id).filter((id) => [dated, vague, undated].includes(id));
  };
  expect(await found(`speaker=${told.a}`)).toEqual([dated, undated]);
  expect(await found('speaker=Person%20A')).toEqual([dated, undated]);
  expect(await found('speaker=minister%20of%20example')).toEqual([vague]);
  expect(await found(`about=${told.party}&stance=welcomes`)).toEqual([vague]);
  expect(await found(`speaker=${told.a}&form=paraphrase`)).toEqual([undated]);
  expect(await found(`onBehalfOf=${told.party}`)).toEqual([undated]);
  expect(await found('onBehalfOf=example%20party')).toEqual([undated]);
  expect(await found('lang=km')).toEqual([undated]);
  expect(await found('lang=en')).toEqual([dated, vague]);
  expect(await found('period=2021-03')).toEqual([dated, vague, undated]);
  expect(await found('period=2021-03&certainty=certain')).toEqual([dated]);
  expect(await found('period=2021-04/2021-05')).toEqual([vague, undated]);
  // When nothing is known of its day, a statement comes first; else by the first day on which it may have been.
  expect(await found(`about=${told.party}&about=${told.b}&sort=date&stance=opposes`)).toEqual([undated, dated]);
  expect(await found(`about=${told.party}&about=${told.b}&sort=-date`)).toEqual([dated, vague, undated]);

  const sources = await list('sources?publisher=the%20court%20monitor&type=report&period=2021');
  expect(sources.items.map(({ id, certainty }) => [id, certainty])).toEqual([[told.source, 'certain']]);
  expect((await list('sources?publisher=the%20court%20monitor&lang=en')).items.map(({ id }) => id)).toContain(
    told.source,
  );
  expect((await list('sources?publisher=the%20court%20monitor&lang=km')).items).toEqual([]);
  const counted = (await list('sources?facets=publisher,type')).facets;
  expect(counted?.publisher?.values).toContainEqual({ value: 'The Court Monitor', certain: 1, possible: 0 });
  expect((await list('groups?groupKind=party&registration=ended')).items.map(({ id }) => id)).toEqual([told.party]);
});

test('a source that many facts rest on shows the first hundred, and all of them page by page', async () => {
  const wire = await record('sources', {
    type: 'article',
    title: 'Wire story',
    lang: 'en',
    text: 'They were arrested.',
  });
  const citations = [
    { sourceId: wire, quote: { exact: 'They were' } },
    { sourceId: wire, quote: { exact: 'were arrested.' } },
  ];
  for (let n = 0; n < 60; n++) {
    const one = n % 3 === 0 ? told.a : n % 3 === 1 ? told.b : told.c;
    await record(`persons/${one}/labels`, { basis: 'reported', confidence: 'low', citations, label: `label ${n}` });
  }
  const read = async <T>(path: string): Promise<T> =>
    (await server.client.request<T>(`/v1/sources/${wire}${path}${path.includes('?') ? '&' : '?'}minPosition=${last}`))
      .body;
  const view = await read<SourceView>('');
  expect(view.citedBy.length).toBe(100);
  expect(view.citedByMore).toBe(true);
  const items: CitationsPage['items'][number][] = [];
  let cursor: string | undefined;
  do {
    const page = await read<CitationsPage>(`/citations?limit=17${cursor === undefined ? '' : `&cursor=${cursor}`}`);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  expect(items.length).toBe(120);
  expect(new Set(items.map(({ event, words }) => `${event} ${words ?? ''}`)).size).toBe(120);
  expect([...new Set(items.map(({ subject }) => subject.id))]).toEqual([told.a, told.b, told.c]);
  expect(items.slice(0, 100)).toEqual(view.citedBy);
  expect((await server.client.request<SourceView>(`/v1/sources/${told.source}`)).body.citedByMore).toBeUndefined();
}, 60_000);

test('persons who were judged to be one are listed and counted once, until that is revoked', async () => {
  const citations = [{ sourceId: told.source, locator: 'p. 9' }];
  const enter = (name: string): Promise<string> =>
    record('persons', { names: [{ text: name, kind: 'alias' }], citations });
  const [one, same] = [await enter('Twin One'), await enter('Twin Same')];
  const statement = await record('statements', {
    ...evidence,
    form: 'direct',
    lang: 'en',
    words: 'It is me.',
    stance: 'none',
    about: [],
    speaker: { person: same },
  });
  await record(`persons/${same}/deaths`, { ...evidence, occurred: '2021-06' });
  const dead = (await list('persons?facets=life&limit=1')).facets?.life?.values.find(({ value }) => value === 'dead');
  const judgement = await record(`persons/${one}/identity-judgements`, {
    person: same,
    verdict: 'same',
    reason: 'One face.',
    citations,
  });
  expect(names(await list('persons?q=twin&life=dead'))).toEqual(['Twin One']);
  // By the other name, the other one: it is the only one that is found.
  expect(names(await list('persons?q=twin%20same'))).toEqual(['Twin Same']);
  expect((await list('persons?facets=life&limit=1')).facets?.life?.values).toContainEqual(dead);
  expect((await list(`statements?speaker=${one}`)).items.map(({ id }) => id)).toEqual([statement]);
  await record(`persons/${one}/identity-judgement-revocations`, { judgement, reason: 'Two faces.' });
  expect(names(await list('persons?q=twin'))).toEqual(['Twin One', 'Twin Same']);
  expect(names(await list('persons?q=twin&life=dead'))).toEqual(['Twin Same']);
});

test('who was detained on a day, as it is known now and as it was known', async () => {
  const citations = [{ sourceId: told.source, locator: 'p. 3' }];
  const timely = await record('persons', { names: [{ text: 'Person Timely', kind: 'legal' }], citations });
  await record(`persons/${timely}/arrests`, { ...evidence, occurred: '2019-02' });
  const before = (await list('persons?limit=1')).asOf.knownAt.seq;
  await record(`persons/${timely}/releases`, { ...evidence, occurred: '2019-04-01', reason: 'unknown' });
  const on = async (moment: string): Promise<unknown> => {
    const { items, counts } = await list(`persons?hold=deprived&${moment}`);
    return [items.map(({ name, certainty, summary }) => [name, certainty, summary]), counts];
  };
  const detained = 'In police custody since February 2019';
  expect(await on('validAt=2019-02-10&q=timely')).toEqual([
    [['Person Timely', 'possible', 'Possibly in police custody since February 2019']],
    { certain: 0, possible: 1 },
  ]);
  expect(await on('validAt=2019-03')).toEqual([[['Person Timely', 'certain', detained]], { certain: 1, possible: 0 }]);
  expect(await on('validAt=2019-05-01')).toEqual([[], { certain: 0, possible: 0 }]);
  expect(await list(`persons?hold=deprived&validAt=2019-05-01&knownAt=${before}`)).toMatchObject({
    items: [{ name: 'Person Timely', certainty: 'certain', summary: detained }],
    asOf: { validAt: '2019-05-01', knownAt: { seq: before, settled: true } },
  });
  const dissolved = 'groups?registration=dissolved&groupKind=party';
  expect((await list(`${dissolved}&validAt=2021-05-19`)).total).toBe(0);
  expect(names(await list(`${dissolved}&validAt=2021-05-20`))).toEqual(['Example Party']);
});

test('what a list does not know is refused, by the parameter, with what it does know', async () => {
  const asked = async (path: string): Promise<string> => {
    const { code, pointer } = await refused(path);
    return `${code} ${pointer ?? ''}`;
  };
  expect(await asked('persons?jailed=yes')).toBe('invalid-query /jailed');
  expect(await asked('persons?hold=jailed')).toBe('invalid-filter /hold');
  expect(await asked('persons?asylum=grnted')).toBe('invalid-filter /asylum');
  expect(await asked('persons?sort=age')).toBe('invalid-sort /sort');
  expect(await asked('persons?sort=name&sort=entered')).toBe('invalid-query /sort');
  expect(await asked('persons?facets=hold,case')).toBe('invalid-facet /facets');
  expect(await asked('statements?period=someday')).toBe('invalid-date /period');
  expect(await asked('persons?limit=0')).toBe('invalid-limit /limit');
  expect(await asked('persons?cursor=abc')).toBe('invalid-cursor /cursor');
  expect(await asked('persons?validAt=2020-13')).toBe('invalid-date /validAt');
  expect(await asked('groups?knownAt=yesterday')).toBe('invalid-moment /knownAt');
  expect(await asked('persons?knownAt=99999999')).toBe('moment-ahead /knownAt');
  expect(await asked('persons?knownAt=1&q=person')).toBe('present-only /q');
  expect(await asked('groups?knownAt=1&sort=-name')).toBe('present-only /sort');
  expect(await asked('cases?validAt=2020')).toBe('invalid-query /validAt');
  const { next = '' } = await list('persons?hold=deprived&limit=1');
  expect(await asked(`persons?hold=imprisoned&cursor=${next}`)).toBe('other-list /cursor');
  await expect(list('persons?hold=jailed')).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('imprisoned') as unknown,
  });
});
