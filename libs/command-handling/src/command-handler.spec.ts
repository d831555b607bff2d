import { randomId, streamName } from '#kernel';
import { IntegrityError } from '#log-format';
import { realRandomness } from '../../../test/support/real.js';
import {
  admin,
  arrested,
  cites,
  enter,
  Harness,
  personEntered,
  reader,
  recorder,
  reviewer,
} from './test-support/harness.js';
import type { Accepted, Command } from './types.js';

let habeas: Harness;
let source: string;
let person: string;

beforeAll(async () => {
  habeas = await Harness.start();
  source = await habeas.source();
});
afterAll(() => habeas.close());
beforeEach(async () => {
  person = await habeas.person(source);
});

/** What must be so after a refusal: nothing new in the log. */
async function refused(code: string, act: () => Promise<unknown>): Promise<void> {
  const before = (await habeas.events()).length;
  expect(await act()).toMatchObject({ ok: false, error: [{ code }] });
  expect(await habeas.events()).toHaveLength(before);
}

describe('a command that is accepted', () => {
  test('makes a new subject: one event at revision 0 of a stream of its own', async () => {
    const accepted = await habeas.given({ ...personEntered(source), idempotencyKey: 'new-1' });
    expect(accepted).toMatchObject({
      category: 'person',
      stream: streamName('person', accepted.subject),
      revision: 0,
      repeated: false,
      events: [{ type: 'PersonEntered', revision: 0, opened: true, data: { names: [{ text: 'Ada', kind: 'legal' }] } }],
    });
    const stored = await habeas.events(accepted.stream);
    expect(stored.map(({ id }) => id)).toEqual(accepted.events.map(({ id }) => id));
    expect(JSON.stringify(stored)).not.toContain('Ada');
  });

  test('says in its metadata who, when, by which request, for whose eyes, and why', async () => {
    const ids = { correlationId: 'request-7', causationId: randomId(realRandomness) };
    const before = new Date().toISOString();
    const { stream } = await habeas.given({ ...arrested(person, source), ...ids, visibility: 'confidential' });
    const [entered, arrest] = (await habeas.events(stream)).map(
      ({ metadata }) => JSON.parse(metadata) as Record<string, string>,
    );
    expect(arrest).toMatchObject({ ...ids, recordedBy: recorder.id, visibility: 'confidential', prev: entered!.hash });
    expect(arrest!.requestMac).toMatch(/^[0-9a-f]{64}$/);
    expect(arrest!.recordedAt! >= before).toBe(true);
    expect(entered).toMatchObject({ visibility: 'internal' });
    expect(entered!.correlationId).toBeTruthy();
  });

  test('keeps the place of quoted words, not the words, where the source holds its text', async () => {
    const { stream } = await habeas.given(arrested(person, source));
    const stored = (await habeas.events(stream)).at(-1)!;
    expect(JSON.parse(stored.data).citations).toEqual([{ sourceId: source, at: { start: 7, end: 27, version: 1 } }]);
  });

  test('without a key is new every time', async () => {
    const [one, two] = [await habeas.given(personEntered(source)), await habeas.given(personEntered(source))];
    expect(one.subject).not.toBe(two.subject);
  });

  test('many at once on one subject all land, one behind the other', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => habeas.given(arrested(person, source))));
    expect(results.map(({ revision }) => revision).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 1),
    );
    expect(await habeas.isWhole()).toBe(true);
  });
});

describe('a command that comes again', () => {
  test('under the same key is answered from what is stored, and writes nothing', async () => {
    const command = { ...personEntered(source), idempotencyKey: 'again-1' };
    const first = await habeas.given(command);
    await habeas.given(arrested(first.subject, source));
    const count = (await habeas.events()).length;
    for (const node of [habeas.commands, habeas.node()]) {
      const again = await node.execute({ ...command, correlationId: 'another' }, recorder);
      expect(again).toMatchObject({ ok: true, value: { ...first, events: [{ ...first.events[0] }], repeated: true } });
    }
    expect(await habeas.events()).toHaveLength(count);
  });

  test('is the same however its JSON is written', async () => {
    const command = { ...personEntered(source, 'Zoë'), idempotencyKey: 'again-2' };
    const first = await habeas.given(command);
    const { names, citations } = command.data as { names: { text: string; kind: string }[]; citations: object[] };
    const spelled = { citations, names: names.map(({ text, kind }) => ({ kind, text: text.normalize('NFD') })) };
    expect(await habeas.given({ ...command, data: spelled })).toMatchObject({ subject: first.subject, repeated: true });
  });

  test.each<[string, object]>([
    ['content', { occurred: '2018' }],
    ['visibility', {}],
  ])('with other %s is refused', async (what, more) => {
    const command = { ...arrested(person, source), idempotencyKey: 'reused-1' };
    await habeas.given(command);
    const other = {
      ...arrested(person, source, more),
      idempotencyKey: 'reused-1',
      ...(what === 'visibility' && { visibility: 'public' as const }),
    };
    for (const node of [habeas.commands, habeas.node()]) {
      await refused('idempotency-key-reused', () => node.execute(other, recorder));
    }
  });

  test('under another principal, route or subject is another command', async () => {
    const idempotencyKey = 'shared-1';
    const first = await habeas.given({ ...arrested(person, source), idempotencyKey });
    const second = await habeas.given({ ...arrested(person, source), idempotencyKey }, admin);
    const third = await habeas.given({ ...arrested(await habeas.person(source), source), idempotencyKey });
    const fourth = await habeas.given({ ...arrested(person, source), type: 'PersonEscaped', idempotencyKey });
    const ids = [first, second, third, fourth].map(({ events }) => events[0]!.id);
    expect(new Set(ids).size).toBe(4);
    for (const each of [second, third, fourth]) expect(each.repeated).toBe(false);
  });

  test('after a refusal is decided anew: refusals are not remembered', async () => {
    const command = {
      ...arrested(person, source, { citations: cites(source, 'words that are not there') }),
      idempotencyKey: 'anew-1',
    };
    await refused('quote-not-in-source', () => habeas.commands.execute(command, recorder));
    expect(await habeas.given({ ...arrested(person, source), idempotencyKey: 'anew-1' })).toMatchObject({
      repeated: false,
    });
  });

  test('at once, on this node and another, is recorded once', async () => {
    const other = habeas.node();
    // Sealed words, so that no two nodes make the same bytes of it.
    const command = { ...arrested(person, source, { note: 'seen' }), idempotencyKey: 'race-1' };
    const results = await Promise.all(
      [habeas.commands, other, habeas.commands, other].map((node) =>
        // As every request has: else two nodes may make the same bytes in the same millisecond, and both have recorded them.
        node.execute({ ...command, correlationId: randomId(realRandomness) }, recorder),
      ),
    );
    expect(results.map((result) => result.ok && !result.value.repeated).filter(Boolean)).toHaveLength(1);
    expect(new Set(results.map((result) => result.ok && result.value.events[0]!.id)).size).toBe(1);
    expect(await habeas.events(streamName('person', person))).toHaveLength(2);
  });

  test('two requests under one key at once, on two nodes: one is recorded, the other is told', async () => {
    for (let round = 0; round < 10; round++) {
      const idempotencyKey = `race-other-${round}`;
      const [one, two] = await Promise.all([
        habeas.node().execute({ ...arrested(person, source), idempotencyKey }, recorder),
        habeas.node().execute({ ...arrested(person, source, { occurred: '2018' }), idempotencyKey }, recorder),
      ]);
      expect([one, two].filter(({ ok }) => ok)).toHaveLength(1);
      expect([one, two].find(({ ok }) => !ok)).toMatchObject({ error: [{ code: 'idempotency-key-reused' }] });
    }
  });
});

describe('If-Match', () => {
  test('of the present revision is accepted', async () => {
    expect(await habeas.given({ ...arrested(person, source), ifMatch: (revision) => revision === 0 })).toMatchObject({
      revision: 1,
    });
  });

  test('of an older revision is refused, without a retry', async () => {
    await habeas.given(arrested(person, source));
    await refused('precondition-failed', () =>
      habeas.commands.execute({ ...arrested(person, source), ifMatch: (revision) => revision === 0 }, recorder),
    );
  });

  test('of a revision that another node wrote is accepted', async () => {
    const other = await habeas.node().execute(arrested(person, source), recorder);
    expect(other).toMatchObject({ ok: true, value: { revision: 1 } });
    expect(await habeas.given({ ...arrested(person, source), ifMatch: (revision) => revision === 1 })).toMatchObject({
      revision: 2,
    });
  });

  test('does not keep a repeated command from its answer', async () => {
    const command = {
      ...arrested(person, source),
      ifMatch: (revision: number) => revision === 0,
      idempotencyKey: 'match-1',
    };
    await habeas.given(command);
    expect(await habeas.given(command)).toMatchObject({ repeated: true, revision: 1 });
  });
});

describe('a command that is refused writes nothing:', () => {
  const stranger = randomId(realRandomness);

  test('an unknown event, or one of another kind of subject', async () => {
    await refused('unknown-event', () =>
      habeas.commands.execute({ ...arrested(person, source), type: 'PersonTeleported' }, recorder),
    );
    await refused('unknown-event', () =>
      habeas.commands.execute({ ...arrested(person, source), category: 'group' }, recorder),
    );
  });

  test.each([stranger, 'x', '../etc'])('a subject that is not there: %p', async (id) => {
    await refused('not-found', () => habeas.commands.execute(arrested(id, source), recorder));
  });

  test('a source that is not there: existence is checked in the log', async () => {
    await refused('source-not-found', () => habeas.commands.execute(arrested(person, stranger), recorder));
    await refused('source-not-found', () => habeas.commands.execute(personEntered(person), recorder));
  });

  test('a payload that is no payload, with the place of what is wrong', async () => {
    const results = [
      [{ ...arrested(person, source, { occurred: '2017-13' }) }, '/occurred'],
      [{ ...arrested(person, source, { citations: [] }) }, '/citations'],
      [{ ...arrested(person, source, { note: 'x\ud800' }) }, '/note'],
      [{ ...arrested(person, source, { confidence: 1.5 }) }, '/confidence'],
    ] as const;
    for (const [command, pointer] of results) {
      expect(await habeas.commands.execute(command, recorder)).toMatchObject({ ok: false, error: [{ pointer }] });
    }
  });

  test('more than an append may hold', async () => {
    const data = { type: 'article', title: 'x', lang: 'en', text: 'x'.repeat(600_000) };
    await refused('payload-too-large', () => habeas.commands.execute(enter('source', data), recorder));
  });

  test.each(['', 'with space', 'x'.repeat(256), 'ü'])('the Idempotency-Key %p', async (idempotencyKey) => {
    await refused('invalid-idempotency-key', () =>
      habeas.commands.execute({ ...personEntered(source), idempotencyKey }, recorder),
    );
  });

  test('without the scope for it', async () => {
    await refused('forbidden', () => habeas.commands.execute(personEntered(source), reader));
    await refused('forbidden', () => habeas.commands.execute(personEntered(source), reviewer));
    await refused('forbidden', () =>
      habeas.commands.execute(personEntered(source), { id: 'key:none', scopes: [], ceiling: 'confidential' }),
    );
  });

  test('what a stale memory would allow or refuse is read again first', async () => {
    // This node has folded the person; another records what this one does not know of.
    await habeas.given(arrested(person, source));
    const other = await habeas.node().execute(arrested(person, source), recorder);
    const fact = other.ok ? other.value.events[0]!.id : '';
    const retraction = {
      type: 'FactRetracted',
      category: 'person',
      id: person,
      data: { fact, reason: 'entered twice' },
    };
    expect(await habeas.given(retraction)).toMatchObject({ revision: 3 });
    await refused('fact-already-withdrawn', () => habeas.node().execute(retraction, recorder));
  });
});

describe('verified by another', () => {
  const verification = (fact: string) => ({
    type: 'FactVerified',
    category: 'person',
    id: person,
    data: { fact, method: 'compared with the judgment' },
  });

  test('is accepted from a reviewer', async () => {
    const { events } = await habeas.given(arrested(person, source));
    expect(await habeas.given(verification(events[0]!.id), reviewer)).toMatchObject({ revision: 2 });
  });

  test('is refused to whoever recorded the fact, and without the scope', async () => {
    const { events } = await habeas.given(arrested(person, source), admin);
    await refused('verified-by-recorder', () => habeas.commands.execute(verification(events[0]!.id), admin));
    await refused('forbidden', () => habeas.commands.execute(verification(events[0]!.id), recorder));
  });
});

describe('a stream that is damaged', () => {
  test('is not recorded upon', async () => {
    const stray = { id: randomId(realRandomness), type: 'PersonArrested', data: '{}', metadata: '{}' };
    await habeas.store.append(streamName('person', person), [stray], 0);
    await expect(habeas.node().execute(arrested(person, source), recorder)).rejects.toBeInstanceOf(IntegrityError);
    await expect(habeas.commands.execute(arrested(person, source), recorder)).rejects.toBeInstanceOf(IntegrityError);
  });
});

describe('who may see it, where nobody says so,', () => {
  const visibilityOf = async ({ stream }: Accepted): Promise<unknown> =>
    (await habeas.events(stream)).map(({ metadata }) => (JSON.parse(metadata) as { visibility: string }).visibility);

  /** A node of an office that publishes what it records. */
  async function published(command: Command): Promise<Accepted> {
    const result = await habeas.office('public').execute(command, recorder);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    return result.value;
  }

  test('is for the office to say, but for what may endanger somebody', async () => {
    const { subject } = await published(personEntered(source));
    await published(arrested(subject, source));
    await published(arrested(subject, source, { by: { name: 'Officer C' } }));
    const last = await published({ ...arrested(subject, source, { place: 'At home' }), visibility: 'public' });
    expect(await visibilityOf(last)).toEqual(['public', 'public', 'internal', 'public']);
  });

  test('is internal for a child, whom a birth date draws back inside; the same again under the same key', async () => {
    const { subject } = await published(personEntered(source));
    const birth = {
      ...arrested(subject, source, { attribute: 'birth-date', value: '2015' }),
      type: 'AttributeAsserted',
      idempotencyKey: 'birth-1',
    };
    const accepted = await published(birth);
    expect(accepted.events.map(({ type }) => type)).toEqual(['AttributeAsserted', 'VisibilityChanged']);
    const again = await published(birth);
    expect(again).toMatchObject({ repeated: true, revision: accepted.revision });
    expect(again.events.map(({ id }) => id)).toEqual(accepted.events.map(({ id }) => id));
    const last = await published(arrested(subject, source));
    expect(await visibilityOf(last)).toEqual(['public', 'internal', 'internal', 'internal']);
  });
});
