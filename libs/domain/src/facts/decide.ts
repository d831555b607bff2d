/**
 * What comes of a payload that is valid by itself: the events to record, or why not.
 *
 * Facts are never refused for what the record believes so far. What is refused, each with its own code (REFUSAL_CODES):
 * what names something that is not there, words that the cited source does not hold, a day that lies ahead, and acts on
 * facts that cannot be acted on in this way.
 */
import { createHash } from 'node:crypto';
import { err, isoDay, jsonPointer, ok, parseEdtf, recordingDay, type Refusal, refusal, type Result } from '#kernel';
import type { Category, SubjectId } from '../catalogue/category.js';
import { definitionOf } from '../catalogue/catalogue.js';
import type { Data, EventDefinition } from '../catalogue/definition.js';
import { embeddedIn, references } from '../catalogue/references.js';
import { findQuote } from '../source/quotation.js';
import { latestPublication, sourceOf } from '../source/record.js';
import { fieldsOf, isPlainObject, type PayloadClass } from '../validation/fields.js';
import type { RefusalCode } from '../validation/refusal-codes.js';
import { faultsOf } from '../validation/validate.js';
import { Citation, type Quote } from './citation.js';
import { factOf, type StandingFact, stands } from './ledger.js';
import { standingOf } from './standing.js';
import { type Entry, entryOfEvent, type SubjectState } from './state.js';

/** What a decision depends on besides the subject's own events. */
export interface DecideContext {
  readonly now: Date;
  /** The id of the principal who records it. */
  readonly recordedBy: string;
  /** The id of the command's event of this index, from 0. */
  eventId(index: number): string;
  /** Whether there is such a subject. Asked for all that `referencesToResolve` names. */
  exists(kind: Category, id: string): boolean;
  /** The state of a subject that `referencesToResolve` asks the state of; undefined: there is none. */
  subject(kind: Category, id: string): SubjectState | undefined;
  /** Of a move alone: the id under which the fact is recorded at its new place by now. */
  readonly movedTo?: string;
}

export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Data;
}

/** A subject that a decision asks for. */
export interface NeededSubject extends SubjectId {
  /** `state`: its events are looked at; `existence`: it is enough to know that there is one. */
  readonly needs: 'existence' | 'state';
}

/** What is to be looked up before {@link decide} is called with the same definition, state and data. */
export function referencesToResolve(
  definition: EventDefinition,
  state: SubjectState | undefined,
  data: Data,
): readonly NeededSubject[] {
  const found = new Map<string, NeededSubject>();
  for (const { kind, id } of references(definition, data, innerOf(definition, state, data))) {
    const needs = kind === 'source' || definition.type === 'FactAssignedToCase' ? 'state' : 'existence';
    found.set(`${kind} ${id}`, { kind, id, needs });
  }
  return [...found.values()];
}

/**
 * Decides on a payload that {@link validatePayload} gave.
 *
 * @param state of the subject; undefined, or nothing recorded: there is no such subject
 * @returns at least one event, in the order in which they are to be recorded, in one append
 */
export function decide(
  definition: EventDefinition,
  state: SubjectState | undefined,
  data: Data,
  context: DecideContext,
): Result<readonly NewEvent[], readonly Refusal[]> {
  const refusals: Refusal[] = [];
  const decision = new Decision(definition, state, context, (code, detail, path) => {
    refusals.push(path === undefined ? refusal(code, detail) : refusal(code, detail, jsonPointer(path)));
  });
  const decided = decision.on(data);
  if (refusals.length > 0 || decided === undefined) return err(refusals);
  return ok([{ id: context.eventId(0), type: definition.type, data: decided }]);
}

/** A fact that is to be recorded elsewhere, as the first half of a move. */
export interface PlannedMove {
  readonly target: SubjectId;
  readonly definition: EventDefinition;
  /** To be recorded at the target as it is: its citations are already resolved. */
  readonly data: Data;
}

/**
 * The first half of a move: what is to be recorded at the target, by {@link decideMoved}. The second half is
 * {@link decide} on the same payload with `movedTo` in its context. Both halves say where the other is, so a sequence that
 * was interrupted is taken up by doing both again under the same ids.
 *
 * The fact goes as corrected. `after` stays behind, since it names facts of this subject.
 */
export function planMove(
  state: SubjectState,
  move: Data,
  context: DecideContext,
): Result<PlannedMove, readonly Refusal[]> {
  const definition = definitionOf('FactMoved');
  if (definition === undefined) throw new Error('The catalogue has no moves.');
  const allowed = decide(definition, state, move, { ...context, movedTo: context.eventId(0) });
  if (!allowed.ok) return allowed;
  const fact = factOf(state, String(move.fact));
  const ofFact = fact === undefined ? undefined : definitionOf(fact.type);
  const target = subjectOf(move.to);
  if (fact === undefined || ofFact === undefined || target === undefined) {
    throw new Error('A move that was allowed has a fact and a target.');
  }
  const { after: _, ...data } = fact.data;
  return ok({ target, definition: ofFact, data: { ...data, movedFrom: { [state.kind]: state.id, fact: fact.id } } });
}

/** The first half of a move, at the target. */
export function decideMoved(
  { definition, target, data }: PlannedMove,
  state: SubjectState | undefined,
  context: Pick<DecideContext, 'eventId'>,
): Result<readonly NewEvent[], readonly Refusal[]> {
  if (state?.exists !== true) return err([missing(target.kind, '/to')]);
  return ok([{ id: context.eventId(0), type: definition.type, data }]);
}

/** A source's text of one event, in bytes: sealed it must fit an append to the log. */
const MOST_TEXT_BYTES = 360_000;

type Path = readonly (string | number)[];
type Refuse = (code: RefusalCode, detail: string, path?: Path) => void;

class Decision {
  constructor(
    private readonly definition: EventDefinition,
    private readonly state: SubjectState | undefined,
    private readonly context: DecideContext,
    private readonly refuse: Refuse,
  ) {}

  /** The data to record; undefined, or with refusals: nothing is. */
  on(data: Data): Data | undefined {
    const { definition, state } = this;
    if (definition.role === 'entry') {
      if (state?.exists === true) {
        this.refuse('already-exists', 'This was entered before.');
        return undefined;
      }
      return this.general(data, undefined);
    }
    if (state?.exists !== true) {
      const [kind = 'person'] = state === undefined ? definition.categories : [state.kind];
      this.refuse(NOT_FOUND[kind], `There is no ${kind} with this id.`);
      return undefined;
    }
    const fits = definition.role === 'fact' ? true : this.act(state, data);
    return fits ? this.general(data, innerOf(definition, state, data)) : undefined;
  }

  /** What holds for payloads of every type, and for payloads inside of them. */
  private general(data: Data, inner: EventDefinition | undefined): Data | undefined {
    const { definition, context } = this;
    let decided = data;
    const embedded = inner === undefined ? undefined : embeddedIn(definition, data);
    if (embedded !== undefined && inner !== undefined) {
      const faults = faultsOf(inner.payload, embedded.data, 'client', embedded.path);
      for (const { code, detail, pointer } of faults) this.refuse(code as RefusalCode, detail, pathOf(pointer));
      if (faults.length > 0) return undefined;
    }
    for (const { kind, id, pointer } of references(definition, data, inner)) {
      if (!context.exists(kind, id)) this.refuse(NOT_FOUND[kind], `There is no ${kind} with this id.`, pathOf(pointer));
    }
    this.notAhead(data, []);
    decided = this.citing(definition.payload, decided, []);
    if (embedded !== undefined && inner !== undefined && isPlainObject(embedded.data)) {
      this.notAhead(embedded.data, embedded.path);
      const resolved = this.citing(inner.payload, embedded.data, embedded.path);
      const { type, schemaVersion } = inner;
      decided = replaced(decided, embedded.path, this.keepingPlace(resolved, data)) as Data;
      decided = { ...decided, factType: { type, schemaVersion } };
    }
    this.notAfterItself(decided, embedded);
    return this.completed(decided);
  }

  private notAhead(data: Data, path: Path): void {
    const { occurred } = data;
    const parsed = typeof occurred === 'string' ? parseEdtf(occurred) : undefined;
    if (parsed?.ok === true && parsed.value.bounds.earliest > recordingDay(this.context.now)) {
      this.refuse('occurred-in-future', 'This day lies ahead: record what is planned as an intention.', [
        ...path,
        'occurred',
      ]);
    }
  }

  /** A fact is not after itself: neither one that is recorded now, nor one that is corrected. */
  private notAfterItself(data: Data, embedded: ReturnType<typeof embeddedIn>): void {
    const check = (payload: unknown, self: unknown, path: Path): void => {
      if (!isPlainObject(payload) || !Array.isArray(payload.after)) return;
      const index = payload.after.indexOf(self);
      if (index >= 0) this.refuse('refers-to-itself', 'A fact cannot be after itself.', [...path, 'after', index]);
    };
    check(data, this.context.eventId(0), []);
    if (embedded !== undefined) check(embedded.data, this.correctedEntry(data)?.event.id, embedded.path);
  }

  /** A fact that was moved here stays one when it is corrected. */
  private keepingPlace(resolved: Data, { fact }: Data): Data {
    if (this.definition.type !== 'FactCorrected' || this.state === undefined) return resolved;
    const root = this.correctedEntry({ fact });
    const movedFrom = root?.event.data.movedFrom;
    return movedFrom === undefined ? resolved : { ...resolved, movedFrom };
  }

  private correctedEntry({ fact }: Data): Entry | undefined {
    return this.state === undefined ? undefined : rootOf(this.state, String(fact));
  }

  /** Citations with their places and their days of publication, wherever the class has them. */
  private citing(payload: PayloadClass, data: Data, path: Path): Data {
    let cited: Record<string, unknown> | undefined;
    for (const { name, nested, list } of fieldsOf(payload).values()) {
      const value = data[name];
      if (nested === undefined || value === undefined) continue;
      const each = (one: unknown, here: Path): unknown => {
        if (!isPlainObject(one)) return one;
        return nested === Citation ? this.cite(one, here) : this.citing(nested, one, here);
      };
      const here = [...path, name];
      const after =
        list && Array.isArray(value) ? value.map((one, index) => each(one, [...here, index])) : each(value, here);
      cited = { ...(cited ?? data), [name]: after };
    }
    return cited ?? data;
  }

  private cite(citation: Data, path: Path): Data {
    const { quote, ...rest } = citation as Data & { readonly quote?: Quote };
    const state = this.context.subject('source', String(rest.sourceId));
    const source = state === undefined ? undefined : sourceOf(state);
    // That there is no such source is told with the other references.
    if (source === undefined) return citation;
    const day = latestPublication(source);
    const published = day === undefined ? {} : { published: isoDay(day) };
    if (quote === undefined || source.text === undefined) return { ...citation, ...published };
    const place = findQuote(source.text, quote);
    if (place === undefined) {
      this.refuse('quote-not-in-source', 'These words are not in the text of the source.', [...path, 'quote', 'exact']);
      return citation;
    }
    return { ...rest, at: { ...place, version: source.textVersion }, ...published };
  }

  /** Fields that the server sets. */
  private completed(data: Data): Data | undefined {
    switch (this.definition.type) {
      case 'SourceEntered':
        return this.entered(data);
      case 'SourceTextContinued': {
        const { text } = data;
        if (typeof text !== 'string' || this.state === undefined) return undefined;
        this.textFits(text);
        return { ...data, sha256: sha256((sourceOf(this.state)?.text ?? '') + text) };
      }
      case 'FactMoved':
        return this.context.movedTo === undefined ? data : { ...data, movedTo: this.context.movedTo };
      default:
        return data;
    }
  }

  private entered(data: Data): Data {
    const { text } = data;
    if (typeof text !== 'string') return data;
    this.textFits(text);
    const computed = sha256(text);
    if (data.sha256 !== undefined && data.sha256 !== computed) {
      this.refuse('invalid-value', 'This is not the SHA-256 of the text as it is kept: leave it out.', ['sha256']);
    }
    return { ...data, sha256: computed };
  }

  private textFits(text: string): void {
    if (Buffer.byteLength(text) > MOST_TEXT_BYTES) {
      this.refuse('payload-too-large', 'This part of the text is too long: continue it in further parts.', ['text']);
    }
  }

  /** Whether the act can be done to what it names. */
  private act(state: SubjectState, data: Data): boolean {
    switch (this.definition.type) {
      case 'FactCorrected':
        return this.correctable(state, data);
      case 'FactRetracted':
        return this.retractable(state, data);
      case 'FactMoved':
        return this.movable(state, data);
      case 'FactDisputed':
        return this.disputable(state, data);
      case 'AccountAdded':
        return this.standingFact(state, data.fact, ['fact']) !== undefined;
      case 'FactVerified':
        return this.verifiable(state, data);
      case 'DisputeSettled':
        return this.settleable(state, data);
      case 'FactsJudgedSame':
        return this.comparable(state, data);
      case 'FactsJudgementRevoked':
        return this.revocable(state, data, 'FactsJudgedSame');
      case 'IdentityJudgementRevoked':
        return this.revocable(state, data, 'IdentityJudged');
      case 'VisibilityChanged':
        return data.fact === undefined || this.entry(state, data.fact, ['fact']) !== undefined;
      case 'IdentityJudged':
        return this.another(state, data.person, ['person']);
      case 'CasesJoined':
      case 'SourceDependsOn':
        return this.another(state, data.other, ['other']);
      case 'FactAssignedToCase':
        return this.assignable(data);
      case 'SourceDetailsCorrected':
        return this.saysSomething(data);
      default:
        return true;
    }
  }

  private entry(state: SubjectState, id: unknown, path: Path): Entry | undefined {
    const found = entryOfEvent(state, String(id));
    if (found === undefined || found.foreign) {
      this.refuse('fact-not-found', 'Nothing of this subject has this id.', path);
      return undefined;
    }
    if (withdrawn(state, found)) {
      this.refuse('fact-already-withdrawn', 'This was withdrawn before.', path);
      return undefined;
    }
    return found;
  }

  private standingFact(state: SubjectState, id: unknown, path: Path): StandingFact | undefined {
    const found = entryOfEvent(state, String(id));
    if (found === undefined || found.foreign || !found.definition.isFact) {
      this.refuse('fact-not-found', 'No fact of this subject has this id.', path);
      return undefined;
    }
    return this.entry(state, id, path) === undefined ? undefined : factOf(state, found.event.id);
  }

  private correctable(state: SubjectState, { fact }: Data): boolean {
    const target = this.entry(state, fact, ['fact']);
    if (target === undefined) return false;
    const root = rootOf(state, target.event.id);
    if (!root?.definition.correctable) {
      this.refuse('not-correctable', 'Withdraw this and record it anew.', ['fact']);
      return false;
    }
    return this.entry(state, root.event.id, ['fact']) !== undefined;
  }

  private retractable(state: SubjectState, { fact }: Data): boolean {
    const target = this.entry(state, fact, ['fact']);
    if (target === undefined) return false;
    // Others may name a subject, and positions in a text may count on what is held.
    if (target.definition.role === 'entry' || target.event.type === 'SourceTextContinued') {
      this.refuse('not-correctable', 'An entry is corrected, not withdrawn.', ['fact']);
      return false;
    }
    return true;
  }

  private movable(state: SubjectState, { fact, to }: Data): boolean {
    const found = this.standingFact(state, fact, ['fact']);
    const target = subjectOf(to);
    if (found === undefined || target === undefined) return false;
    if (target.kind === state.kind && target.id === state.id) {
      this.refuse('refers-to-itself', 'The fact is recorded of this very subject.', ['to']);
      return false;
    }
    return this.fitting(found, target, ['to']);
  }

  private disputable(state: SubjectState, { fact, alternative }: Data): boolean {
    const found = this.standingFact(state, fact, ['fact']);
    if (found === undefined) return false;
    const other = isPlainObject(alternative) ? subjectOf(alternative.subject) : undefined;
    return other === undefined || this.fitting(found, other, ['alternative', 'subject']);
  }

  /** Facts of a person's kind are told of persons. */
  private fitting(fact: StandingFact, subject: SubjectId, path: Path): boolean {
    if (definitionOf(fact.type)?.categories.includes(subject.kind) === true) return true;
    this.refuse('invalid-value', `Such a fact is never told of a ${subject.kind}.`, path);
    return false;
  }

  private verifiable(state: SubjectState, { fact }: Data): boolean {
    const found = this.standingFact(state, fact, ['fact']);
    if (found === undefined) return false;
    const recorders = [found, ...found.corrections].map(({ recordedBy }) => recordedBy);
    if (!recorders.includes(this.context.recordedBy)) return true;
    this.refuse('verified-by-recorder', 'A fact is verified by somebody who neither recorded nor corrected it.', [
      'fact',
    ]);
    return false;
  }

  private settleable(state: SubjectState, { fact, dispute }: Data): boolean {
    const found = this.standingFact(state, fact, ['fact']);
    if (found === undefined) return false;
    const open = found.disputes.filter((each) => each.open);
    if (dispute === undefined ? open.length > 0 : open.some(({ id }) => id === dispute)) return true;
    this.refuse('dispute-not-open', 'The fact has no such open dispute.', [dispute === undefined ? 'fact' : 'dispute']);
    return false;
  }

  private comparable(state: SubjectState, { facts }: Data): boolean {
    if (!Array.isArray(facts)) return false;
    const found = facts.map((id, index) => this.standingFact(state, id, ['facts', index]));
    const [first, ...rest] = found;
    if (found.includes(undefined)) return false;
    const index = rest.findIndex((fact) => fact?.type !== first?.type);
    if (index < 0) return true;
    this.refuse('invalid-value', 'Facts of different kinds are not one and the same.', ['facts', index + 1]);
    return false;
  }

  private revocable(state: SubjectState, { judgement }: Data, type: string): boolean {
    const found = entryOfEvent(state, String(judgement));
    if (found?.event.type === type && !found.foreign && stands(state, found.event.id)) return true;
    this.refuse('not-judged', 'There is no such judgement that stands.', ['judgement']);
    return false;
  }

  private another(state: SubjectState, id: unknown, path: Path): boolean {
    if (id !== state.id) return true;
    this.refuse('refers-to-itself', 'Name another than this one.', path);
    return false;
  }

  private assignable({ person, fact }: Data): boolean {
    const state = this.context.subject('person', String(person));
    // That there is no such person is told with the other references.
    return state === undefined || this.standingFact(state, fact, ['fact']) !== undefined;
  }

  private saysSomething({ reason: _, ...details }: Data): boolean {
    if (Object.keys(details).length > 0) return true;
    this.refuse('missing-field', 'Give at least one detail that is to be corrected.', []);
    return false;
  }
}

const NOT_FOUND: Readonly<Record<Category, RefusalCode>> = {
  person: 'person-not-found',
  group: 'group-not-found',
  case: 'case-not-found',
  statement: 'statement-not-found',
  source: 'source-not-found',
};

function missing(kind: Category, pointer: string): Refusal {
  return refusal(NOT_FOUND[kind], `There is no ${kind} with this id.`, pointer);
}

/** Withdrawn by an act, or by a dispute that was upheld. */
function withdrawn(state: SubjectState, { event, definition }: Entry): boolean {
  if (standingOf(state).withdrawals.has(event.id)) return true;
  return definition.isFact && factOf(state, event.id)?.standing === 'withdrawn';
}

/** What a chain of corrections corrects in the end; the event itself, where it is no correction. */
function rootOf(state: SubjectState, id: string): Entry | undefined {
  let found = entryOfEvent(state, id);
  while (found?.event.type === 'FactCorrected') {
    const next = entryOfEvent(state, String(found.event.data.fact));
    if (next === undefined || next.index >= found.index) return undefined;
    found = next;
  }
  return found;
}

/** What the payload inside of an act is. */
function innerOf(
  definition: EventDefinition,
  state: SubjectState | undefined,
  data: Data,
): EventDefinition | undefined {
  if (state === undefined || embeddedIn(definition, data) === undefined) return undefined;
  return rootOf(state, String(data.fact))?.definition;
}

function subjectOf(value: unknown): SubjectId | undefined {
  if (!isPlainObject(value)) return undefined;
  if (typeof value.person === 'string') return { kind: 'person', id: value.person };
  return typeof value.group === 'string' ? { kind: 'group', id: value.group } : undefined;
}

function replaced(value: unknown, [step, ...rest]: readonly string[], by: unknown): unknown {
  if (step === undefined) return by;
  if (!isPlainObject(value)) return value;
  return { ...value, [step]: replaced(value[step], rest, by) };
}

function pathOf(pointer: string | undefined): Path | undefined {
  return pointer
    ?.split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
