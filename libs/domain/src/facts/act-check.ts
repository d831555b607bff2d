/** Whether an act can be done to what it names: a fact that is there and stands, a dispute that is open, another subject. */
import type { SubjectId } from '../catalogue/category.js';
import { definitionOf } from '../catalogue/catalogue.js';
import type { Data } from '../catalogue/definition.js';
import { sourceOf } from '../source/record.js';
import { isPlainObject } from '../validation/fields.js';
import type { DecideContext } from './context.js';
import { factOf, type StandingFact, stands } from './ledger.js';
import type { Path, Refuse } from './refusing.js';
import { standingOf } from './standing.js';
import { type Entry, entryOfEvent, type SubjectState } from './state.js';

export class ActCheck {
  constructor(
    private readonly type: string,
    private readonly asked: Pick<DecideContext, 'recordedBy' | 'subject'>,
    private readonly refuse: Refuse,
  ) {}

  allows(state: SubjectState, data: Data): boolean {
    switch (this.type) {
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
        return this.describable(state, data);
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
    const chain = correctedBy(state, String(fact));
    const root = chain.at(-1);
    if (root !== undefined && !root.definition.correctable) {
      this.refuse('not-correctable', 'Withdraw this and record it anew.', ['fact']);
      return false;
    }
    // A correction falls with what it corrects.
    const links = chain.length === 0 ? [fact] : chain.map(({ event }) => event.id);
    return links.every((id) => this.entry(state, id, ['fact']) !== undefined);
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
    if (!recorders.includes(this.asked.recordedBy)) return true;
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
    const state = this.asked.subject('person', String(person));
    // That there is no such person is told with the other references.
    return state === undefined || this.standingFact(state, fact, ['fact']) !== undefined;
  }

  private describable(state: SubjectState, { reason: _, ...details }: Data): boolean {
    const held = sourceOf(state);
    if (details.sha256 !== undefined && held?.text !== undefined && details.sha256 !== held.sha256) {
      this.refuse('invalid-value', 'This is not the SHA-256 of the text as it is kept: leave it out.', ['sha256']);
      return false;
    }
    if (Object.keys(details).length > 0) return true;
    this.refuse('missing-field', 'Give at least one detail that is to be corrected.', []);
    return false;
  }
}

/** Withdrawn by an act, or by a dispute that was upheld. */
function withdrawn(state: SubjectState, { event, definition }: Entry): boolean {
  if (standingOf(state).withdrawals.has(event.id)) return true;
  return definition.isFact && factOf(state, event.id)?.standing === 'withdrawn';
}

/** What a chain of corrections leads to, itself first; only itself, where it is no correction; none, where it is not there. */
export function correctedBy(state: SubjectState, id: string): readonly Entry[] {
  const chain: Entry[] = [];
  let found = entryOfEvent(state, id);
  while (found !== undefined && found.index < (chain.at(-1)?.index ?? Infinity)) {
    chain.push(found);
    found = found.event.type === 'FactCorrected' ? entryOfEvent(state, String(found.event.data.fact)) : undefined;
  }
  return chain;
}

/** The person or group that `{ person }` or `{ group }` names. */
export function subjectOf(value: unknown): SubjectId | undefined {
  if (!isPlainObject(value)) return undefined;
  if (typeof value.person === 'string') return { kind: 'person', id: value.person };
  return typeof value.group === 'string' ? { kind: 'group', id: value.group } : undefined;
}
