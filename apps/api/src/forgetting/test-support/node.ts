/** A node without the interface: its log and keys in a folder, views in threads of their own, and what it does about what was erased. */
import { type ErasureDirectory, erasureOf, lastCondemned, type Nodes, onlyNode, openErasureDirectory } from '#access';
import { type Command, createCommandHandler, type Principal } from '#command-handling';
import { ok, VISIBILITIES, type Visibility } from '#kernel';
import { ensureLogStarted, hasRecords, type KeyStore, type PersonalFields } from '#log-format';
import type { PersonView, ViewsMessage } from '#projections';
import { realClock, realRandomness, realTicker } from '../../../../../test/support/real.js';
import { until } from '../../../../../test/support/until.js';
import { openKeyStore } from '../../key-store.js';
import { deleteAllViews, Levels } from '../../levels.js';
import { type MeasuredLog, openLog } from '../../log.js';
import { startViews } from '../../views.js';
import { Forgetting } from '../forgetting.js';
import { NodeFile } from '../node-file.js';

const admin: Principal = { id: 'key:admin', scopes: ['admin'], ceiling: 'confidential' };

/** No other text here has three letters in a row in common with these. */
export const WORDS = ['Zorqvexia', 'Kjälmduxx', 'Wuxplynth', 'ស៊ិនសុវណ្ណារ៉ា', 'Qyzzlwarp', 'Vrondelqux'];
const [FIRST = '', LAST = '', ALIAS = '', KHMER = '', PLACE = '', SAID = ''] = WORDS;

interface Changed {
  readonly keys?: (keys: KeyStore) => KeyStore;
  /** Of which there are views. */
  readonly ceilings?: readonly Visibility[];
}

export class Node {
  readonly messages: ViewsMessage[] = [];
  readonly lines: string[] = [];
  readonly #closing: (() => unknown)[] = [];
  store!: MeasuredLog;
  keys!: KeyStore;
  handler!: ReturnType<typeof createCommandHandler>;
  erasures!: ErasureDirectory;
  file!: NodeFile;
  nodes!: Nodes;
  levels!: Levels;
  logId = '';

  private constructor(private readonly folder: string) {}

  /** @param upTo `log`: it is somebody else who uses the log, and holds nothing */
  static async start(
    folder: string,
    upTo: 'log' | 'forgetting' | 'views' = 'views',
    changed: Changed = {},
  ): Promise<Node> {
    const started = new Node(folder);
    await started.#open(changed);
    if (upTo !== 'log') await started.#forget(upTo, changed);
    return started;
  }

  async #open({ keys = (same) => same }: Changed): Promise<void> {
    const settings = { data: this.folder, masterKey: undefined, masterKeyFile: undefined };
    this.store = await openLog(settings, { mode: 'own', randomness: realRandomness });
    this.#closing.push(() => this.store.close());
    const mustExist = await hasRecords(this.store);
    const opened = await openKeyStore(settings, { mode: 'write', mustExist, randomness: realRandomness });
    this.keys = keys(opened);
    this.#closing.push(() => opened.close());
    this.logId = await ensureLogStarted(this.store, realClock, realRandomness);
    const of = { store: this.store, keys: this.keys, logId: this.logId, clock: realClock, randomness: realRandomness };
    this.handler = createCommandHandler(of);
    this.erasures = await openErasureDirectory({ ...of, ticker: realTicker, report: (line) => this.lines.push(line) });
    this.#closing.push(() => this.erasures.close());
  }

  async #forget(upTo: 'forgetting' | 'views', { ceilings = VISIBILITIES }: Changed): Promise<void> {
    this.file = NodeFile.open(this.folder, realRandomness);
    this.nodes = onlyNode({ id: this.file.id, name: 'node', clock: realClock });
    const forgetting = await Forgetting.begin({
      file: this.file,
      nodes: this.nodes,
      keys: this.keys,
      erasures: this.erasures,
      ticker: realTicker,
      deleteViews: () => expect(deleteAllViews(this.folder)).toBe(true),
      report: (line) => this.lines.push(line),
    });
    this.#closing.push(() => forgetting.close());
    if (upTo === 'forgetting') return;
    const settings = { data: this.folder, masterKey: undefined, masterKeyFile: undefined };
    this.levels = new Levels({
      data: this.folder,
      fourEyes: false,
      clock: realClock,
      start: (ceiling, where, notify, thread) =>
        startViews({
          settings,
          ceiling,
          folder: where,
          notify,
          report: (line) => this.lines.push(line),
          ...(thread && { thread }),
        }),
      notify: (_, message) => this.messages.push(message),
      feed: { ticker: realTicker, limits: { streams: 1, streamsPerKey: 1 }, ended: () => undefined },
    });
    this.#closing.push(() => this.levels.close());
    for (const ceiling of ceilings) this.levels.begin(ceiling);
    forgetting.follow({ views: this.levels, eraser: this.handler.eraser });
  }

  async stop(): Promise<void> {
    for (const step of this.#closing.splice(0).reverse()) await step();
  }

  async live(): Promise<void> {
    let size = 0;
    for await (const _ of this.store.readAll()) size++;
    await until(
      () =>
        this.levels.running.every(([, { views }]) => views.health().state === 'live' && views.health().seq === size),
      20_000,
    );
  }

  async given(command: Command): Promise<string> {
    const done = await this.handler.execute(command, admin);
    if (!done.ok) throw new Error(JSON.stringify(done.error));
    return done.value.subject;
  }

  /** Has the log say that keys are condemned, as whoever drives an erasure does once their subjects say so. */
  async condemn(
    person: string,
    ...condemned: readonly { stream: string; revision: number; keys: readonly string[] }[]
  ) {
    const id = erasureOf(person);
    const say = async (type: string, data: object): Promise<void> => {
      await this.erasures.record(id, 'system', () => ok({ type, data }));
    };
    if (this.erasures.get(id) === undefined) await say('ErasureAsked', { person, reason: 'At their wish.', words: [] });
    for (const one of condemned) await say('KeysCondemned', one);
    return id;
  }

  async hasReported(erasure: string): Promise<void> {
    await until(() => {
      const known = this.erasures.get(erasure);
      return known !== undefined && (known.reports.get(this.file.id) ?? -1) >= lastCondemned(known);
    }, 20_000);
  }

  document(person: string, ceiling: Visibility = 'confidential'): Omit<PersonView, 'asOf'> {
    const found = this.levels.of(ceiling).views.document('person', person);
    if (!found.ok) throw new Error(found.error.code);
    const { asOf: _, ...document } = JSON.parse(found.value.json.toString()) as PersonView;
    return document;
  }

  found(q: string): number {
    const found = this.levels.of('confidential').views.search({ q });
    return found.ok ? found.value.items.length : -1;
  }
}

const TEXT = `The police took ${FIRST} ${LAST} away. A man said: “${SAID} will be free.” ${KHMER}`;

/** A person of whom much is told, and what tells of them. */
export async function record(on: Node): Promise<{ person: string; source: string; statement: string; other: string }> {
  const visible = { visibility: 'public' } as const;
  const source = await on.given({
    ...visible,
    type: 'SourceEntered',
    category: 'source',
    data: { type: 'article', title: `On ${LAST}`, lang: 'en', text: TEXT },
  });
  const cites = (exact: string): object[] => [{ sourceId: source, quote: { exact } }];
  const enter = (names: object[]): Promise<string> =>
    on.given({ ...visible, type: 'PersonEntered', category: 'person', data: { names, citations: cites('away') } });
  const person = await enter([
    { text: `${FIRST} ${LAST}`, kind: 'legal' },
    { text: ALIAS, kind: 'alias' },
    { text: KHMER, lang: 'km', kind: 'legal' },
  ]);
  const other = await enter([{ text: 'Ada Miller', kind: 'legal' }]);
  for (const id of [person, other])
    await on.given({
      ...visible,
      type: 'PersonArrested',
      category: 'person',
      id,
      data: {
        occurred: '2017-05',
        citations: cites('away'),
        basis: 'reported',
        confidence: 'medium',
        ...(id === person && { place: PLACE, note: `${ALIAS} wept.` }),
      },
    });
  const statement = await on.given({
    ...visible,
    type: 'StatementMade',
    category: 'statement',
    data: {
      speaker: { person: other },
      form: 'direct',
      lang: 'en',
      words: `${SAID} will be free.`,
      about: [{ person }],
      stance: 'none',
      citations: cites(`${SAID} will be free`),
      basis: 'reported',
      confidence: 'medium',
    },
  });
  return { person, source, statement, other };
}

function blanked(fields: PersonalFields): PersonalFields {
  let json = JSON.stringify(fields);
  for (const word of WORDS) json = json.replaceAll(word, '█'.repeat([...word].length));
  return JSON.parse(json) as PersonalFields;
}

/** Erases the person and redacts what names them, and has their keys condemned. */
export async function erase(
  on: Node,
  { person, source, statement }: Awaited<ReturnType<typeof record>>,
): Promise<string> {
  const by = { by: admin.id, correlationId: 'request-1', cause: erasureOf(person) };
  const erased = await on.handler.eraser.erase(person, by);
  if (!erased.ok) throw new Error(JSON.stringify(erased.error));
  const id = await on.condemn(person, erased.value);
  for (const [category, subject] of [
    ['source', source],
    ['statement', statement],
  ] as const) {
    const redacted = await on.handler.eraser.redact({
      ...by,
      category,
      id: subject,
      reason: 'At their wish.',
      blank: (events) => ok(new Map(events.map((event) => [event.id, blanked(event.fields)]))),
    });
    if (!redacted.ok) throw new Error(JSON.stringify(redacted.error));
    await on.condemn(person, redacted.value);
  }
  return id;
}
