/**
 * An office that records: commands of every kind that the log treats differently (new subjects, facts on subjects that
 * several clients write to at once, acts about earlier facts, moves over two streams), each with its idempotency key, and
 * a book of what was answered.
 *
 * Every command is one that must be accepted sooner or later: nobody acts twice on the same fact, or on one whose
 * recording was not yet answered. All of it is invented.
 */
import { randomUUID } from 'node:crypto';
import type { Random } from './random.js';

export const ADMIN_KEY = 'crash-admin-key-of-sufficient-length';

export interface Command {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly key: string;
}

export interface Recorded {
  /** The subject. */
  readonly id: string;
  readonly event: string;
  readonly type: string;
  readonly recordedAt: string;
  /** Where to read it. */
  readonly position: string;
}

export type Answer =
  | { readonly kind: 'recorded'; readonly recorded: Recorded }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** The server was gone before it had answered. */
  | { readonly kind: 'none' };

/** Sends a command once. */
async function send(url: string, { path, body, key }: Command, signal?: AbortSignal): Promise<Answer> {
  let status: number;
  let text: string;
  let position: string;
  try {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      ...(signal !== undefined && { signal }),
    });
    status = response.status;
    position = response.headers.get('habeas-position') ?? '';
    text = await response.text();
  } catch {
    return { kind: 'none' };
  }
  const answer = JSON.parse(text) as Recorded & { code?: unknown };
  return status === 201
    ? { kind: 'recorded', recorded: { ...answer, position } }
    : { kind: 'refused', status, code: String(answer.code) };
}

interface Fact {
  readonly person: string;
  readonly event: string;
}

const TEXT = 'Person A was arrested in Town A in May 2017.\nGroup A says that it will register.';
const MONTHS = ['2015', '2016-02', '2016-11-03', '2017-05', '2017-05-14/2017-06-02', '2018-11-20', '../2019-01'];

export class Office {
  /** Every command that was answered with 201, by its event's id. */
  readonly recorded = new Map<string, { readonly command: Command; readonly recorded: Recorded }>();
  /** Sent, and not known to be recorded. */
  readonly open = new Set<Command>();
  readonly #persons: string[] = [];
  readonly #groups: string[] = [];
  /** Facts that nothing was yet said about. */
  readonly #facts: Fact[] = [];
  #source = '';
  #serial = 0;

  constructor(private readonly random: Random) {}

  get persons(): readonly string[] {
    return this.#persons;
  }

  get groups(): readonly string[] {
    return this.#groups;
  }

  /** What the rest speaks of: one source, some persons, one group. */
  async prepare(url: string): Promise<void> {
    await this.mustRecord(
      url,
      this.command('/v1/sources', { type: 'article', title: 'Article A', lang: 'en', text: TEXT }),
    );
    for (let n = 0; n < 4; n++) await this.mustRecord(url, this.enterPerson());
    await this.mustRecord(url, this.enterGroup());
  }

  /** Records one command; fails if it is not accepted. */
  async mustRecord(url: string, command: Command): Promise<Recorded> {
    const answer = await this.say(url, command);
    if (answer.kind !== 'recorded') throw new Error(`${command.path} was not recorded: ${JSON.stringify(answer)}`);
    return answer.recorded;
  }

  /** Sends a command and enters the answer in the book. */
  async say(url: string, command: Command, signal?: AbortSignal): Promise<Answer> {
    this.open.add(command);
    const answer = await send(url, command, signal);
    if (answer.kind === 'recorded') this.#enter(command, answer.recorded);
    return answer;
  }

  /** A command that nobody has sent yet. */
  next(): Command {
    const dice = this.random.below(100);
    if (dice < 15) return this.enterPerson();
    if (dice < 18) return this.enterGroup();
    if (dice < 26) return this.support();
    if (dice < 46) return this.#act() ?? this.fact();
    return this.fact();
  }

  enterPerson(): Command {
    return this.command('/v1/persons', {
      names: [{ text: `Person ${++this.#serial}`, kind: 'legal' }],
      citations: this.#cited(),
    });
  }

  enterGroup(): Command {
    const names = [{ text: `Group ${++this.#serial}`, kind: 'legal' }];
    return this.command('/v1/groups', { names, kind: 'movement', citations: this.#cited() });
  }

  support(): Command {
    const quantities = [{ value: 1 + this.random.below(9_000), qualifier: 'about' }];
    return this.command(`/v1/groups/${this.random.pick(this.#groups)}/support`, {
      ...this.#reported(),
      quantities,
      kind: 'signature',
      as: 'claimed',
    });
  }

  /** What somebody went through. */
  fact(): Command {
    const [route, own] = this.random.pick<readonly [string, Readonly<Record<string, unknown>>]>([
      ['arrests', { place: 'Town A' }],
      ['arrests', {}],
      ['charges', { counts: [{ offence: 'Offence A' }] }],
      ['trials', { presence: 'present' }],
      ['sentences', { presence: 'unknown', counts: [{ offence: 'Offence A' }], penalty: 'custodial', term: 'P18M' }],
      ['releases', { reason: 'served' }],
      ['labels', { label: 'somebody' }],
    ]);
    return this.command(`/v1/persons/${this.random.pick(this.#persons)}/${route}`, { ...this.#reported(), ...own });
  }

  /** Something about an earlier fact: a dispute, a retraction, a move to somebody else. */
  #act(): Command | undefined {
    if (this.#facts.length === 0) return undefined;
    const [fact] = this.#facts.splice(this.random.below(this.#facts.length), 1);
    if (fact === undefined) return undefined;
    const path = `/v1/persons/${fact.person}`;
    const about = { fact: fact.event, reason: `Reason ${++this.#serial}.` };
    switch (this.random.below(3)) {
      case 0:
        return this.command(`${path}/disputes`, { ...about, kind: 'denied', citations: this.#cited() });
      case 1:
        return this.command(`${path}/retractions`, about);
      default: {
        const others = this.#persons.filter((person) => person !== fact.person);
        return this.command(`${path}/moves`, { ...about, to: { person: this.random.pick(others) } });
      }
    }
  }

  #enter(command: Command, recorded: Recorded): void {
    this.open.delete(command);
    const known = this.recorded.get(recorded.event);
    if (known !== undefined && known.command.key !== command.key) {
      throw new Error(`Two commands were answered with the event ${recorded.event}.`);
    }
    this.recorded.set(recorded.event, { command, recorded });
    if (known !== undefined) return;
    if (recorded.type === 'SourceEntered') this.#source = recorded.id;
    else if (recorded.type === 'PersonEntered') this.#persons.push(recorded.id);
    else if (recorded.type === 'GroupEntered') this.#groups.push(recorded.id);
    else if (command.path.startsWith('/v1/persons/') && 'basis' in command.body) {
      this.#facts.push({ person: recorded.id, event: recorded.event });
    }
  }

  command(path: string, body: Readonly<Record<string, unknown>>): Command {
    return { path, body, key: randomUUID() };
  }

  #reported(): Readonly<Record<string, unknown>> {
    return {
      occurred: this.random.pick(MONTHS),
      basis: 'reported',
      confidence: 'medium',
      citations: this.#cited(),
      note: `Note ${++this.#serial}.`,
    };
  }

  #cited(): readonly unknown[] {
    return [{ sourceId: this.#source, quote: { exact: 'was arrested', prefix: 'Person A ' } }];
  }
}
