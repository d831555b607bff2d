/**
 * What is known of one track and of the questions that are asked of it. When facts come to the track, the reading goes
 * on from the last place in front of them that they leave as it was: the main reading from the first fact that changed,
 * the worlds from a mark that lies before it, the segments from the day of that mark.
 */
import type { Day } from '#kernel';
import { approximate } from './approximate.js';
import { nth } from './nth.js';
import { addStates, addSteps, piecesOf, type Piece, type Question, type Step } from './readings.js';
import { segmentsFrom, undoneSteps } from './segments.js';
import type { State, TrackFact } from './state.js';
import type { GrowingTrack } from './tracks.js';
import type { AxisRef, Segment } from './types.js';
import type { AxisVocabulary } from './vocabulary.js';
import { beginning, type Budget, type Happening, type Mark, walk } from './worlds.js';

/** The main reading as if some facts had not happened. */
interface Variant {
  readonly leaveOut: ReadonlySet<TrackFact>;
  /** How many facts stand in front of the first one that is left out. */
  readonly from: number;
  readonly states: readonly State[];
}

export class TrackReading {
  questions: TrackQuestion[] = [];
  /** As they were read last. */
  #facts: readonly TrackFact[] = [];
  readonly #states: State[] = [];
  readonly #marks: Mark[];
  readonly #happenings: Happening[] = [];
  /** Some stretch has more worlds than the budget allows. */
  #isBeyond = false;
  #variants: readonly Variant[] = [];

  constructor(
    public track: GrowingTrack,
    private readonly budget: Budget,
  ) {
    this.#marks = [beginning(track)];
  }

  /** The question of one axis in its case or under its key. */
  question(ref: AxisRef, vocabulary: AxisVocabulary, cell: number | undefined): TrackQuestion {
    let found = this.questions.find(
      ({ ref: { axis, case: inCase, key } }) => axis === ref.axis && inCase === ref.case && key === ref.key,
    );
    if (found === undefined) this.questions.push((found = new TrackQuestion(this, ref, vocabulary, cell)));
    return found;
  }

  keepOnly(asked: ReadonlySet<TrackQuestion | undefined>): void {
    if (!this.questions.every((question) => asked.has(question))) {
      this.questions = this.questions.filter((question) => asked.has(question));
    }
  }

  /** Goes on with a track that has the same cells. */
  moveTo(track: GrowingTrack): void {
    let kept = 0;
    while (kept < track.facts.length && track.facts[kept]?.ordered === this.#facts[kept]?.ordered) kept++;
    track.kept = kept;
    track.isRead = kept === track.facts.length && kept === this.#facts.length;
    this.track = track;
  }

  /** Answers all questions by the facts that the track has now. */
  update(): void {
    const { track } = this;
    if (!track.isRead) this.#goOn();
    for (const question of this.questions) if (!question.isRead) question.read(0, 0, -Infinity, 0);
  }

  /** The pieces of a question, from one of the happenings on. */
  piecesOf(question: Question, from: number): Piece[] {
    return this.#isBeyond ? approximate(question) : piecesOf(question, this.#happenings, from);
  }

  stepsOf(question: Question, steps: Step[]): void {
    addSteps(question, this.#states, steps);
  }

  variantsOf(question: Question, steps: readonly Step[]): readonly (readonly Step[])[] {
    return this.#variants.map(({ leaveOut, from, states }) => {
      const variant = steps.slice(0, from + 1);
      addSteps(question, states, variant, leaveOut);
      return variant;
    });
  }

  #goOn(): void {
    const { track } = this;
    const { kept, facts } = track;
    const day = this.#resume();
    const mark = nth(this.#marks, this.#marks.length - 1);
    this.#states.length = Math.min(this.#states.length, kept + 1);
    addStates(track, this.#states);
    this.#happenings.length = mark.happenings;
    this.#isBeyond = !walk(track, this.#states, this.budget, this.#marks, this.#happenings);
    if (this.#isBeyond) {
      this.#marks.length = 1;
      this.#happenings.length = 0;
    }
    this.#variants = this.#withoutDisputed();
    for (const question of this.questions) {
      if (!question.isRead) continue;
      if (this.#isBeyond) question.read(kept, 0, -Infinity, 0);
      else question.read(kept, mark.at, day, mark.happenings);
    }
    this.#facts = facts;
    track.kept = facts.length;
    track.isRead = true;
  }

  /** Drops the marks that do not hold any more. Gives the first day on which anything may be otherwise than it was. */
  #resume(): Day {
    const { facts, kept } = this.track;
    const was = this.#facts;
    let [next, old] = [facts.length, was.length];
    let day = Infinity;
    let attests = false;
    for (; this.#marks.length > 1; this.#marks.pop()) {
      const mark = nth(this.#marks, this.#marks.length - 1);
      if (mark.at > kept) continue;
      for (; next > mark.at; next--) {
        const { earliest, fact } = nth(facts, next - 1).ordered;
        if (earliest < day) day = earliest;
        if (fact.attests !== undefined && fact.attests.length > 0) attests = true;
      }
      for (; old > mark.at; old--) {
        const { earliest, fact } = nth(was, old - 1).ordered;
        if (earliest < day) day = earliest;
        if (fact.attests !== undefined && fact.attests.length > 0) attests = true;
      }
      // What faded in front of it may be attested behind it.
      if (mark.lastDay < day && !(attests && mark.fades < day)) return day;
    }
    return -Infinity;
  }

  #withoutDisputed(): readonly Variant[] {
    const { track } = this;
    let disputed: TrackFact[] | undefined;
    for (const fact of track.facts) {
      if (!fact.ordered.fact.disputed) continue;
      if (disputed === undefined) disputed = [fact];
      else disputed.push(fact);
    }
    if (disputed === undefined) return NO_VARIANTS;
    // Each by itself, and all of them: two disputed reports of one thing hold up each other.
    const choices =
      disputed.length > 1 ? [...disputed.map((fact) => [fact]), disputed] : disputed.map((fact) => [fact]);
    return choices.map((choice) => {
      const leaveOut = new Set(choice);
      const from = track.facts.findIndex((fact) => leaveOut.has(fact));
      const states = this.#states.slice(0, from + 1);
      addStates(track, states, leaveOut);
      return { leaveOut, from, states };
    });
  }
}

const NO_VARIANTS: readonly Variant[] = [];

export class TrackQuestion implements Question {
  segments: readonly Segment[] = [];
  isRead = false;
  readonly #steps: Step[] = [];
  readonly #mayBeUndone: boolean;
  #undone: readonly boolean[] | undefined;

  constructor(
    private readonly reading: TrackReading,
    readonly ref: AxisRef,
    readonly vocabulary: AxisVocabulary,
    readonly cell: number | undefined,
  ) {
    this.#mayBeUndone = Object.keys(vocabulary.undoneBy).length > 0;
  }

  get track(): GrowingTrack {
    return this.reading.track;
  }

  /**
   * @param kept so many facts of the track are as they were when it was read last
   * @param at so many of them happen before `day`, the first one on which anything may be otherwise
   * @param happenings so many of them ended before it
   */
  read(kept: number, at: number, day: Day, happenings: number): void {
    const { reading } = this;
    const steps = this.#steps;
    steps.length = Math.min(steps.length, kept + 1);
    reading.stepsOf(this, steps);
    if (this.#mayBeUndone) {
      const was = this.#undone;
      const is = undoneSteps(steps, this.vocabulary);
      this.#undone = is;
      // What is behind may undo what is in front.
      for (let step = 0; step <= at && day !== -Infinity; step++) {
        if (was?.[step] !== is?.[step] && (was?.[step] ?? false) !== (is?.[step] ?? false)) {
          [at, day, happenings] = [0, -Infinity, 0];
        }
      }
    }
    const variants = reading.variantsOf(this, steps);
    const pieces = reading.piecesOf(this, happenings);
    this.segments = segmentsFrom(day, at, this, { steps, variants, undone: this.#undone, pieces }, this.segments);
    this.isRead = true;
  }
}
