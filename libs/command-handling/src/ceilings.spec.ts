/** To whoever may not see something it is not there: in every event, by every name, with the very same refusal. */
import { recordable, type Data } from '#domain';
import type { Visibility } from '#kernel';
import { realClock, realRandomness } from '../../../test/support/real.js';
import { createCommandHandler } from './command-handler.js';
import type { Principal } from './principal.js';
import { admin, arrested, cites, enter, Harness, personEntered, recorder, TEXT } from './test-support/harness.js';
import { World } from './test-support/world.js';
import type { Command } from './types.js';

const inside: Principal = { id: 'key:inside', scopes: ['record', 'review'], ceiling: 'internal' };
const NOBODY = 'ffffffff-ffff-4fff-8fff-ffffffffffff';

let habeas: Harness;
beforeAll(async () => {
  habeas = await Harness.start();
});
afterAll(() => habeas.close());

describe('whatever names something of which they may not know is refused as if it were not there', () => {
  const cases = recordable.flatMap((definition) =>
    definition.categories.map((category) => [`${definition.type} of a ${category}`, definition, category] as const),
  );

  test.each(cases)('%s', async (_, definition, category) => {
    const world = await World.of(habeas);
    const { type, role } = definition;
    const data = world.like(type, category);
    const subject = role === 'entry' ? undefined : world.subject(category);
    const execute = (id: string | undefined, payload: Data) =>
      habeas.commands.execute({ type, category, ...(id !== undefined && { id }), data: payload }, inside);
    const refusal = async (id: string | undefined, payload: Data): Promise<unknown> => {
      const result = await execute(id, payload);
      return result.ok ? 'accepted' : result.error;
    };
    if (subject !== undefined) {
      const hidden = await refusal(world.secret(category), data);
      expect(hidden).toEqual(await refusal(NOBODY, data));
      expect(hidden).toMatchObject([{ code: 'not-found' }]);
    }
    for (const { pointer, id } of world.secrets(definition, category)) {
      const hidden = await refusal(subject, put(data, pointer, id));
      expect({ pointer, refused: hidden }).toEqual({
        pointer,
        refused: await refusal(subject, put(data, pointer, NOBODY)),
      });
      expect(JSON.stringify(hidden)).toMatch(/-not-found|not-judged|dispute-not-open/);
    }
    // And what they may know of they may name.
    expect(await execute(subject, data)).toMatchObject({ ok: true });
  });
});

const visibility = (of: Visibility, fact?: string): Data => ({
  visibility: of,
  reason: 'r',
  ...(fact !== undefined && { fact }),
});

function on(person: string, type: string, data: object): Command {
  return { type, category: 'person', id: person, data };
}

async function code(command: Command, by: Principal = inside): Promise<string> {
  const result = await habeas.commands.execute(command, by);
  return result.ok ? 'accepted' : result.error.map((each) => each.code).join();
}

describe('what is hidden', () => {
  let source: string;
  let person: string;
  beforeEach(async () => {
    source = await habeas.source();
    person = await habeas.person(source);
  });

  /** A fact as a recorder records it. @returns its event id */
  const fact = async (more: Partial<Command> = {}): Promise<string> =>
    (await habeas.given({ ...arrested(person, source), ...more })).events[0]!.id;
  const account = (of: string): Command => on(person, 'AccountAdded', { fact: of, citations: cites(source) });

  test('is what was hidden since, also by another node', async () => {
    const named = await fact();
    expect(await code(account(named))).toBe('accepted');
    await habeas.node().execute(on(person, 'VisibilityChanged', visibility('confidential', named)), admin);
    expect(await code(account(named))).toBe('fact-not-found');
    await habeas
      .node()
      .execute({ type: 'VisibilityChanged', category: 'source', id: source, data: visibility('confidential') }, admin);
    // The person was entered by it, so they are not there either.
    expect(await code(arrested(person, await habeas.source()))).toBe('not-found');
    expect(await code(personEntered(source))).toBe('source-not-found');
  });

  test('is what rests on a hidden source: a subject, a fact, a correction of it', async () => {
    const hidden = await habeas.source();
    const entered = await habeas.person(hidden);
    const resting = await fact({ data: arrested(person, hidden).data });
    const corrected = await fact();
    const correction = { fact: corrected, data: arrested(person, hidden).data, reason: 'r', citations: cites(source) };
    await habeas.given(on(person, 'FactCorrected', correction));
    await habeas.given(
      { type: 'VisibilityChanged', category: 'source', id: hidden, data: visibility('confidential') },
      admin,
    );
    expect(await code(arrested(entered, source))).toBe('not-found');
    expect(await code(account(resting))).toBe('fact-not-found');
    expect(await code(account(corrected))).toBe('fact-not-found');
  });

  test('is what was withdrawn in confidence; when that is undone, it is there again', async () => {
    const named = await fact();
    const withdrawn = await habeas.given({
      ...on(person, 'FactRetracted', { fact: named, reason: 'r' }),
      visibility: 'confidential',
    });
    expect(await code(account(named))).toBe('fact-not-found');
    expect(await code(account(named), admin)).toBe('fact-already-withdrawn');
    await habeas.given(on(person, 'FactRetracted', { fact: withdrawn.events[0]!.id, reason: 'r' }));
    expect(await code(account(named))).toBe('accepted');
  });

  test('is no words of a source whose further text few may see', async () => {
    const next = (text: string, seenBy: Visibility): Command => ({
      type: 'SourceTextContinued',
      category: 'source',
      id: source,
      data: { text },
      visibility: seenBy,
    });
    await habeas.given(next(' He was freed in June.', 'confidential'));
    await habeas.given(next(' He left in July.', 'public'));
    const quoting = (exact: string): Command => ({ ...arrested(person, source, { citations: cites(source, exact) }) });
    expect(await code(quoting('freed in June'))).toBe('quote-not-in-source');
    // What stands behind it would be found at another place.
    expect(await code(quoting('left in July'))).toBe('quote-not-in-source');
    expect(await code(quoting('arrested in May'))).toBe('accepted');
    expect(await code(quoting('left in July'), recorder)).toBe('accepted');
    // Who adds to it adds to all of it.
    const added = await habeas.given({ ...next(' End.', 'internal'), visibility: 'internal' }, inside);
    const all = await habeas.given({
      type: 'SourceEntered',
      category: 'source',
      data: { type: 'report', title: 'x', lang: 'en', text: `${TEXT} He was freed in June. He left in July. End.` },
    });
    expect(added.events[0]!.data.sha256).toBe(all.events[0]!.data.sha256);
  });

  test('is after nothing that they may not see, and nothing that there is not: both are taken', async () => {
    const named = await fact({ visibility: 'confidential' });
    for (const after of [[named], [NOBODY]]) expect(await code(arrested(person, source, { after }))).toBe('accepted');
  });

  test('is not opened by whoever may not see it, but may be put out of their own sight', async () => {
    const named = await fact({ visibility: 'confidential' });
    expect(await code(on(person, 'VisibilityChanged', visibility('public', named)))).toBe('fact-not-found');
    const open = await fact({ visibility: 'public' });
    const close = on(person, 'VisibilityChanged', visibility('confidential', open));
    expect([await code(close), await code(close)]).toEqual(['accepted', 'fact-not-found']);
    expect(await code(on(person, 'VisibilityChanged', visibility('confidential')))).toBe('accepted');
    expect(await code(on(person, 'VisibilityChanged', visibility('public')))).toBe('not-found');
  });

  test('keeps no command from being answered again', async () => {
    const command = { ...arrested(person, source), idempotencyKey: 'again-hidden-1' };
    const first = await habeas.given(command, inside);
    await habeas.given(on(person, 'VisibilityChanged', visibility('confidential')), admin);
    expect(await code(arrested(person, source))).toBe('not-found');
    expect(await habeas.given(command, inside)).toMatchObject({
      repeated: true,
      revision: first.revision,
      seen: -1,
      effective: 'internal',
    });
  });

  describe('and If-Match', () => {
    const matching = async (seen: number): Promise<string> =>
      code({ ...arrested(person, source), ifMatch: (revision) => revision === seen });

    test('is told the last event that they may see', async () => {
      const { revision, seen } = await habeas.given(arrested(person, source), inside);
      expect(seen).toBe(revision);
      for (let n = 0; n < 20; n++) await fact({ visibility: 'confidential' });
      expect(await matching(revision + 20)).toBe('precondition-failed');
      expect(await matching(revision)).toBe('accepted');
      expect(await matching(revision)).toBe('precondition-failed');
      expect(await matching(revision + 21)).toBe('accepted');
    });

    test('is not asked of what they may not see at all', async () => {
      await habeas.given(on(person, 'VisibilityChanged', visibility('confidential')), admin);
      expect(await matching(0)).toBe('not-found');
      expect(await code({ ...arrested(NOBODY, source), ifMatch: () => false })).toBe('not-found');
    });

    test('changes when what they have seen last is hidden', async () => {
      const named = await fact();
      const { revision } = await habeas.given(
        on(person, 'VisibilityChanged', visibility('confidential', named)),
        admin,
      );
      expect(await matching(revision)).toBe('precondition-failed');
      expect(await matching(revision - 1)).toBe('precondition-failed');
      expect(await matching(revision - 2)).toBe('accepted');
    });
  });

  test('may be recorded by whoever may not see it, and is not there for them from then on', async () => {
    const dropped = await habeas.given(
      { ...personEntered(source), visibility: 'confidential', idempotencyKey: 'drop-1' },
      inside,
    );
    expect(dropped).toMatchObject({ revision: 0, seen: -1, effective: 'confidential' });
    expect(await code(arrested(dropped.subject, source))).toBe('not-found');
    expect(
      await habeas.given({ ...personEntered(source), visibility: 'confidential', idempotencyKey: 'drop-1' }, inside),
    ).toMatchObject({ repeated: true, seen: -1 });
    const { revision } = await habeas.given(arrested(person, source), inside);
    const above = await habeas.given({ ...arrested(person, source), visibility: 'confidential' }, inside);
    expect(above).toMatchObject({ revision: revision + 1, seen: revision });
  });

  test('a fact of them is moved neither from nor to what is hidden', async () => {
    const other = await habeas.person(source);
    const move = (named: string, to: string): Command =>
      on(person, 'FactMoved', { fact: named, to: { person: to }, reason: 'r' });
    expect(await code(move(await fact({ visibility: 'confidential' }), other))).toBe('fact-not-found');
    await habeas.given(on(other, 'VisibilityChanged', visibility('confidential')), admin);
    expect(await code(move(await fact(), other))).toBe('person-not-found');
    const count = (await habeas.events()).length;
    expect(await code(move(await fact(), NOBODY))).toBe('person-not-found');
    // The fact alone.
    expect(await habeas.events()).toHaveLength(count + 1);
  });
});

describe('who may see what was recorded, by all that is known', () => {
  const effective = async (command: Command, by: Principal = recorder): Promise<Visibility> =>
    (await habeas.given(command, by)).effective;

  test('is the strictest of it, its subject, what it cites and names, and the fact that it is about', async () => {
    const source = await habeas.source();
    const hidden = (
      await habeas.given({ ...enter('source', { type: 'report', title: 'x', lang: 'en' }), visibility: 'confidential' })
    ).subject;
    const open = { visibility: 'public' } as const;
    const person = (await habeas.given({ ...personEntered(source), ...open })).subject;
    expect(await effective({ ...arrested(person, source), ...open })).toBe('internal');
    await habeas.given(
      { type: 'VisibilityChanged', category: 'source', id: source, data: visibility('public') },
      admin,
    );
    expect(await effective({ ...arrested(person, source), ...open })).toBe('public');
    expect(await effective({ ...arrested(person, source, { citations: [{ sourceId: hidden }] }), ...open })).toBe(
      'confidential',
    );
    const command = {
      ...arrested(person, source, { by: { person: await habeas.person(source) } }),
      ...open,
      idempotencyKey: 'effective-1',
    };
    expect(await effective(command)).toBe('internal');
    expect(await effective(command)).toBe('internal');
    const fact = (await habeas.given({ ...arrested(person, source), visibility: 'confidential' })).events[0]!.id;
    const legalCase = (
      await habeas.given({ type: 'CaseEntered', category: 'case', data: { citations: cites(source) }, ...open })
    ).subject;
    const assignment: Command = {
      type: 'FactAssignedToCase',
      category: 'case',
      id: legalCase,
      data: { person, fact },
      ...open,
    };
    expect(await effective(assignment)).toBe('confidential');
    expect(await effective({ ...on(person, 'FactRetracted', { fact, reason: 'r' }), ...open })).toBe('confidential');
    await habeas.given(on(person, 'VisibilityChanged', visibility('confidential')), admin);
    expect(await effective({ ...arrested(person, source), ...open })).toBe('confidential');
  });

  test('costs nothing to find out where all of it was read before, and who may see everything is asked for nothing more', async () => {
    const { keys, logId } = habeas;
    let reads = 0;
    const store = new Proxy(habeas.store, {
      get: (of, name) => {
        if (name === 'readStream') reads++;
        const value: unknown = Reflect.get(of, name);
        return typeof value === 'function' ? (value as (...given: never[]) => unknown).bind(of) : value;
      },
    });
    const node = createCommandHandler({ store, keys, logId, clock: realClock, randomness: realRandomness });
    const source = await habeas.source();
    const person = await habeas.person(source);
    const readsOf = async (by: Principal): Promise<number> => {
      reads = 0;
      expect(await node.execute(arrested(person, source), by)).toMatchObject({ ok: true });
      return reads;
    };
    expect([await readsOf(recorder), await readsOf(recorder), await readsOf(inside)]).toEqual([2, 0, 2]);
  });
});

/** A copy in which what a JSON pointer names is another. */
function put(data: Data, pointer: string, value: unknown): Data {
  const copy = structuredClone(data) as Record<string, unknown>;
  const steps = pointer.split('/').slice(1);
  let at = copy;
  for (const step of steps.slice(0, -1)) at = at[step] as Record<string, unknown>;
  at[steps.at(-1) ?? ''] = value;
  return copy;
}
