/** Two moments of knowledge compared: what came, what became of it, which answers differ, and about which days. */
import fc from 'fast-check';
import { derivedId } from '#kernel';
import type { ViewsReader } from '../ports.js';
import type { DifferenceView, FactDifference, PersonView, SubjectCategory } from '../shapes.js';
import { eventOf, firstCase, idOf } from '../test-support/first-case.js';
import { caughtUp, documentOf, type Said, TestRecord } from '../test-support/record.js';
import { stories } from '../test-support/stories.js';

let record: TestRecord;
let reader: ViewsReader;
beforeEach(async () => {
  record = await TestRecord.create();
  ({ reader } = record.views());
});
afterEach(() => record.close());

const THE_CASE = firstCase.map(eventOf);
/** The seq that a command of the first case has. */
const seqOf = (name: string): number => firstCase.findIndex((command) => command.name === name) + 2;

let said = 0;
async function say(...events: readonly Said[]): Promise<void> {
  await record.say(...events);
  said += events.length;
  await caughtUp(reader, said + 1);
}
beforeEach(() => (said = 0));

function difference(kind: SubjectCategory, id: string, from: number | string, to?: number | string): DifferenceView {
  const found = reader.difference(kind, id, { from: String(from), ...(to !== undefined && { to: String(to) }) });
  if (!found.ok) throw new Error(found.error.code);
  return found.value;
}

const told = ({ facts }: DifferenceView): readonly (readonly [type: string, changes: FactDifference['changes']])[] =>
  facts.map(({ type, changes }) => [type, changes]);

let n = 0;
const act = (type: string, data: object, subject = 'vy', kind: SubjectCategory = 'person'): Said => ({
  kind,
  subject: idOf(subject),
  id: derivedId('spec', 'act', n++),
  type,
  data: { reason: 'because', ...data },
});

describe('the disputed sentence of the first case', () => {
  beforeEach(() => say(...THE_CASE));
  const disputed = seqOf('vy-sentence-dispute');

  test('the dispute alone: one fact, disputed by whom and why, and the answers that rest on it', () => {
    const found = difference('person', idOf('vy'), disputed - 1, disputed);
    expect(told(found)).toEqual([['SentenceHanded', ['disputed']]]);
    expect(found.facts[0]).toMatchObject({
      event: idOf('vy-sentence'),
      by: [{ type: 'FactDisputed', seq: disputed, reason: expect.stringContaining('read as Serey') }],
      before: { disputed: false, disputes: [] },
      after: { disputed: true, disputes: [{ open: true, alternative: { subject: { name: 'Sam Serey' } } }] },
    });
    const verdict = found.answers.find(({ axis }) => axis === 'verdict');
    expect(verdict).toMatchObject({
      before: { value: 'convicted', certain: true, disputed: false },
      after: { value: 'convicted', certain: false, disputed: true },
      days: expect.arrayContaining([
        expect.objectContaining({ before: expect.objectContaining({ disputed: false }) }),
        expect.objectContaining({ after: expect.objectContaining({ disputed: true }) }),
      ]),
    });
    expect(found).toMatchObject({
      name: 'Thuy Vy',
      from: { knownAt: { seq: disputed - 1, settled: true } },
      to: { knownAt: { seq: disputed } },
    });
  });

  test('of whom the other reading speaks, nothing changes but that somebody says so', () => {
    expect(difference('person', idOf('serey'), disputed - 1, disputed)).toMatchObject({
      facts: [],
      answers: [],
      concerning: [{ seq: disputed, type: 'FactDisputed', subject: { name: 'Thuy Vy' } }],
    });
  });

  test('between the same moment and itself there is nothing, and before it was entered there was nothing', () => {
    const same = difference('person', idOf('vy'), disputed, disputed);
    expect({ ...same, from: 0, to: 0 }).toEqual({
      ...{ kind: 'person', id: idOf('vy'), name: 'Thuy Vy', from: 0, to: 0 },
      ...{ facts: [], records: [], acts: [], concerning: [], answers: [] },
    });
    const whole = difference('person', idOf('vy'), 0);
    expect(whole.entered).toBe(true);
    expect(told(whole)).toContainEqual(['SentenceHanded', ['came', 'disputed']]);
    expect(whole.records).toMatchObject([{ type: 'PersonEntered', changes: ['came'] }]);
    expect(whole.facts.every(({ before }) => before === undefined)).toBe(true);
    expect(difference('group', idOf('knlf'), 0).answers.map(({ axis, after }) => [axis, after.value])).toEqual([
      ['registration', 'collecting'],
    ]);
  });

  test('moments: which are none, ahead, the wrong way round, of somebody who was not there', () => {
    const code = (from: string, to?: string, id = idOf('vy')): unknown => {
      const found = reader.difference('person', id, { from, ...(to !== undefined && { to }) });
      return found.ok ? 'ok' : [found.error.code, found.error.pointer];
    };
    expect(code('yesterday')).toEqual(['invalid-moment', '/from']);
    expect(code('1', '9999')).toEqual(['moment-ahead', '/to']);
    expect(code('9999')).toEqual(['moment-ahead', '/from']);
    expect(code('20', '10')).toEqual(['moments-reversed', '/from']);
    expect(code('1', '2')).toEqual(['not-found', undefined]);
    expect(code('1', undefined, idOf('nobody'))).toEqual(['not-found', undefined]);
    expect(code('2026-11-23T12:00:00Z')).toBe('ok');
  });
});

test('what may become of a fact: each in its own word, with who said so', async () => {
  await say(...THE_CASE);
  const arrest = idOf('vy-arrest');
  const release = idOf('vy-release');
  const label = { label: 'said', citations: [], basis: 'reported', confidence: 'low' };
  const first = act('LabelApplied', label);
  await say(first);
  const corrected = act('FactCorrected', {
    fact: first.id,
    factType: { type: 'LabelApplied', schemaVersion: 1 },
    data: { ...label, label: 'said otherwise' },
  });
  const dispute = act('FactDisputed', { fact: arrest, kind: 'denied', citations: [] });
  const steps: readonly (readonly [step: Said, fact: string, word: string])[] = [
    [corrected, first.id, 'corrected'],
    [act('FactRetracted', { fact: corrected.id }), first.id, 'corrected'],
    [act('FactRetracted', { fact: first.id }), first.id, 'withdrawn'],
    [dispute, arrest, 'disputed'],
    [act('DisputeSettled', { fact: arrest, dispute: dispute.id, outcome: 'rejected' }), arrest, 'dispute-settled'],
    [act('FactVerified', { fact: arrest, method: 'the register' }), arrest, 'verified'],
    [act('AccountAdded', { fact: arrest, occurred: '2017-05-03', citations: [] }), arrest, 'told-again'],
    [act('VisibilityChanged', { fact: release, visibility: 'public' }), release, 'visibility-changed'],
    [act('FactMoved', { fact: release, to: { person: idOf('serey') } }), release, 'moved'],
  ];
  for (const [step, fact, word] of steps) {
    await say(step);
    const { facts } = difference('person', idOf('vy'), said, said + 1);
    expect([word, facts.map(({ event, changes, by }) => [event, changes, by.map(({ event: id }) => id)])]).toEqual([
      word,
      [[fact, [word], [step.id]]],
    ]);
  }
  const same = act('FactsJudgedSame', { facts: [arrest, idOf('vy-sentence')] });
  await say(same);
  expect(
    difference('person', idOf('vy'), said, said + 1).facts.map(({ changes, by }) => [changes, by[0]?.event]),
  ).toEqual([
    [['judged-same'], same.id],
    [['judged-same'], same.id],
  ]);
  // Over all of it: what came in between stands as it came, with everything that was said of it.
  const over = difference('person', idOf('vy'), THE_CASE.length + 1);
  expect(over.facts.find(({ event }) => event === first.id)).toMatchObject({
    changes: ['came', 'withdrawn'],
    by: [{ type: 'FactCorrected' }, { type: 'FactRetracted' }, { type: 'FactRetracted' }],
  });
  expect(over.facts.find(({ event }) => event === arrest)?.changes).toEqual([
    'dispute-settled',
    'verified',
    'told-again',
    'judged-same',
  ]);
});

test('what is on record beside facts, and acts on the whole', async () => {
  await say(...THE_CASE);
  const alias = { names: [{ text: 'Thuy Vi', lang: 'en', kind: 'legal' }], citations: [] };
  const entry = derivedId('first case', 'vy', 0);
  const identifier = act('IdentifierAssigned', { scheme: 'court', value: '12/2017' });
  const objection = act('SubjectObjected', { what: 'all of it' });
  await say(
    act('FactCorrected', { fact: entry, factType: { type: 'PersonEntered', schemaVersion: 1 }, data: alias }),
    identifier,
    objection,
  );
  expect(difference('person', idOf('vy'), THE_CASE.length + 1)).toMatchObject({
    name: 'Thuy Vi',
    facts: [],
    records: [
      { event: entry, changes: ['corrected'], before: { names: [{ text: 'Thuy Vy' }, {}] }, after: alias },
      { event: identifier.id, changes: ['came'], after: { scheme: 'court' } },
    ],
    acts: [{ event: objection.id, type: 'SubjectObjected' }],
  });
});

test('persons who are judged to be one: the facts of the other come, and go when that is revoked', async () => {
  await say(...THE_CASE);
  const judgement = act('IdentityJudged', { person: idOf('serey'), verdict: 'same', citations: [] });
  await say(judgement);
  const joined = difference('person', idOf('vy'), said, said + 1);
  expect(told(joined)).toContainEqual(['AsylumGranted', ['came']]);
  expect(joined.facts.every(({ after }) => after?.subject.name === 'Sam Serey')).toBe(true);
  expect(joined.answers.map(({ axis }) => axis)).toContain('asylum');
  await say(act('IdentityJudgementRevoked', { judgement: judgement.id }));
  expect(told(difference('person', idOf('vy'), said, said + 1))).toContainEqual(['AsylumGranted', ['left']]);
  expect(told(difference('person', idOf('vy'), said - 1, said + 1))).toEqual([]);
});

test('a case: what its persons are answered to be in it', async () => {
  await say(...THE_CASE);
  const legalCase = idOf('the case');
  await say(
    { ...act('CaseEntered', { citations: [] }), kind: 'case', subject: legalCase },
    {
      ...act('FactAssignedToCase', { person: idOf('vy'), fact: idOf('vy-sentence') }),
      kind: 'case',
      subject: legalCase,
    },
  );
  const found = difference('case', legalCase, said);
  expect(found.answers).toContainEqual(
    expect.objectContaining({
      axis: 'verdict',
      case: legalCase,
      person: { kind: 'person', id: idOf('vy'), name: 'Thuy Vy' },
      before: expect.objectContaining({ value: 'unknown' }),
      after: expect.objectContaining({ value: 'convicted' }),
    }),
  );
  expect(difference('person', idOf('vy'), said).facts).toMatchObject([
    { event: idOf('vy-sentence'), changes: ['assigned-to-case'], by: [{ type: 'FactAssignedToCase' }] },
  ]);
});

test('time alone: answers that faded with the years are told, about no days', async () => {
  await say(...THE_CASE);
  const fact = { basis: 'reported', confidence: 'low', citations: [] };
  await say(
    act('PersonArrested', { occurred: '2026-10', ...fact }, 'siphan'),
    act(
      'SentenceHanded',
      { occurred: '2026-11-03', counts: [], presence: 'represented', penalty: 'custodial', term: 'P18M', ...fact },
      'siphan',
    ),
  );
  const from = record.clock.now().toISOString();
  record.clock.forward(30 * 365 * 86_400_000);
  const { answers, facts } = difference('person', idOf('siphan'), from);
  expect(facts).toEqual([]);
  expect(answers).toContainEqual(
    expect.objectContaining({
      axis: 'hold',
      before: expect.objectContaining({ value: 'imprisoned', certain: true }),
      after: expect.objectContaining({ value: 'imprisoned', certain: false, reason: 'stale' }),
    }),
  );
  for (const { days } of answers) expect(days).toEqual([]);
});

test('over the whole record: every subject that differs, each as it is by itself, whatever is recorded meanwhile', async () => {
  await say(...THE_CASE);
  const all = [...reader.differences({ from: '8', to: String(said + 1) })].map((found) => {
    if (!found.ok) throw new Error(found.error.code);
    return found.value;
  });
  const apart = [...new Map(THE_CASE.map(({ kind, subject }) => [subject, kind]))]
    .map(([id, kind]) => difference(kind, id, 8, said + 1))
    .filter(({ facts, records, acts, concerning, answers }) =>
      [facts, records, acts, concerning, answers].some((list) => list.length > 0),
    );
  const byId = (a: DifferenceView, b: DifferenceView): number => (a.id < b.id ? -1 : 1);
  expect(all.toSorted(byId)).toEqual(apart.toSorted(byId));
  expect(apart.length).toBeGreaterThan(5);
  const before = said + 1;
  const late = reader.differences({ from: '1', to: String(before) });
  const seen: string[] = [];
  for (const found of late) {
    if (!found.ok) throw new Error(found.error.code);
    if (seen.length === 0) {
      const label = { label: 'late', citations: [], basis: 'reported', confidence: 'low' };
      await say(act('LabelApplied', label, 'knlf', 'group'));
    }
    expect(found.value.facts.every(({ after }) => (after?.seq ?? 0) <= before)).toBe(true);
    seen.push(found.value.id);
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toContain(idOf('knlf'));
  expect([...reader.differences({ from: 'x' })]).toMatchObject([{ ok: false, error: { code: 'invalid-moment' } }]);
});

test('any story: what differs is what the documents of the two moments differ in', async () => {
  await fc.assert(
    fc.asyncProperty(stories(30), fc.double({ min: 0, max: 1, noNaN: true }), async (story, part) => {
      const other = await TestRecord.create();
      try {
        const { views, reader: of } = other.views();
        await other.say(...story);
        await caughtUp(views, story.length + 1);
        const from = 1 + Math.floor(part * story.length);
        for (const [id, kind] of new Map(story.map((each) => [each.subject, each.kind]))) {
          const found = of.difference(kind, id, { from: String(from), to: String(story.length + 1) });
          if (!found.ok) throw new Error(found.error.code);
          const after = documentOf(of, kind, id, { knownAt: String(story.length + 1) });
          const was = of.document(kind, id, { knownAt: String(from) });
          const before = was.ok ? (JSON.parse(was.value.json.toString()) as typeof after) : undefined;
          const plain = (value: unknown): unknown => value && JSON.parse(JSON.stringify(value));
          for (const fact of found.value.facts) {
            expect(plain(fact.after)).toEqual(after.timeline.find(({ event }) => event === fact.event));
            expect(plain(fact.before)).toEqual(before?.timeline.find(({ event }) => event === fact.event));
          }
          const untold = after.timeline.filter(({ event }) => !found.value.facts.some((fact) => fact.event === event));
          for (const fact of untold) {
            const earlier = before?.timeline.find(({ event }) => event === fact.event);
            expect({ ...earlier, bounds: 0, case: 0, mentions: 0 }).toEqual({
              ...fact,
              bounds: 0,
              case: 0,
              mentions: 0,
            });
          }
          if (kind !== 'person') continue;
          const axes = (document: PersonView | undefined): string => JSON.stringify(document?.axes.liberty ?? null);
          const saysLiberty = found.value.answers.some(({ axis }) => axis === 'liberty');
          const [then, now] = [before, after] as (PersonView | undefined)[];
          if (!saysLiberty && then !== undefined) {
            const { restsOn: _, ...was } = then.axes.liberty;
            const { restsOn: __, ...is } = now!.axes.liberty;
            expect(was).toEqual(is);
          } else expect(axes(then)).not.toBe(axes(now));
        }
      } finally {
        await other.close();
      }
    }),
    { numRuns: 12 },
  );
}, 120_000);
