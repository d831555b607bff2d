/** A record in memory for specifications: given events, when a payload comes, then events or refusals. */
import type { Visibility } from '#kernel';
import type { Refusal, Result } from '#kernel';
import { definitionOf, validatePayload } from '../catalogue/catalogue.js';
import type { Category } from '../catalogue/category.js';
import type { Data, EventDefinition } from '../catalogue/definition.js';
import { EXAMPLE_IDS, examples } from '../examples/index.js';
import type { DecideContext, NewEvent } from './context.js';
import { decide, referencesToResolve } from './decide.js';
import type { DomainEvent } from './event.js';
import { evolve, initial, type SubjectState } from './state.js';

export interface Who {
  readonly by?: string;
  readonly on?: string;
  readonly visibility?: Visibility;
  /** Of the event; drawn if left out. */
  readonly id?: string;
}

export const RECORDER = 'recorder-a';
export const REVIEWER = 'reviewer-b';

const NOW = '2026-01-15T12:00:00.000Z';

export function definition(type: string): EventDefinition {
  const found = definitionOf(type);
  if (found === undefined) throw new Error(`There is no event ${type}.`);
  return found;
}

/** The example of an event with other fields; a field that is undefined is left out. */
export function like(type: string, fields: object = {}): Data {
  return Object.fromEntries(
    Object.entries({ ...examples[type], ...fields }).filter(([, value]) => value !== undefined),
  );
}

export class RecordInMemory {
  private readonly subjects = new Map<string, SubjectState>();
  private count = 0;

  state(kind: Category, id: string): SubjectState {
    return this.subjects.get(`${kind} ${id}`) ?? initial(kind, id);
  }

  /** Asks to record something, as an interface would; what is accepted is recorded. */
  when(
    kind: Category,
    id: string,
    type: string,
    json: unknown,
    who: Who = {},
  ): Result<readonly NewEvent[], readonly Refusal[]> {
    const eventDefinition = definition(type);
    const payload = validatePayload(eventDefinition, json);
    if (!payload.ok) return payload;
    const state = this.state(kind, id);
    const context = this.context(who, referencesToResolve(eventDefinition, state, payload.value));
    const decided = decide(eventDefinition, state, payload.value, context);
    if (decided.ok) for (const event of decided.value) this.put(kind, id, event, who);
    return decided;
  }

  /** The same, where it has to be accepted. @returns the id of the event */
  given(kind: Category, id: string, type: string, fields: object = {}, who: Who = {}): string {
    const decided = this.when(kind, id, type, like(type, fields), who);
    const [event] = decided.ok ? decided.value : [];
    if (event === undefined) throw new Error(`${type} was refused: ${JSON.stringify(decided)}`);
    return event.id;
  }

  /** Takes an event as it is. */
  put(
    kind: Category,
    id: string,
    event: NewEvent,
    { by = RECORDER, on = NOW, visibility = 'internal' }: Who = {},
  ): void {
    const recorded: DomainEvent = { ...event, recordedAt: on, recordedBy: by, visibility };
    this.subjects.set(`${kind} ${id}`, evolve(this.state(kind, id), recorded));
  }

  context(
    { by = RECORDER, on = NOW, id, visibility }: Who = {},
    needed?: ReturnType<typeof referencesToResolve>,
  ): DecideContext {
    const ask = (kind: Category, subject: string, needs: 'existence' | 'state'): SubjectState | undefined => {
      // Whoever decides may only ask for what they said that they would.
      const announced = needed?.some((each) => {
        return each.kind === kind && each.id === subject && (each.needs === 'state' || needs === 'existence');
      });
      if (announced === false) throw new Error(`The ${needs} of ${kind} ${subject} was not among the references.`);
      return this.subjects.get(`${kind} ${subject}`);
    };
    const drawn = id ?? `ffffffff-0000-4000-8000-${String(++this.count).padStart(12, '0')}`;
    return {
      now: new Date(on),
      recordedBy: by,
      visibility,
      eventId: (index) => (index === 0 ? drawn : `${drawn}-${index}`),
      exists: (kind, subject) => ask(kind, subject, 'existence') !== undefined,
      subject: (kind, subject) => ask(kind, subject, 'state'),
    };
  }
}

const { sourceA, sourceB, personA, personB, groupA, groupB, caseA, caseB, statementA } = EXAMPLE_IDS;

/** A record that holds every subject that the examples name, and their source with its text. */
export function aRecord(): RecordInMemory {
  const record = new RecordInMemory();
  record.given('source', sourceA, 'SourceEntered');
  record.given('source', sourceB, 'SourceEntered', { text: undefined, published: '2019-03' });
  for (const id of [personA, personB]) record.given('person', id, 'PersonEntered');
  for (const id of [groupA, groupB]) record.given('group', id, 'GroupEntered');
  for (const id of [caseA, caseB]) record.given('case', id, 'CaseEntered');
  record.given('statement', statementA, 'StatementMade');
  return record;
}

/** Codes and pointers of the refusals; none for what was accepted. */
export function refusals(result: Result<unknown, readonly Refusal[]>): readonly string[] {
  return result.ok ? [] : result.error.map(({ code, pointer }) => `${code} ${pointer ?? ''}`.trim());
}
