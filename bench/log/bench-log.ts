/**
 * A data folder with a realistic log of any size: invented people, what happened to them, and the sources that tell it, written
 * by the real encoder and appended in groups by the real store. The same seed and size give the same record; a folder that was
 * made before is used again.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteKeyStore } from '#access';
import { type Category, definitionOf, validatePayload } from '#domain';
import type { EventStore } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import { streamName } from '#kernel';
import { CHAIN_START, type ChainHead, createRecordCodec, ensureLogStarted, type KeyStore } from '#log-format';
import { Random } from './random.js';
import { act, enterCase, enterGroup, enterPerson, statement, story, type Told } from './stories.js';
import { article, sentence } from './words.js';

/** Grows when the generator writes something else. */
const VERSION = 1;
const SEED = 20_261_124;
const MANIFEST = 'bench-log.json';

export interface BenchLog {
  /** A data folder as a server takes it. */
  readonly folder: string;
  readonly logId: string;
  readonly events: number;
  readonly persons: number;
  /** Persons that have 50 facts each. */
  readonly busy: readonly string[];
  /** Some other persons. */
  readonly some: readonly string[];
  /** A source that holds a text. */
  readonly source: string;
}

/** How many facts the persons have that a page of 50 facts is read from. */
const BUSY_FACTS = 50;
const BUSY_PERSONS = 64;
/** Persons of whom the record hears at the same time. */
const IN_THE_NEWS = 3_000;
const IN_FLIGHT = 4_096;
/** Every how many events the payload is held against its class. */
const CHECK_EVERY = 97;

export interface BenchLogSize {
  readonly events: number;
  readonly persons: number;
}

/** The folder may be written to by a server on it: the record in it then grows. */
export async function benchLog(cache: string, size: BenchLogSize, report: (line: string) => void): Promise<BenchLog> {
  const { events } = size;
  const folder = join(cache, `log-v${VERSION}-${events}-of-${size.persons}`);
  const manifest = join(folder, MANIFEST);
  if (existsSync(manifest)) return { ...(JSON.parse(readFileSync(manifest, 'utf8')) as BenchLog), folder };
  report(`Making a log of ${events.toLocaleString('en')} events of ${size.persons.toLocaleString('en')} persons …`);
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const random = new Random(SEED);
  const store = await openSqliteLog({ folder: draft, mode: 'own' });
  const keys = await openSqliteKeyStore({ folder: draft, mode: 'write', randomness: random });
  const clock = { now: () => new Date(START) };
  const logId = await ensureLogStarted(store, clock, random);
  const record = new Recorded(store, keys, logId, random, events);
  const made = await tell(record, random, size);
  await record.settled();
  await store.close();
  await keys.close();
  const log = { logId, events: record.count, ...made };
  writeFileSync(join(draft, MANIFEST), JSON.stringify(log));
  renameSync(draft, folder);
  return { ...log, folder };
}

const START = Date.parse('2018-01-01T00:00:00.000Z');
const END = Date.parse('2026-11-01T00:00:00.000Z');

interface Cited {
  readonly id: string;
  readonly length: number;
}

interface Person {
  readonly id: string;
  readonly waiting: Told[];
  /** Ids of facts on record that acts can speak of. */
  readonly facts: string[];
}

/** The record as it grows: streams' heads, and appends under way. */
class Recorded {
  /** Of what was appended or is under way. */
  count = 1;
  readonly #heads = new Map<string, ChainHead>();
  readonly #codec;
  readonly #underWay = new Set<Promise<unknown>>();
  #failure: unknown;

  constructor(
    private readonly store: EventStore,
    private readonly keys: KeyStore,
    private readonly logId: string,
    private readonly random: Random,
    private readonly total: number,
  ) {
    this.#codec = createRecordCodec(random);
  }

  /** @returns the event's id */
  async say(
    category: Category,
    subject: string,
    { type, data }: Told,
    cited?: Cited,
    by = 'key:bench',
  ): Promise<string> {
    const stream = streamName(category, subject);
    const id = this.random.id();
    this.#check(type, data, cited);
    const encoded = this.#codec.encode([{ id, type, data: this.#citing(data, cited) }], {
      logId: this.logId,
      stream,
      head: this.#heads.get(stream) ?? CHAIN_START,
      key: await this.keys.obtain(stream),
      recordedAt: new Date(START + Math.floor(((END - START) * this.count) / (this.total + 1_000))),
      recordedBy: by,
      correlationId: this.random.id(),
      requestMac: Buffer.from(this.random.bytes(32)).toString('hex'),
      visibility: 'internal',
    });
    const { revision } = encoded.head;
    this.#heads.set(stream, encoded.head);
    this.count++;
    await this.#append(this.store.append(stream, encoded.events, revision === 0 ? 'no-stream' : revision - 1));
    return id;
  }

  async makeKeys(streams: readonly string[]): Promise<void> {
    await Promise.all(streams.map((stream) => this.keys.obtain(stream)));
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw new Error('The bench log could not be written.', { cause: this.#failure });
  }

  async #append(append: Promise<unknown>): Promise<void> {
    const done = append.catch((error: unknown) => (this.#failure ??= error)).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    if (this.#underWay.size >= IN_FLIGHT) await this.settled();
  }

  /** As `decide` stores it: the words' place in the text, and the day on which the source was published. */
  #citing(data: Told['data'], cited: Cited | undefined): Told['data'] {
    if (cited === undefined) return data;
    const start = this.random.whole(0, cited.length - 60);
    const at = { start, end: start + this.random.whole(20, 60), version: 1 };
    return { ...data, citations: [{ sourceId: cited.id, at, published: '2026-01-31' }] };
  }

  /** What the generator invents must be what the record would take. */
  #check(type: string, data: Told['data'], cited: Cited | undefined): void {
    if (this.count % CHECK_EVERY !== 0) return;
    const definition = definitionOf(type);
    if (definition === undefined) throw new Error(`There is no event ${type}.`);
    const citations = cited === undefined ? {} : { citations: [{ sourceId: cited.id, quote: { exact: 'words' } }] };
    const valid = validatePayload(definition, { ...data, ...citations });
    if (!valid.ok) throw new Error(`The bench log holds an invalid ${type}: ${JSON.stringify(valid.error)}`);
  }
}

type Made = Pick<BenchLog, 'persons' | 'busy' | 'some' | 'source'>;

async function tell(record: Recorded, random: Random, { events, persons }: BenchLogSize): Promise<Made> {
  const teller = new Teller(record, random);
  await teller.begin(Math.max(20, Math.round(events / 20_000)));
  // Each person has an entry; sources, groups, cases and statements take some eight events in a hundred, acts some four.
  const each = (events * 0.9 - BUSY_PERSONS * BUSY_FACTS) / persons - 1;
  const inTheNews: Person[] = [];
  const gone: Person[] = [];
  const some: string[] = [];
  const busy: string[] = [];
  let entered = 0;
  while (entered < persons || inTheNews.length > 0) {
    await teller.maybeSource();
    while (entered < persons && inTheNews.length < Math.min(IN_THE_NEWS, persons / 10)) {
      const isBusy = entered % Math.floor(persons / BUSY_PERSONS) === 0 && busy.length < BUSY_PERSONS;
      // Most have few facts, some have many: evenly from one to twice as many as on average.
      const facts = isBusy ? BUSY_FACTS : each < 1 ? 0 : random.whole(1, Math.max(1, Math.round(2 * each) - 1));
      const person = await teller.person(facts);
      if (isBusy) busy.push(person.id);
      else if (some.length < 1_000) some.push(person.id);
      inTheNews.push(person);
      entered++;
    }
    const place = random.whole(0, inTheNews.length - 1);
    // Now and then something comes out about somebody of long ago.
    const [old] = random.chance(0.03) && gone.length > 0 ? gone.splice(random.whole(0, gone.length - 1), 1) : [];
    const person = old ?? inTheNews[place];
    if (person === undefined) continue;
    await teller.next(person);
    if (person === old || person.waiting.length > (random.chance(0.2) ? 2 : 0)) continue;
    inTheNews[place] = inTheNews.at(-1) ?? person;
    inTheNews.pop();
    if (person.waiting.length > 0) gone.push(person);
  }
  for (const person of gone) while (person.waiting.length > 0) await teller.next(person);
  // Chance has left some over.
  while (record.count < events) await teller.statement(random.pick(some));
  return { persons, busy, some, source: teller.cited().id };
}

class Teller {
  readonly #sources: Cited[] = [];
  readonly #groups: string[] = [];
  #case: string | undefined;
  /** Ids of subjects to be entered, whose keys are there. */
  readonly #ids = new Map<Category, string[]>();

  constructor(
    private readonly record: Recorded,
    private readonly random: Random,
  ) {}

  async begin(groups: number): Promise<void> {
    for (let made = 0; made < 10; made++) await this.#source();
    for (let made = 0; made < groups; made++) {
      const id = this.random.id();
      this.#groups.push(id);
      await this.record.say('group', id, enterGroup(this.random), this.cited());
    }
  }

  async maybeSource(): Promise<void> {
    if (this.random.chance(0.01)) await this.#source();
  }

  async #source(): Promise<void> {
    const text = article(this.random);
    const id = await this.#newId('source');
    this.#sources.push({ id, length: text.length });
    const type = this.random.pick(['article', 'report', 'court-document']);
    const title = sentence(this.random, 6);
    await this.record.say('source', id, {
      type: 'SourceEntered',
      data: { type, title, publisher: 'Newspaper A', lang: 'en', text },
    });
  }

  /** One of the latest sources. */
  cited(): Cited {
    const latest = this.#sources.slice(-10);
    return this.random.pick(latest);
  }

  async person(facts: number): Promise<Person> {
    const { random, record } = this;
    const id = await this.#newId('person');
    if (random.chance(0.08)) {
      this.#case = await this.#newId('case');
      await record.say('case', this.#case, enterCase(random), this.cited());
    }
    await record.say('person', id, enterPerson(random), this.cited());
    return { id, waiting: story(random, facts, this.#groups, random.chance(0.25) ? this.#case : undefined), facts: [] };
  }

  async statement(speaker: string): Promise<void> {
    const made = statement(this.random, { person: speaker }, [{ group: this.random.pick(this.#groups) }]);
    await this.record.say('statement', await this.#newId('statement'), made, this.cited());
  }

  /** Keys are made many at a time: one by one each would cost a flush of the disk. */
  async #newId(category: Category): Promise<string> {
    let ids = this.#ids.get(category);
    if (ids === undefined || ids.length === 0) {
      ids = Array.from({ length: category === 'person' || category === 'statement' ? 500 : 50 }, () =>
        this.random.id(),
      );
      await this.record.makeKeys(ids.map((id) => streamName(category, id)));
      this.#ids.set(category, ids);
    }
    return ids.pop() ?? this.random.id();
  }

  /** Records what is next of a person; sometimes others say something of an earlier fact. */
  async next({ id, waiting, facts }: Person): Promise<void> {
    const { random, record } = this;
    if (random.chance(0.02)) await this.statement(id);
    const told = waiting.shift();
    if (told === undefined) return;
    if (facts.length > 0 && random.chance(0.05)) {
      const { type, data, byAnother } = act(random, random.pick(facts));
      await record.say(
        'person',
        id,
        { type, data },
        byAnother ? undefined : this.cited(),
        byAnother ? 'key:other' : undefined,
      );
    }
    facts.push(await record.say('person', id, told, this.cited()));
  }
}
