/** What decisions ask for, and what they give. */
import type { Visibility } from '#kernel';
import type { Category, SubjectId } from '../catalogue/category.js';
import type { Data } from '../catalogue/definition.js';
import type { SubjectState } from './state.js';

/** What a decision depends on besides the subject's own events. */
export interface DecideContext {
  readonly now: Date;
  /** The id of the principal who records it. */
  readonly recordedBy: string;
  /** All that is on record of the subject, where whoever decides may not see all of it. */
  readonly whole?: SubjectState | undefined;
  /** Who may see it, as whoever records it says; left out: they do not say. */
  readonly visibility?: Visibility | undefined;
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
