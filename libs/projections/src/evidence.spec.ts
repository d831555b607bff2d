/** What a bundle takes in: enough to prove what is said of a subject, and nothing of others that has nothing to do with it. */
import { derivedId, streamName } from '#kernel';
import type { ViewsReader } from './ports.js';
import type { SubjectCategory } from './shapes.js';
import { caughtUp, type Said, TestRecord } from './test-support/record.js';

let record: TestRecord;
let reader: ViewsReader;
/** Names of events, by the ids that stand for them. */
let said: readonly Said[] = [];
afterEach(() => record.close());

const idOf = (name: string): string => derivedId('evidence', name, 'subject');
const eventOf = (name: string): string => derivedId('evidence', name, 'event');

/** An event by its name; the name of a subject before it: `source article`. */
function say(of: string, name: string, type: string, data: Said['data']): Said {
  const [kind = '', subject = ''] = of.split(' ');
  return { kind: kind as SubjectCategory, subject: idOf(subject), id: eventOf(name), type, data };
}

const source = (name: string): Said =>
  say(`source ${name}`, name, 'SourceEntered', { type: 'report', title: name, lang: 'en' });
const cited = (name: string) => ({ citations: [{ sourceId: idOf(name) }] });
const told = (name: string) => ({ ...cited(name), basis: 'reported', confidence: 'low' });
const person = (name: string, by: string): Said =>
  say(`person ${name}`, name, 'PersonEntered', { ...cited(by), names: [{ text: name, kind: 'legal' }] });

async function recorded(...events: readonly Said[]): Promise<void> {
  said = events;
  record = await TestRecord.create();
  ({ reader } = record.views());
  await record.say(...events);
  await caughtUp(reader, events.length + 1);
}

/** The names of the events, stream by stream; those of parts of streams with a star. */
function evidence(kind: SubjectCategory, name: string, seq = said.length + 1): Readonly<Record<string, unknown>> {
  const found = reader.evidence(kind, idOf(name), seq);
  if (!found.ok) throw new Error(found.error.code);
  const [start, ...streams] = found.value.streams;
  expect(start).toEqual({ stream: 'habeasLog-start', whole: true, events: [{ seq: 1, revision: 0 }] });
  const names = streams.map(({ stream, whole, events }) => {
    for (const { seq: one, revision } of events) {
      const { kind: of, subject } = said[one - 2]!;
      expect(streamName(of, subject)).toBe(stream);
      expect(said.slice(0, one - 1).filter((event) => streamName(event.kind, event.subject) === stream)).toHaveLength(
        revision + 1,
      );
    }
    return `${whole ? '' : '*'}${events.map(({ seq: one }) => nameOf(said[one - 2]!)).join(' ')}`;
  });
  return {
    streams: names,
    sources: found.value.sources.map((id) => said.find(({ subject }) => subject === id)!.data.title),
    later: found.value.later,
  };
}

const NAMES =
  `article report letter review vy serey knlf arrest charge release retraction dispute settlement verified member
statement denied trial assigned joined same other-arrest other-case`.split(/\s+/);
function nameOf({ id }: Said): string {
  return NAMES.find((name) => eventOf(name) === id) ?? id;
}

test('of a person: the own stream, statements with what became of them, and every source that is named', async () => {
  await recorded(
    source('article'),
    source('report'),
    source('letter'),
    person('vy', 'article'),
    person('serey', 'letter'),
    say('person vy', 'arrest', 'PersonArrested', { ...told('report'), occurred: '2017-05' }),
    say('statement one', 'statement', 'StatementMade', {
      ...told('article'),
      speaker: { person: idOf('vy') },
      form: 'direct',
      words: 'No.',
      lang: 'en',
      stance: 'denies',
      about: [],
    }),
    say('statement one', 'denied', 'SpeakerDeniedStatement', { ...cited('article'), reason: 'never said' }),
    say('person serey', 'other-arrest', 'PersonArrested', { ...told('letter'), occurred: '2018' }),
  );
  expect(evidence('person', 'vy')).toEqual({
    streams: ['vy arrest', 'statement denied', 'article', 'report'],
    sources: ['article', 'report'],
    later: 0,
  });
});

test('as known at a seq: what came later is counted and left out', async () => {
  await recorded(
    source('article'),
    person('vy', 'article'),
    say('person vy', 'arrest', 'PersonArrested', { ...told('article'), occurred: '2017-05' }),
    source('report'),
    say('person vy', 'release', 'PersonReleased', { ...told('report'), reason: 'unknown' }),
    say('person vy', 'retraction', 'FactRetracted', { fact: eventOf('release'), reason: 'mixed up' }),
  );
  expect(evidence('person', 'vy', 5)).toEqual({ streams: ['vy arrest', 'article'], sources: ['article'], later: 2 });
  expect(reader.evidence('person', idOf('vy'), 2)).toEqual({ ok: true, value: { streams: [], sources: [], later: 4 } });
  expect(reader.evidence('person', idOf('nobody'), 5)).toMatchObject({ ok: false, error: { code: 'not-found' } });
});

test('of a group: what persons’ streams hold of it, with who they are and what was recorded about that since', async () => {
  await recorded(
    source('article'),
    say('group knlf', 'knlf', 'GroupEntered', {
      ...cited('article'),
      names: [{ text: 'KNLF', kind: 'legal' }],
      kind: 'movement',
    }),
    source('report'),
    person('vy', 'report'),
    say('person vy', 'arrest', 'PersonArrested', { ...told('article'), occurred: '2017-05' }),
    say('person vy', 'member', 'RoleHeld', {
      ...told('article'),
      role: 'spokesman',
      organisation: { group: idOf('knlf') },
    }),
    say('person vy', 'verified', 'FactVerified', { fact: eventOf('arrest'), method: 'read again' }),
    source('letter'),
    say('person vy', 'dispute', 'FactDisputed', {
      ...cited('letter'),
      fact: eventOf('member'),
      kind: 'denied',
      reason: 'he says no',
    }),
    say('person vy', 'settlement', 'DisputeSettled', {
      fact: eventOf('member'),
      dispute: eventOf('dispute'),
      outcome: 'upheld',
      reason: 'so it is',
    }),
  );
  expect(evidence('group', 'knlf')).toEqual({
    // Neither the arrest nor that it was verified.
    streams: ['knlf', 'article', 'report', 'letter', '*vy member dispute settlement'],
    sources: ['article', 'report', 'letter'],
    later: 0,
  });
});

test('of a case: facts that are in it, by themselves or by an event of the case; of joined cases all', async () => {
  await recorded(
    source('article'),
    source('report'),
    say('case trial', 'trial', 'CaseEntered', { ...cited('article'), title: 'A trial' }),
    say('case old', 'other-case', 'CaseEntered', { ...cited('report'), title: 'An older file of it' }),
    person('vy', 'article'),
    say('person vy', 'arrest', 'PersonArrested', { ...told('article'), occurred: '2017-05', case: idOf('trial') }),
    say('person vy', 'charge', 'PersonCharged', { ...told('article'), counts: [{ offence: 'incitement' }] }),
    say('person vy', 'release', 'PersonReleased', { ...told('article'), reason: 'unknown', case: idOf('old') }),
    person('serey', 'article'),
    say('person serey', 'other-arrest', 'PersonArrested', { ...told('article'), occurred: '2018' }),
    say('case trial', 'assigned', 'FactAssignedToCase', {
      ...cited('article'),
      person: idOf('vy'),
      fact: eventOf('charge'),
      reason: 'by its number',
    }),
    say('case trial', 'joined', 'CasesJoined', { ...cited('article'), other: idOf('old'), reason: 'one and the same' }),
  );
  const { streams, sources } = evidence('case', 'trial');
  expect(streams).toEqual(
    expect.arrayContaining(['trial assigned joined', 'other-case', '*vy arrest charge release', 'article', 'report']),
  );
  expect(streams).toHaveLength(5);
  expect(sources).toEqual(expect.arrayContaining(['article', 'report']));
});

test('of persons who were judged to be one: of all of them', async () => {
  await recorded(
    source('article'),
    person('vy', 'article'),
    person('serey', 'article'),
    say('person serey', 'other-arrest', 'PersonArrested', { ...told('article'), occurred: '2018' }),
    say('person vy', 'same', 'IdentityJudged', {
      ...cited('article'),
      person: idOf('serey'),
      verdict: 'same',
      reason: 'one birth date',
    }),
  );
  for (const name of ['vy', 'serey']) {
    expect(evidence('person', name)).toMatchObject({
      streams: expect.arrayContaining(['vy same', 'serey other-arrest', 'article']),
    });
  }
});
