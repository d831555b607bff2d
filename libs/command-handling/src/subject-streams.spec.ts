import { factsOf } from '#domain';
import { createRecordCodec, openingOf } from '#log-format';
import { realRandomness } from '../../../test/support/real.js';
import { SubjectStreams } from './subject-streams.js';
import { arrested, Harness } from './test-support/harness.js';

let habeas: Harness;
let source: string;
let person: string;

beforeAll(async () => {
  habeas = await Harness.start();
  source = await habeas.source();
  person = await habeas.person(source);
});
afterAll(() => habeas.close());

const streams = () => {
  const { store, keys, logId } = habeas;
  const codec = createRecordCodec(realRandomness);
  return new SubjectStreams({ store, keys, opening: openingOf(store, keys), logId, codec });
};

test('a subject is loaded once, and refreshed with what came since', async () => {
  const subjects = streams();
  const first = await subjects.load('person', person);
  const { revision } = await habeas.given(arrested(person, source));
  expect(await subjects.load('person', person)).toBe(first);
  const second = await subjects.refresh('person', person);
  expect(second.head.revision).toBe(revision);
  expect(factsOf(second.state!)).toHaveLength(factsOf(first.state!).length + 1);
  expect(await subjects.load('person', person)).toBe(second);
});

test('what was appended is kept only on top of what it was appended to', async () => {
  const writer = streams();
  const before = await writer.load('person', person);
  const { events } = await habeas.given(arrested(person, source));
  const [stored] = (await habeas.events(before.stream)).slice(-1);
  const head = { revision: events[0]!.revision, hash: events[0]!.metadata.hash };
  const appended = { events: [stored!], recorded: events, head };
  // One that has forgotten the subject, and one that has read on already.
  const ahead = streams();
  const all = await ahead.load('person', person);
  for (const subjects of [streams(), ahead]) {
    subjects.appended('person', person, before, appended);
    const after = await subjects.load('person', person);
    expect(after.head).toEqual(all.head);
    expect(factsOf(after.state!)).toEqual(factsOf(all.state!));
  }
  writer.appended('person', person, before, appended);
  expect(factsOf((await writer.load('person', person)).state!)).toEqual(factsOf(all.state!));
});

test('existence is taken from the log', async () => {
  const subjects = streams();
  expect(await subjects.exists('person', person)).toBe(true);
  expect(await subjects.exists('person', source)).toBe(false);
  expect(await subjects.exists('source', source)).toBe(true);
  // Not remembered as missing: it may be entered at any moment.
  const entered = await habeas.person(source);
  expect(await subjects.exists('person', entered)).toBe(true);
});
