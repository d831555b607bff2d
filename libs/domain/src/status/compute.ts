/**
 * The one function from facts to status. Pure: the same facts in any order, recorded whenever, give the same answers,
 * and it never throws on a well-formed fact. What it costs is said in its docstring, because every event of a subject
 * runs it.
 */
import type { Day, DayBounds } from '#kernel';
import { orderFacts, type Order } from './order.js';
import { answerOver, blankSegment } from './segments.js';
import { TrackReading, type TrackQuestion } from './track-reading.js';
import { Tracks } from './tracks.js';
import type { AxisAnswer, AxisRef, Segment, Status, StatusFact, SubjectKind } from './types.js';
import { AXES, type AxisVocabulary } from './vocabulary.js';
import { USUAL_BUDGET, type Budget } from './worlds.js';

/**
 * The status of a person or group, from its standing facts. Guarantees: exact over all worlds where no stretch of an
 * axis has more than 128 sets of facts that may have happened (seven facts that all overlap); beyond that `certain`
 * may be answered as merely possible, never the reverse. Work is done when asked for, and kept.
 *
 * @param earlier a status of the same subject by other facts, to go on from: the answer is the same as without it, and what
 *   these leave as it was, is the same object. Facts are the same only as the same objects. It hands on what it worked
 *   out, so that of several which go on from it the first alone gains by it; what it answers stays.
 * @param budget for tests, which hold the approximation against all worlds
 */
export function computeStatus(
  kind: SubjectKind,
  facts: readonly StatusFact[],
  earlier?: Status,
  budget: Budget = USUAL_BUDGET,
): Status {
  return new ComputedStatus(kind, facts, budget, earlier instanceof ComputedStatus ? earlier : undefined);
}

const AXES_OF = {
  person: AXES.filter(({ subject }) => subject === 'person'),
  group: AXES.filter(({ subject }) => subject === 'group'),
};

class ComputedStatus implements Status {
  readonly #kind: SubjectKind;
  readonly #order: Order;
  readonly #budget: Budget;
  /** What was worked out on the way, until a later status goes on with it. */
  #work: Work | undefined;
  #lists: readonly (readonly Segment[])[] | undefined;
  #bounds: ReadonlyMap<string, DayBounds> | undefined;

  constructor(kind: SubjectKind, facts: readonly StatusFact[], budget: Budget, earlier: ComputedStatus | undefined) {
    this.#kind = kind;
    this.#budget = budget;
    if (earlier === undefined || earlier.#kind !== kind || earlier.#budget !== budget) {
      this.#order = orderFacts(facts);
      return;
    }
    this.#order = orderFacts(facts, earlier.#order);
    if (this.#order === earlier.#order) this.#lists = earlier.#lists;
    this.#work = earlier.#work;
    earlier.#work = undefined;
  }

  current(today: Day): readonly AxisAnswer[] {
    return this.at(today, today);
  }

  at(from: Day, to: Day): readonly AxisAnswer[] {
    if (!(from <= to)) throw new RangeError('a span ends after it begins');
    return this.axes().map((axis) => answerOver(axis.filter((segment) => segment.from <= to && segment.to >= from)));
  }

  segments(): readonly Segment[] {
    return this.axes().flat();
  }

  axes(): readonly (readonly Segment[])[] {
    if (this.#lists === undefined) {
      this.#work ??= new Work(this.#kind, this.#budget);
      this.#lists = this.#work.goOn(this.#order);
    }
    return this.#lists;
  }

  get bounds(): ReadonlyMap<string, DayBounds> {
    return (this.#bounds ??= new Map(
      this.#order.facts.map(({ fact, earliest, latest }) => [fact.id, { earliest, latest }]),
    ));
  }

  get inconsistencies(): Status['inconsistencies'] {
    return this.#order.inconsistencies;
  }
}

/** One place among the answers. */
interface Slot {
  readonly ref: AxisRef;
  readonly vocabulary: AxisVocabulary;
  /** Undefined where no fact speaks of it. */
  readonly question: TrackQuestion | undefined;
  readonly blank: readonly Segment[];
}

/** Goes on from the facts of a subject to more facts of the same. */
class Work {
  readonly #kind: SubjectKind;
  readonly #budget: Budget;
  #tracks: Tracks | undefined;
  #grouping = -1;
  #readings: readonly TrackReading[] = [];
  #slots: readonly Slot[] = [];

  constructor(kind: SubjectKind, budget: Budget) {
    this.#kind = kind;
    this.#budget = budget;
  }

  /** The answers, one list for each axis, case and key. */
  goOn(order: Order): readonly (readonly Segment[])[] {
    if (this.#tracks?.grow(order) !== true) {
      this.#tracks = new Tracks(order);
      this.#grouping = -1;
    }
    if (this.#tracks.grouping !== this.#grouping) this.#regroup(this.#tracks, order);
    for (const reading of this.#readings) reading.update();
    return this.#slots.map(({ question, blank }) => question?.segments ?? blank);
  }

  #regroup(tracks: Tracks, order: Order): void {
    const earlier = [...this.#readings];
    const readings = new Map(
      tracks.all.map((track) => {
        const place = earlier.findIndex((reading) => reading.track === track || reading.track.isLike(track));
        const [known] = place === -1 ? [] : earlier.splice(place, 1);
        if (known !== undefined && known.track !== track) known.moveTo(track);
        return [track, known ?? new TrackReading(track, this.#budget)];
      }),
    );
    this.#readings = [...readings.values()];
    const slots: Slot[] = [];
    for (const vocabulary of AXES_OF[this.#kind]) {
      for (const ref of refsOf(vocabulary, tracks, order)) {
        const found = tracks.trackOf(ref);
        const question = found && readings.get(found.track)?.question(ref, vocabulary, found.cell);
        const { blank = [blankSegment(ref, vocabulary)] } = this.#slotOf(ref, vocabulary) ?? {};
        slots.push({ ref, vocabulary, question, blank });
      }
    }
    this.#slots = slots;
    const asked = new Set(slots.map(({ question }) => question));
    for (const reading of this.#readings) reading.keepOnly(asked);
    this.#grouping = tracks.grouping;
  }

  #slotOf(ref: AxisRef, vocabulary: AxisVocabulary): Slot | undefined {
    return this.#slots.find(
      (slot) => slot.vocabulary === vocabulary && slot.ref.case === ref.case && slot.ref.key === ref.key,
    );
  }
}

function refsOf({ axis, per }: AxisVocabulary, tracks: Tracks, { cases }: Order): AxisRef[] {
  if (per === 'case') return cases.map((id) => ({ axis, case: id }));
  return per === 'key' ? tracks.keysOf(axis).map((key) => ({ axis, key })) : [{ axis }];
}
