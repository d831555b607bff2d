import { openSqliteKeyStore } from '#access';
import { evolve, initial, sourceOf, type SubjectState, wordsAt } from '#domain';
import { type EventStore, EventStoreError } from '#event-store';
import { ok, parseStreamName, type Result } from '#kernel';
import {
  asDomainEvent,
  createRecordCodec,
  type KeyStore,
  openingOf,
  type PersonalFields,
  type RecordedEvent,
} from '#log-format';
import { realClock, realRandomness } from '../../../test/support/real.js';
import { createCommandHandler } from './command-handler.js';
import type { Condemned, Redaction, SubjectEraser } from './erasing.js';
import type { SealedEvent } from './retellings.js';
import { admin, arrested, cites, enter, Harness, personEntered, recorder } from './test-support/harness.js';
import type { CommandHandler } from './types.js';

let habeas: Harness;
let source: string;
let person: string;

beforeAll(async () => {
  habeas = await Harness.start();
});
afterAll(() => habeas.close());
beforeEach(async () => {
  source = await habeas.source();
  person = await habeas.person(source, 'Thuy Vy');
});

const codec = createRecordCodec(realRandomness);
const CAUSE = '0a0a0a0a-0000-4000-8000-00000000000a';
const BY = { by: admin.id, correlationId: 'request-1', cause: CAUSE };

const node = (
  store: EventStore = habeas.store,
  keys: KeyStore = habeas.keys,
): CommandHandler & { readonly eraser: SubjectEraser } =>
  createCommandHandler({ store, keys, logId: habeas.logId, clock: realClock, randomness: realRandomness });

/** What a stream says to whoever reads it now. */
async function read(category: string, id: string): Promise<readonly RecordedEvent[]> {
  const stream = `habeas${category.charAt(0).toUpperCase()}${category.slice(1)}-${id}`;
  const decoded = await codec.decodePage(await habeas.events(stream), openingOf(habeas.store, habeas.keys));
  return decoded.map((event) => {
    if (!event.ok) throw event.error;
    return event.value;
  });
}

async function stateOf(category: 'person' | 'source', id: string): Promise<SubjectState> {
  return (await read(category, id)).reduce(
    (state, event) => evolve(state, asDomainEvent(event)),
    initial(category, id),
  );
}

async function done(condemning: Promise<Result<Condemned, unknown>>): Promise<Condemned> {
  const condemned = await condemning;
  if (!condemned.ok) throw new Error(JSON.stringify(condemned.error));
  await habeas.keys.destroy(condemned.value.keys);
  return condemned.value;
}

/** Blanks some words wherever they stand. */
const blanking =
  (...words: readonly string[]): Redaction['blank'] =>
  (events) =>
    ok(new Map(events.map(({ id, fields }) => [id, replaced(fields, words)])));

function replaced(fields: PersonalFields, words: readonly string[]): PersonalFields {
  const text = words.reduce(
    (json, word) => json.replaceAll(word, '█'.repeat([...word].length)),
    JSON.stringify(fields),
  );
  return JSON.parse(text) as PersonalFields;
}

const redacting = (
  category: Redaction['category'],
  id: string,
  blank: Redaction['blank'],
  cause = CAUSE,
): Redaction => ({ ...BY, category, id, cause, blank, reason: 'At their wish.' });

describe('erasing a person', () => {
  test('closes all that is sealed, and nothing else; the chain holds', async () => {
    const { stream } = await habeas.given(arrested(person, source, { place: 'Phnom Penh', note: 'at night' }));
    const { keys, revision } = await done(habeas.commands.eraser.erase(person, BY));
    expect(keys).toHaveLength(1);
    const [entered, arrest, erased, ...others] = await read('person', person);
    expect(others).toEqual([]);
    expect(entered).toMatchObject({ opened: false, keyId: keys[0], data: { names: [{ kind: 'legal' }] } });
    expect(arrest).toMatchObject({ opened: false, data: { occurred: '2017-05', citations: [{ sourceId: source }] } });
    expect(erased).toMatchObject({
      revision,
      type: 'PersonalDataErased',
      opened: true,
      data: { keys },
      metadata: { recordedBy: admin.id, causationId: CAUSE, visibility: 'public' },
    });
    expect(JSON.stringify([entered, arrest])).not.toMatch(/Thuy|Phnom|night/);
    expect(await habeas.isWhole()).toBe(true);
    expect(JSON.stringify(await habeas.events(stream))).not.toMatch(/Thuy|Phnom|night/);
  });

  test('again is found done', async () => {
    const first = await done(habeas.commands.eraser.erase(person, BY));
    const count = (await habeas.events()).length;
    for (const each of [habeas.commands, node()]) expect(await each.eraser.erase(person, BY)).toEqual(ok(first));
    expect(await habeas.events()).toHaveLength(count);
  });

  test('who is not there is refused', async () => {
    expect(await habeas.commands.eraser.erase(CAUSE, BY)).toMatchObject({ ok: false, error: [{ code: 'not-found' }] });
  });

  test('ends what is recorded on them, also what is asked for again, on every node; they are still there to be named', async () => {
    const again = { ...arrested(person, source), idempotencyKey: 'again-1' };
    const { events } = await habeas.given(again);
    const another = await habeas.person(source, 'Sam Serey');
    const theirs = await habeas.given(arrested(another, source));
    const behind = node();
    await behind.execute(arrested(person, source), recorder);
    await done(habeas.commands.eraser.erase(person, BY));
    const moved = (from: string, fact: string, to: string) => ({
      type: 'FactMoved',
      category: 'person',
      id: from,
      data: { fact, to: { person: to }, reason: 'A namesake.' },
    });
    const count = (await habeas.events()).length;
    for (const each of [habeas.commands, behind, node()]) {
      for (const command of [
        again,
        { ...again, idempotencyKey: 'again-2' },
        arrested(person, source),
        moved(person, events[0]!.id, another),
        moved(another, theirs.events[0]!.id, person),
      ]) {
        expect(await each.execute(command, recorder)).toMatchObject({ ok: false, error: [{ code: 'erased' }] });
      }
    }
    expect(await habeas.events()).toHaveLength(count);
    const charged = { ...arrested(another, source), data: { ...(arrested(another, source).data as object) } };
    await habeas.given({ ...charged, data: { ...charged.data, by: { person } } });
  });

  test('while others record: each was before it, or is refused; nothing that was accepted comes behind', async () => {
    const nodes = [habeas.commands, node(), node()];
    const recording = nodes.map(async (each) => {
      const outcomes: boolean[] = [];
      for (let n = 0; n < 15; n++)
        outcomes.push((await each.execute(arrested(person, source, { note: 'so it was' }), recorder)).ok);
      return outcomes;
    });
    const erased = await done(node().eraser.erase(person, BY));
    const accepted = (await Promise.all(recording)).flat().filter(Boolean).length;
    const events = await read('person', person);
    expect(events.map(({ type }) => type).indexOf('PersonalDataErased')).toBe(events.length - 1);
    expect(erased.revision).toBe(accepted + 1);
    expect(events.filter(({ opened }) => opened)).toHaveLength(1);
  });
});

describe('redacting', () => {
  const TEXT = '😀 Thuy Vy was arrested in May 2017.\nShe said: “Thuy Vy will file the papers.”';
  const LEFT = '😀 ███████ was arrested in May 2017.\nShe said: “███████ will file the papers.”';

  beforeEach(async () => {
    source = await habeas.source(TEXT);
  });

  test('a source: its text has the same length, so positions stay true; what stood there is closed for good', async () => {
    const { events } = await habeas.given(
      arrested(person, source, { citations: cites(source, 'arrested in May 2017') }),
    );
    const { keys, stream } = await done(
      habeas.commands.eraser.redact(redacting('source', source, blanking('Thuy Vy'))),
    );
    const state = await stateOf('source', source);
    const { text, textVersion, title, sha256 } = sourceOf(state)!;
    expect({ text, textVersion, title }).toEqual({ text: LEFT, textVersion: 2, title: 'A report' });
    const citation = (events[0]!.data.citations as { at: { start: number; end: number } }[])[0]!;
    expect(wordsAt(text!, citation.at)).toBe('arrested in May 2017');
    const [entered, retold, redacted] = await read('source', source);
    expect(entered).toMatchObject({ opened: true, data: { text: LEFT } });
    expect(retold!.data).toEqual({ redaction: redacted!.data.redaction, event: entered!.id });
    expect(redacted).toMatchObject({
      data: { events: 1, keys, reason: 'At their wish.' },
      metadata: { causationId: CAUSE },
    });
    expect([retold, redacted].map((event) => event!.metadata.visibility)).toEqual(['confidential', 'internal']);
    // Neither words nor what would prove a guess at them.
    const stored = await habeas.events(stream);
    expect(JSON.stringify(stored)).not.toContain('Thuy');
    expect(JSON.stringify(stored)).not.toContain(sha256);
    expect((await codec.sealedFields(stored, habeas.keys)).map((one) => one.ok && one.value !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
    expect(await habeas.isWhole()).toBe(true);
  });

  test('what is recorded later is sealed by the new key, by whichever node, and opens', async () => {
    const memory = await openSqliteKeyStore({ folder: habeas.folder, mode: 'write', randomness: realRandomness });
    const behind = node(habeas.store, memory);
    const known = await behind.execute(arrested(person, source, { note: 'first' }), recorder);
    expect(known.ok).toBe(true);
    await done(habeas.commands.eraser.redact(redacting('person', person, blanking('first'))));
    // This one has the old key in memory, and has not heard.
    for (const each of [behind, habeas.commands, node()])
      expect((await each.execute(arrested(person, source, { note: 'later' }), recorder)).ok).toBe(true);
    const events = await read('person', person);
    expect(events.map(({ data }) => data.note).filter(Boolean)).toEqual(['█████', 'later', 'later', 'later']);
    expect(events.every(({ opened }) => opened)).toBe(true);
    expect(await habeas.isWhole()).toBe(true);
    await memory.close();
  });

  test('what is asked for again is known again if it came later; of what came before it cannot be told any more', async () => {
    const before = { ...arrested(person, source, { note: 'first' }), idempotencyKey: 'before' };
    const later = { ...arrested(person, source, { note: 'later' }), idempotencyKey: 'later' };
    await habeas.given(before);
    await done(habeas.commands.eraser.redact(redacting('person', person, blanking('first'))));
    await habeas.given(later);
    for (const each of [habeas.commands, node()]) {
      expect(await each.execute(before, recorder)).toMatchObject({ ok: false, error: [{ code: 'erased' }] });
      expect(await each.execute(later, recorder)).toMatchObject({ ok: true, value: { repeated: true } });
      const other = { ...later, data: { ...(later.data as object), note: 'another' } };
      expect(await each.execute(other, recorder)).toMatchObject({
        ok: false,
        error: [{ code: 'idempotency-key-reused' }],
      });
    }
  });

  test('words are quoted from what is left, and a text goes on behind it', async () => {
    await done(habeas.commands.eraser.redact(redacting('source', source, blanking('Thuy Vy'))));
    const quoting = (exact: string) =>
      habeas.commands.execute(arrested(person, source, { citations: cites(source, exact) }), recorder);
    expect(await quoting('Thuy Vy was')).toMatchObject({ ok: false, error: [{ code: 'quote-not-in-source' }] });
    const quoted = await quoting('will file');
    expect(quoted.ok && quoted.value.events[0]!.data.citations).toMatchObject([{ at: { version: 2 } }]);
    await habeas.given({ type: 'SourceTextContinued', category: 'source', id: source, data: { text: ' So she did.' } });
    expect(sourceOf(await stateOf('source', source))?.text).toBe(`${LEFT} So she did.`);
  });

  test('again and again: each time what was to be read before it', async () => {
    const first = await done(habeas.commands.eraser.redact(redacting('source', source, blanking('Thuy Vy'))));
    await habeas.given({ type: 'SourceTextContinued', category: 'source', id: source, data: { text: ' In May.' } });
    const again = '0a0a0a0a-0000-4000-8000-00000000000b';
    const second = await done(node().eraser.redact(redacting('source', source, blanking('May', 'papers'), again)));
    expect(second.keys).not.toEqual(first.keys);
    expect(second.keys).toHaveLength(1);
    expect(sourceOf(await stateOf('source', source))).toMatchObject({
      text: '😀 ███████ was arrested in ███ 2017.\nShe said: “███████ will file the ██████.” In ███.',
      textVersion: 3,
    });
    // Asked for once more, each is found done.
    for (const [cause, condemned] of [
      [CAUSE, first],
      [again, second],
    ] as const) {
      expect(await habeas.commands.eraser.redact(redacting('source', source, blanking('file'), cause))).toEqual(
        ok(condemned),
      );
      expect(await habeas.commands.eraser.redacted('source', source, cause)).toEqual(condemned);
    }
    expect(await habeas.commands.eraser.redacted('source', source, person)).toBeUndefined();
    // Reasons are told again as well.
    expect((await read('source', source)).filter(({ opened }) => !opened).map(({ type }) => type)).toEqual([
      'PersonalDataRetold',
    ]);
  });

  test('a person who is erased afterwards has nothing left', async () => {
    await habeas.given(arrested(person, source, { note: 'first' }));
    await done(habeas.commands.eraser.redact(redacting('person', person, blanking('first'))));
    await habeas.given(arrested(person, source, { note: 'later' }));
    await done(habeas.commands.eraser.erase(person, BY));
    const events = await read('person', person);
    expect(events.filter(({ opened }) => opened).map(({ type }) => type)).toEqual(['PersonalDataErased']);
    expect(await habeas.commands.eraser.redact(redacting('person', person, blanking(), person))).toMatchObject({
      ok: false,
      error: [{ code: 'erased' }],
    });
  });

  test('texts longer than an event, in several appends', async () => {
    const part = 'Thuy Vy walks. ខ្ញុំ 😀 '.repeat(4_000);
    const long = await habeas.source(part);
    for (let n = 0; n < 4; n++)
      await habeas.given({ type: 'SourceTextContinued', category: 'source', id: long, data: { text: part } });
    const { stream } = await done(habeas.commands.eraser.redact(redacting('source', long, blanking('Thuy Vy'))));
    expect(sourceOf(await stateOf('source', long))?.text).toBe(part.replaceAll('Thuy Vy', '███████').repeat(5));
    const stored = await habeas.events(stream);
    expect(stored.filter(({ type }) => type === 'PersonalDataRetold').length).toBeGreaterThan(8);
    expect(
      new Set(stored.slice(5).map(({ metadata }) => (JSON.parse(metadata) as { recordedAt: string }).recordedAt)).size,
    ).toBeGreaterThan(1);
    expect(await habeas.isWhole()).toBe(true);
  }, 30_000);

  test('interrupted in the middle, nothing is lost and nothing counts; asked for again, it is done', async () => {
    const part = 'Thuy Vy walks. '.repeat(7_000);
    const long = await habeas.source(part);
    for (let n = 0; n < 3; n++)
      await habeas.given({ type: 'SourceTextContinued', category: 'source', id: long, data: { text: part } });
    const redaction = redacting('source', long, blanking('Thuy Vy'));
    let appends = 0;
    const failing = new Proxy(habeas.store, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as (...parameters: unknown[]) => unknown;
        if (name !== 'append') return member.bind(target);
        return (...parameters: Parameters<EventStore['append']>) =>
          ++appends === 2 ? Promise.reject(new EventStoreError('unavailable', 'away')) : target.append(...parameters);
      },
    });
    await expect(node(failing).eraser.redact(redaction)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await habeas.commands.eraser.redacted('source', long, CAUSE)).toBeUndefined();
    expect(sourceOf(await stateOf('source', long))).toMatchObject({ text: part.repeat(4), textVersion: 1 });
    // Others go on recording meanwhile, by the key that holds.
    await habeas.given({ type: 'SourceTextContinued', category: 'source', id: long, data: { text: part } });
    const { keys } = await done(habeas.commands.eraser.redact(redaction));
    expect(keys).toHaveLength(1);
    expect(sourceOf(await stateOf('source', long))).toMatchObject({
      text: part.replaceAll('Thuy Vy', '███████').repeat(5),
      textVersion: 2,
    });
    expect(await habeas.isWhole()).toBe(true);
  }, 30_000);

  test('while others record: all that was accepted is to be read, as it was told again or as it was said', async () => {
    const nodes = [habeas.commands, node(), node()];
    const recording = nodes.map(async (each, of) => {
      const accepted: string[] = [];
      for (let n = 0; n < 12; n++) {
        const note = `note ${of}.${n} of Thuy Vy`;
        if ((await each.execute(arrested(person, source, { note }), recorder)).ok) accepted.push(note);
      }
      return accepted;
    });
    await done(node().eraser.redact(redacting('person', person, blanking('Thuy Vy'))));
    const accepted = (await Promise.all(recording)).flat();
    const events = (await read('person', person)).filter(({ type }) => type === 'PersonArrested');
    expect(events.map(({ data }) => String(data.note).replace('███████', 'Thuy Vy')).sort()).toEqual(accepted.sort());
    expect(events.every(({ opened }) => opened)).toBe(true);
    expect(await habeas.isWhole()).toBe(true);
  });

  test('gives what is sealed to whoever blanks it, each once, and takes no for an answer', async () => {
    await habeas.given(arrested(person, source, { note: 'first', by: { name: 'Officer C' } }));
    let seen: readonly SealedEvent[] = [];
    const refusal = { code: 'nothing-to-redact', detail: 'None of it is there.' };
    const refused = await habeas.commands.eraser.redact(
      redacting('person', person, (events) => {
        seen = events;
        return { ok: false, error: [refusal] };
      }),
    );
    expect(refused).toEqual({ ok: false, error: [refusal] });
    expect(seen.map(({ type, fields }) => [type, fields])).toEqual([
      ['PersonEntered', { '/names/0/text': 'Thuy Vy' }],
      ['PersonArrested', { '/by/name': 'Officer C', '/note': 'first' }],
    ]);
    expect(parseStreamName((await habeas.events()).at(-1)!.stream)?.id).toBe(person);
    expect(await habeas.commands.eraser.redact(redacting('group', person, blanking()))).toMatchObject({
      ok: false,
      error: [{ code: 'not-found' }],
    });
  });
});

test('subjects without anything sealed can be redacted and erased like others', async () => {
  const { subject } = await habeas.given(enter('source', { type: 'article', title: 'A', lang: 'en' }));
  await done(habeas.commands.eraser.redact(redacting('source', subject, blanking('A'))));
  expect((await read('source', subject))[0]).toMatchObject({ data: { title: '█' } });
  const { subject: bare } = await habeas.given(personEntered(source));
  await done(habeas.commands.eraser.erase(bare, BY));
});

test('a redaction begins with what the one before it left, also while the keys of that are still there', async () => {
  source = await habeas.source('Thuy Vy and Sam Serey met.');
  const before = await habeas.commands.eraser.redact(redacting('source', source, blanking('Thuy Vy')));
  const other = '0b0b0b0b-0000-4000-8000-00000000000b';
  const second = await done(habeas.commands.eraser.redact(redacting('source', source, blanking('Sam Serey'), other)));
  if (before.ok) await habeas.keys.destroy(before.value.keys);
  expect(sourceOf(await stateOf('source', source))!.text).toBe('███████ and █████████ met.');
  expect(second.keys).not.toEqual(before.ok && before.value.keys);
});

test('what another node folded before does not bring back what was blanked, also while the keys of that are still there', async () => {
  const { events } = await habeas.given(arrested(person, source, { note: 'with Sam Serey' }));
  const other = await habeas.person(source, 'Bopha');
  const behind = node();
  const fact = events[0]!.id;
  const moved = {
    type: 'FactMoved',
    category: 'person',
    id: person,
    data: { fact, to: { person: other }, reason: 'Hers.' },
  };
  await behind.execute(arrested(person, source), recorder);
  await habeas.commands.eraser.redact(redacting('person', person, blanking('Sam Serey')));
  expect(await behind.execute(moved, recorder)).toMatchObject({ ok: true });
  const [, copy] = await read('person', other);
  expect(copy).toMatchObject({ opened: true, data: { note: 'with █████████' } });
});
