/** Status changes: what counts as one, of which kind, and which earlier change it corrects. */
import { streamName } from '#kernel';
import type { ViewsReader } from './ports.js';
import { FOLD_VERSION } from './schema.js';
import type { StatusChange } from './shapes.js';
import { eventOf, firstCase, idOf } from './test-support/first-case.js';
import { type Said, TestRecord, until } from './test-support/record.js';

let record: TestRecord;
let reader: ViewsReader;

beforeEach(async () => {
  record = await TestRecord.create();
  ({ reader } = record.views());
  await until(() => reader.health().state === 'live');
  await tell('person', 'PersonEntered', { names: [{ text: 'A', kind: 'legal' }], citations: [] });
});
afterEach(() => record.close());

const evidence = { basis: 'reported', confidence: 'medium', citations: [] };
let count = 0;

/** Records an event of the one person and gives the changes that the views posted for it. */
async function tell(id: string, type: string, data: Said['data']): Promise<readonly StatusChange[]> {
  const subject = idOf('somebody');
  const from = record.messages.length;
  await record.say({
    kind: 'person',
    subject,
    id: idOf(`${id} ${type === 'PersonEntered' ? '' : count++}`),
    type,
    data,
  });
  await reader.waitFor(streamName('person', subject), record.revision('person', subject), 5000);
  return record.messages.slice(from).flatMap((message) => (message.kind === 'advanced' ? message.changes : []));
}

async function fact(
  type: string,
  occurred: string | undefined,
  data: Said['data'] = {},
): Promise<{ id: string; liberty: StatusChange | undefined }> {
  const id = `fact ${count}`;
  const changes = await tell(id.split(' ')[0]!, type, {
    ...data,
    ...(occurred !== undefined && { occurred }),
    ...evidence,
  });
  return { id: changes[0]?.cause.event ?? '', liberty: changes.find(({ axis }) => axis === 'liberty') };
}

const DAY = 86_400_000;

test('from nothing known: new; the same again: no change; a stop of the clock is none either', async () => {
  const arrest = await fact('PersonArrested', '2026-11-20');
  expect(arrest.liberty).toMatchObject({
    id: expect.stringMatching(new RegExp(`^f${FOLD_VERSION}-3\\.\\d$`)),
    seq: 3,
    subject: { kind: 'person', id: idOf('somebody') },
    axis: 'liberty',
    from: { value: 'unknown' },
    to: { value: 'police-custody', since: '2026-11-20', certain: true },
    since: '2026-11-20',
    kind: 'new',
    cause: { type: 'PersonArrested' },
  });
  expect(arrest.liberty).not.toHaveProperty('corrects');
  record.clock.forward(400 * DAY);
  expect((await fact('LabelApplied', undefined, { label: 'x' })).liberty).toBeUndefined();
});

test('news of today is new; what had begun before the record said otherwise is backdated, and corrects what it said', async () => {
  await fact('PersonReleased', '2026-11-01', { reason: 'unknown' });
  record.clock.forward(30 * DAY);
  const arrest = await fact('PersonArrested', '2026-12-22');
  expect(arrest.liberty).toMatchObject({ kind: 'new', from: { value: 'free' }, to: { value: 'police-custody' } });
  // Entered on the same day: it was never anybody's belief that custody went on.
  const release = await fact('PersonReleased', '2026-12-22/2026-12-23', { reason: 'unknown', after: [arrest.id] });
  expect(release.liberty).toMatchObject({ kind: 'new', to: { value: 'free' } });
  record.clock.forward(30 * DAY);
  const again = await fact('PersonArrested', '2026-12-23', { after: [release.id] });
  expect(again.liberty).toMatchObject({ kind: 'new' });
  record.clock.forward(30 * DAY);
  const late = await fact('PersonReleased', '2027-01-02', { reason: 'unknown' });
  expect(late.liberty).toMatchObject({ kind: 'backdated', corrects: again.liberty?.id });
});

test('only the past differs: history, with its days', async () => {
  await fact('PersonReleased', '2026-11-01', { reason: 'unknown' });
  const { liberty } = await fact('PersonArrested', '2026-10-05');
  expect(liberty).toMatchObject({
    kind: 'history',
    from: { value: 'unknown' },
    to: { value: 'police-custody' },
    days: { earliest: '2026-10-05', latest: '2026-10-31' },
  });
});

test('a correction and its retraction, a dispute and its settlement: each says which change it speaks of', async () => {
  const arrest = await fact('PersonArrested', '2026-11-20');
  const correct = await tell('correction', 'FactCorrected', {
    fact: arrest.id,
    factType: { type: 'PersonArrested', schemaVersion: 1 },
    data: { occurred: '2026-11-21', ...evidence },
    reason: 'r',
    citations: [],
  });
  const corrected = correct.find(({ axis }) => axis === 'liberty');
  expect(corrected).toMatchObject({ kind: 'correction', corrects: arrest.liberty?.id, to: { since: '2026-11-21' } });
  const taken = await tell('retraction', 'FactRetracted', { fact: corrected?.cause.event, reason: 'r' });
  expect(taken.find(({ axis }) => axis === 'liberty')).toMatchObject({
    kind: 'retraction',
    corrects: corrected?.id,
    to: { since: '2026-11-20' },
  });
  const disputed = await tell('dispute', 'FactDisputed', {
    fact: arrest.id,
    kind: 'denied',
    reason: 'r',
    citations: [],
  });
  expect(disputed.find(({ axis }) => axis === 'liberty')).toMatchObject({
    kind: 'dispute',
    corrects: arrest.liberty?.id,
    from: { disputed: false },
    to: { disputed: true },
  });
  const upheld = await tell('settlement', 'DisputeSettled', { fact: arrest.id, outcome: 'upheld', reason: 'r' });
  expect(upheld.find(({ axis }) => axis === 'liberty')).toMatchObject({ kind: 'dispute', to: { value: 'unknown' } });
});

test('a registration that is submitted is told at once', async () => {
  await record.say(...firstCase.map(eventOf));
  const knlf = streamName('group', idOf('knlf'));
  await reader.waitFor(knlf, record.revision('group', idOf('knlf')), 5000);
  const from = record.messages.length;
  await record.say({
    kind: 'group',
    subject: idOf('knlf'),
    id: idOf('submission'),
    type: 'PartyRegistrationSubmitted',
    data: { authority: { group: idOf('interior') }, occurred: '2026-11-23', ...evidence },
  });
  await reader.waitFor(knlf, record.revision('group', idOf('knlf')), 1000);
  const changes = record.messages
    .slice(from)
    .flatMap((message) => (message.kind === 'advanced' ? message.changes : []));
  expect(changes).toMatchObject([
    {
      axis: 'registration',
      from: { value: 'collecting' },
      to: { value: 'submitted' },
      kind: 'new',
      subject: { id: idOf('knlf') },
    },
  ]);
});
