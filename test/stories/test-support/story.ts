/**
 * Stories, told over HTTP as a client tells them, and what the record then says, in lines that are read by eye.
 *
 * A story is a list of steps: sources with the words, subjects, and facts that quote them. `{name}` stands for what the
 * step of that name was answered: a subject's id, or an event's. Every story is told twice, the second time with its
 * facts in reverse; both times the record has to say the same.
 */
import type {
  AnswerView,
  CaseView,
  Document,
  FactView,
  GroupView,
  HistoryPage,
  PersonView,
  RoleView,
} from '#projections';
import { comparable } from '../../support/comparable.js';
import { startServer, type TestServer } from '../../e2e/test-support/server.js';

export type Json = string | number | boolean | readonly Json[] | { readonly [field: string]: Json };
export type Fields = Readonly<Record<string, Json>>;

type Kind = 'source' | 'person' | 'group' | 'case' | 'statement';

export interface Step {
  readonly name: string;
  /** Of what it enters; left out where it is recorded of `of`. */
  readonly kind?: Kind;
  /** The step that entered the subject, and the route there. */
  readonly of?: string;
  readonly route?: string;
  readonly body: Fields;
  /** What is recorded about facts is recorded after them, in the order of the story. */
  readonly isAct: boolean;
}

/** A source that holds its text. @param published EDTF */
export function source(name: string, published: string, text: string): Step {
  const body = { type: 'article', title: name, publisher: name, published, lang: 'en', text };
  return { name, kind: 'source', body, isAct: false };
}

/** @param cited "source: words", as everywhere here */
export function person(name: string, fullName: string, cited: string): Step {
  const body = { names: [{ text: fullName, kind: 'legal' }], citations: citations(cited) };
  return { name, kind: 'person', body, isAct: false };
}

export function group(name: string, fullName: string, kind: string, cited: string): Step {
  const body = { names: [{ text: fullName, kind: 'legal' }], kind, citations: citations(cited) };
  return { name, kind: 'group', body, isAct: false };
}

export function legalCase(name: string, title: string, cited: string): Step {
  return { name, kind: 'case', body: { title, citations: citations(cited) }, isAct: false };
}

export function statement(name: string, when: string, cited: string, fields: Fields): Step {
  return { name, kind: 'statement', body: { ...reported(when, cited), ...fields }, isAct: false };
}

/** A fact. @param what "subject/route"; @param when EDTF, `` for unknown */
export function fact(name: string, what: string, when: string, cited: string, fields: Fields = {}): Step {
  const [of = '', route = ''] = what.split('/');
  return { name, of, route, body: { ...reported(when, cited), ...fields }, isAct: false };
}

/** What is recorded about facts, or about a subject. */
export function act(name: string, what: string, fields: Fields, cited?: string): Step {
  const [of = '', route = ''] = what.split('/');
  const body = { ...fields, ...(cited !== undefined && { citations: citations(cited) }) };
  return { name, of, route, body, isAct: true };
}

function reported(when: string, cited: string): Fields {
  const evidence = { basis: 'reported', confidence: 'medium', citations: citations(cited) };
  return when === '' ? evidence : { occurred: when, ...evidence };
}

/** "source: words", several separated by " | ". */
function citations(cited: string): Json {
  return cited.split(' | ').map((one) => {
    const colon = one.indexOf(': ');
    if (colon < 0) throw new Error(`"${one}" does not say of which source it is.`);
    return { sourceId: `{${one.slice(0, colon)}}`, quote: { exact: one.slice(colon + 2) } };
  });
}

type Order = 'as told' | 'in reverse';

/** Tells the story in both orders, and checks both by `then`; what is known when is asked of the first alone. */
export function tell(title: string, steps: readonly Step[], then: (record: TheRecord) => Promise<void>): void {
  describe(title, () => {
    const documents = new Map<Order, unknown>();
    test.each<Order>(['as told', 'in reverse'])(
      '%s',
      async (order) => {
        const record = await TheRecord.of(steps, order);
        try {
          await then(record);
          documents.set(order, await record.documents());
        } finally {
          await record.end();
        }
      },
      60_000,
    );
    test('both say the same', () => {
      expect(documents.get('in reverse')).toEqual(documents.get('as told'));
    });
  });
}

/** What is asked: on which day or span, and what was known once a step had been recorded. */
export interface Asked {
  readonly on?: string;
  readonly knownAfter?: string;
}

export class TheRecord {
  private readonly ids = new Map<string, string>();
  private readonly kinds = new Map<string, Kind>();
  private readonly recordedAt = new Map<string, string>();
  private last = '';

  private constructor(
    private readonly server: TestServer,
    readonly order: Order,
  ) {}

  static async of(steps: readonly Step[], order: Order): Promise<TheRecord> {
    const record = new TheRecord(await startServer(), order);
    for (const step of order === 'as told' ? steps : reversed(steps)) await record.send(step);
    return record;
  }

  async send({ name, kind, of, route, body }: Step): Promise<void> {
    const path = kind === undefined ? `/v1/${this.kindOf(of)}s/${this.id(of)}/${route ?? ''}` : `/v1/${kind}s`;
    const { body: answer, headers } = await this.server.client.request<{ id: string; event: string }>(path, {
      method: 'POST',
      body: this.filled(body),
      headers: { 'idempotency-key': name },
    });
    this.ids.set(name, kind === undefined ? answer.event : answer.id);
    if (kind !== undefined) this.kinds.set(name, kind);
    this.last = headers.get('habeas-position') ?? '';
    // So that a moment lies between this event and the next one.
    this.recordedAt.set(name, new Date().toISOString());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }

  id(name = ''): string {
    const id = this.ids.get(name);
    if (id === undefined) throw new Error(`Nothing is called "${name}" here.`);
    return id;
  }

  person(name: string, asked: Asked = {}): Promise<PersonView> {
    return this.read<PersonView>(name, asked);
  }

  group(name: string, asked: Asked = {}): Promise<GroupView> {
    return this.read<GroupView>(name, asked);
  }

  case(name: string, asked: Asked = {}): Promise<CaseView> {
    return this.read<CaseView>(name, asked);
  }

  /** Every answer of which anything is known, a line each; see `answerLine`. */
  async says(name: string, asked: string | Asked, lines: string): Promise<void> {
    const by: Asked = typeof asked === 'string' ? { on: asked } : asked;
    const view = await this.read<Document>(name, by);
    const expected = lines
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    expect({ name, ...by, says: this.linesOf(view) }).toEqual({ name, ...by, says: expected });
  }

  /** The answers of today. */
  async saysNow(name: string, summary: string, lines: string): Promise<void> {
    expect((await this.read<Document>(name, {})).summary).toBe(summary);
    await this.says(name, {}, lines);
  }

  /** The timeline, a line for each fact: its name in the story, when, and what became of it. */
  async timeline(name: string, lines: readonly string[]): Promise<void> {
    const { timeline } = await this.read<Document>(name, {});
    expect(timeline.map((one) => this.factLine(one))).toEqual(lines);
  }

  /** What each event changed of the present answers, in the order of the log: "step: axis from -> to". */
  async history(name: string, lines: readonly string[]): Promise<void> {
    const path = `/v1/${this.kindOf(name)}s/${this.id(name)}/history?limit=200&minPosition=${this.last}`;
    const { items } = (await this.server.client.request<HistoryPage>(path)).body;
    const said = items.map(({ event, changes }) => {
      const parts = changes.map(({ axis, from, to, kind }) => `${axis} ${from.value} -> ${to.value} (${kind})`);
      return `${this.named(event)}: ${parts.sort().join(', ')}`;
    });
    expect(said.filter((line) => !line.endsWith(': '))).toEqual(lines);
  }

  /** Every subject's document, without what the order of recording may change. */
  async documents(): Promise<unknown> {
    const found: Record<string, unknown> = {};
    for (const name of [...this.kinds.keys()].sort()) {
      found[name] = comparable(await this.read(name, {}));
    }
    return found;
  }

  end(): Promise<void> {
    return this.server.end();
  }

  private async read<View>(name: string, { on, knownAfter }: Asked): Promise<View> {
    const query = new URLSearchParams({ minPosition: this.last });
    if (on !== undefined) query.set('validAt', on);
    if (knownAfter !== undefined) query.set('knownAt', this.recordedAt.get(knownAfter) ?? '');
    const path = `/v1/${this.kindOf(name)}s/${this.id(name)}?${query.toString()}`;
    return (await this.server.client.request<View>(path)).body;
  }

  private kindOf(name = ''): Kind {
    const kind = this.kinds.get(name);
    if (kind === undefined) throw new Error(`"${name}" is no subject of this story.`);
    return kind;
  }

  private filled(value: Json): Json {
    if (typeof value === 'string') {
      const name = /^\{(.+)\}$/.exec(value)?.[1];
      return name === undefined ? value : this.id(name);
    }
    if (Array.isArray(value)) return value.map((one: Json) => this.filled(one));
    if (typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([field, one]: [string, Json]) => [field, this.filled(one)]));
  }

  private named(id: string): string {
    return [...this.ids].find(([, one]) => one === id)?.[0] ?? id;
  }

  private linesOf(view: Document): readonly string[] {
    switch (view.kind) {
      case 'person': {
        const { asylum, extradition, ...single } = view.axes;
        const inCases = view.cases.flatMap(({ id, title: _, offences: __, ...axes }) =>
          answers(Object.values(axes), id === undefined ? '' : `${this.named(id)}.`),
        );
        return [
          ...answers([...Object.values(single), ...asylum, ...extradition]),
          ...inCases,
          ...view.roles.map((role) => this.roleLine(role)),
        ];
      }
      case 'group': {
        const { electionEntries, ...single } = view.axes;
        const support = view.support.map(
          ({ qualifier, value, kind, as }) => `support: ${qualifier} ${value} ${kind}s ${as}`,
        );
        return [...answers([...Object.values(single), ...electionEntries]), ...support];
      }
      case 'case':
        return view.persons.flatMap(({ person: who, ...axes }) =>
          answers(Object.values(axes), `${this.named(who.id)}.`),
        );
      default:
        return [];
    }
  }

  private roleLine({ role, organisation, value, since, until, certain }: RoleView): string {
    const where = organisation.id === undefined ? organisation.name : this.named(organisation.id);
    const days = [since && ` since ${since}`, until && ` until ${until}`].filter((part) => part !== undefined).join('');
    return `${role} of ${where ?? '?'}: ${value}${days}${certain ? '' : ' ?'}`;
  }

  private factLine({ event, occurred, standing, disputed, sameAs }: FactView): string {
    return [
      this.named(event),
      occurred ?? '..',
      ...(standing === 'standing' ? [] : [standing]),
      ...(disputed ? ['disputed'] : []),
      ...(sameAs.length === 0 ? [] : [`same as ${sameAs.map((id) => this.named(id)).join()}`]),
    ].join(' ');
  }
}

function answers(all: readonly AnswerView[], prefix = ''): readonly string[] {
  return all
    .filter(({ value, possible }) => value !== 'unknown' || possible.length > 0)
    .map((answer) => prefix + answerLine(answer));
}

/**
 * `axis key: value (details) since day`, and then what is to be said of it: `? a|b` where it is not certain, with what is
 * possible; of liberty that is not certain, whether at least deprivation is.
 */
function answerLine({ axis, key, ...answer }: AnswerView): string {
  const { value, detail, since, certain, possible, groups, disputed, orderUncertain, otherReadings, reason } = answer;
  const details = Object.entries(detail ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => `${name} ${text}`);
  const { deprived } = groups;
  return [
    `${axis}${key === undefined ? '' : ` ${key}`}: ${value}`,
    details.length === 0 ? '' : ` (${details.join(', ')})`,
    since === undefined ? '' : ` since ${since}`,
    certain ? '' : ` ? ${possible.join('|')}`,
    certain || axis !== 'liberty' || deprived === undefined
      ? ''
      : deprived.certain
        ? ', deprived'
        : deprived.possible
          ? ', perhaps deprived'
          : '',
    disputed ? ', disputed' : '',
    orderUncertain ? `, or by another order ${otherReadings.join('|')}` : '',
    reason === undefined ? '' : `, ${reason}`,
    answer.laterQuashed === true ? ', later quashed' : '',
  ].join('');
}

/** Facts and subjects from the last to the first, as far as they do not name each other; then what is recorded about them. */
function reversed(steps: readonly Step[]): readonly Step[] {
  const waiting = steps.filter(({ isAct }) => !isAct).reverse();
  const sent = new Set<string>();
  const order: Step[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((step) => [...namesIn(step)].every((name) => sent.has(name)));
    const [step] = waiting.splice(next, 1);
    if (next < 0 || step === undefined) throw new Error('Steps name each other, or what is not there.');
    sent.add(step.name);
    order.push(step);
  }
  return [...order, ...steps.filter(({ isAct }) => isAct)];
}

function namesIn({ of, body }: Step): ReadonlySet<string> {
  const found = new Set(of === undefined ? [] : [of]);
  const visit = (value: Json): void => {
    if (typeof value === 'string') {
      const name = /^\{(.+)\}$/.exec(value)?.[1];
      if (name !== undefined) found.add(name);
    } else if (typeof value === 'object')
      Object.values(value).forEach((one: Json) => {
        visit(one);
      });
  };
  visit(body);
  return found;
}
