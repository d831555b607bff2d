/** What the record must say of the first case, in whatever order it was recorded. */
import fc from 'fast-check';
import { comparable } from '../../../test/support/comparable.js';
import type { ViewsReader } from './ports.js';
import type { GroupView, PersonView, SubjectCategory } from './shapes.js';
import { type CaseCommand, eventOf, firstCase, idOf, inOrderOf } from './test-support/first-case.js';
import { caughtUp, documentOf, TestRecord } from './test-support/record.js';

let record: TestRecord;
afterEach(() => record.close());

async function recorded(commands: readonly CaseCommand[]): Promise<ViewsReader> {
  record = await TestRecord.create();
  const { reader } = record.views();
  await record.say(...commands.map(eventOf));
  await caughtUp(reader, commands.length + 1);
  return reader;
}

function person(reader: ViewsReader, name: string, validAt?: string): PersonView {
  return documentOf(reader, 'person', idOf(name), validAt === undefined ? {} : { validAt });
}

function group(reader: ViewsReader, name: string): GroupView {
  return documentOf(reader, 'group', idOf(name));
}

test('the first case, as it was given', async () => {
  const reader = await recorded(firstCase);
  const vy = person(reader, 'vy');
  expect(vy.summary).toBe('Free since 20 November 2018; convicted, 18 months, served, disputed');
  expect(vy.axes.liberty).toMatchObject({ value: 'free', since: '2018-11-20', certain: true });
  expect(vy.cases).toHaveLength(1);
  expect(vy.cases[0]).toMatchObject({
    hold: { value: 'none' },
    verdict: { value: 'convicted', detail: { presence: 'unknown' }, disputed: true },
    sentence: { value: 'served', detail: { term: 'P18M' } },
    offences: ['incitement'],
  });
  expect(vy.roles).toMatchObject([
    {
      role: 'spokesman',
      organisation: { name: 'Khmer National Liberation Front' },
      sinceBounds: { earliest: '2018-11-20' },
    },
  ]);
  const sentence = vy.timeline.find(({ type }) => type === 'SentenceHanded');
  expect(sentence).toMatchObject({
    bounds: { earliest: '2017-05-01', latest: '2018-11-20' },
    disputed: true,
    disputes: [
      { kind: 'ambiguous-reading', open: true, alternative: { subject: { id: idOf('serey'), name: 'Sam Serey' } } },
    ],
    citations: [{ words: 'He was later given a sentence of 18 months for incitement.' }],
  });

  const deprived = (validAt: string): unknown => person(reader, 'vy', validAt).axes.liberty.groups.deprived;
  expect(deprived('2018-01-01')).toEqual({ certain: true, possible: true });
  expect(deprived('2017-05-15')).toEqual({ certain: false, possible: true });
  expect(deprived('2017-04-30')).toEqual({ certain: false, possible: false });
  expect(person(reader, 'vy', '2018-01-01').axes.liberty.possible).toEqual(['imprisoned', 'police-custody']);
  expect(person(reader, 'vy', '2018-11-20').axes.liberty).toMatchObject({ value: 'free', certain: true });

  const serey = person(reader, 'serey');
  expect(serey.summary).toBe('Convicted in absentia in 2014, 9 years, not enforced; asylum in Denmark, 2011');
  expect(serey.axes.liberty).toMatchObject({ value: 'sentence-not-enforced', since: '2014', certain: true });
  expect(serey.labels).toMatchObject([{ label: 'terrorist mastermind' }]);
  expect(serey.alternativesElsewhere).toMatchObject([{ subject: { id: idOf('vy'), name: 'Thuy Vy' }, open: true }]);
  expect(serey.intentions).toHaveLength(2);

  const knlf = group(reader, 'knlf');
  expect(knlf.summary).toMatch(
    /^Collecting support for registration .*; more than 5,000 thumbprints claimed; submission planned$/,
  );
  expect(knlf.axes.registration).toMatchObject({ value: 'collecting', certain: true });
  expect(knlf.axes.activity.value).toBe('unknown');
  expect(knlf.holders.map(({ role, holder }) => [role, holder.name]).sort()).toEqual([
    ['president', 'Sam Serey'],
    ['spokesman', 'Thuy Vy'],
  ]);
  const voices = knlf.statements.about.map(({ stance, speaker }) => [
    stance,
    speaker.subject?.name,
    speaker.roleAgrees,
  ]);
  expect(voices).toContainEqual(['does-not-oppose', 'Khieu Sopheak', true]);
  expect(voices).toContainEqual(['welcomes', 'Phay Siphan', true]);
  expect(voices).toContainEqual(['none', 'Thuy Vy', true]);
  expect(knlf.plans.map(({ submitted }) => submitted)).toEqual([false, false]);
  expect(knlf.sizes).toMatchObject([{ value: 56, of: 'cabinet' }]);

  const article = documentOf(reader, 'source', idOf('article'));
  expect(article.citedBy.length).toBeGreaterThan(15);
  expect(article.citedBy.every(({ words }) => words !== undefined && article.text?.includes(words))).toBe(true);
});

function everything(reader: ViewsReader): unknown {
  const spans = ['2017-04-30', '2017-05-15', '2018-01-01', '2018-11-20', '2019'];
  return firstCase
    .filter(({ path }) => path.split('/').length === 3)
    .map(({ name, path }) => {
      const kind = path.split('/')[2]!.slice(0, -1) as SubjectCategory;
      const moments = kind === 'person' ? [{}, ...spans.map((validAt) => ({ validAt }))] : [{}];
      return moments.map((moment) => [name, moment, comparable(documentOf(reader, kind, idOf(name), moment))]);
    });
}

test('the same in every order', async () => {
  const given = everything(await recorded(firstCase));
  const reversed = inOrderOf((index) => -index);
  expect(reversed).not.toEqual(firstCase);
  await record.close();
  expect(everything(await recorded(reversed))).toEqual(given);
  const ranks = fc.infiniteStream(fc.double({ noNaN: true }));
  await fc.assert(
    fc.asyncProperty(ranks, async (random) => {
      const rank = new Map(firstCase.map((_, index) => [index, Number(random.next().value)]));
      await record.close();
      expect(everything(await recorded(inOrderOf((index) => rank.get(index) ?? 0)))).toEqual(given);
    }),
    { numRuns: 5 },
  );
});
