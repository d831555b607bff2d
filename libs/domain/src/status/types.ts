/**
 * What the status engine takes and gives. The rules are those of the specification "how facts become a status":
 * worlds, order, certain and possible, main reading, since, persistence. The engine knows no event type: each event's
 * effect is data, declared beside its payload class.
 */
import type { Day, DayBounds } from '#kernel';

/** Axes with one value per legal case of a person. */
export type CaseAxis = 'hold' | 'stage' | 'verdict' | 'finality' | 'sentence';
/** Axes with one value (or one per key) over all cases of a person. `liberty` is derived. */
export type PersonAxis =
  'liberty' | 'life' | 'whereabouts' | 'location' | 'asylum' | 'extradition' | 'civicRights' | 'role';
export type GroupAxis = 'registration' | 'activity' | 'appeal' | 'electionEntry';
export type Axis = CaseAxis | PersonAxis | GroupAxis;

/**
 * One assignment that a fact makes, as data. A fact's effects act together, each judged by the state before the fact;
 * where two of them set the same value holder, the later one in the list counts.
 *
 * With `onlyFrom` or `notFrom` the effect is guarded: it depends on the state of its own axis before, or of the axis
 * that `guardAxis` names (in the same case). A guard reads `unknown` where nothing is known.
 *
 * `liberty` is derived from the holds, with one exception: an escape says `{ axis: 'liberty', set:
 * 'sentence-not-enforced' }` beside its effect on `hold`. That lasts until a hold that deprives, a release (an effect
 * on every hold, or an unguarded one on that of the case), or the end of the sentence (served, pardoned, annulled).
 */
export interface Effect {
  readonly axis: Axis;
  /** For keyed axes: the country of an asylum, the request of an extradition, the election, role and organisation. */
  readonly key?: string;
  /**
   * The new value; `previous` is the value before the current run of the value it leaves (a suspension lifted), and
   * belongs together with `onlyFrom` (else lifting what was never suspended would undo something else).
   */
  readonly set: string | { readonly previous: true };
  /**
   * What belongs to the value and is shown with it: presence of a verdict, `term` of a sentence (ISO 8601 duration),
   * `suspendedPart` (likewise), until of a suspension. Facts of one run of a value add to each other's details; on
   * `sentence` they stay also when the value changes (a served sentence keeps its term), until details with a
   * `penalty` (a new sentence) replace them all.
   */
  readonly detail?: Readonly<Record<string, string>>;
  readonly guardAxis?: Axis;
  readonly onlyFrom?: readonly string[];
  readonly notFrom?: readonly string[];
  /**
   * Acts on every case of the person, not only on the fact's own (a release ends every hold that deprives); with
   * `if-unassigned` only where the fact belongs to none of several cases (a release on bail of which nobody tells in
   * which case).
   */
  readonly allCases?: true | 'if-unassigned';
  /**
   * Days that decide how long the value is certain, for values with a horizon in the vocabulary: `until` the last day
   * of a suspension or of a provisional registration; `termFrom` the day from which a sentence's term counts, where
   * the court gives credit (left out: from the beginning of the deprivation).
   */
  readonly horizon?: { readonly until?: Day; readonly termFrom?: Day };
}

/** What a kind of fact presupposes to have happened before it, in its case, if there is exactly one such fact. */
export type ProceduralKind = 'charge' | 'trial' | 'sentence' | 'appeal' | 'appeal-decision' | 'pardon' | 'other';

/** A standing fact, as the engine needs it. Corrected facts come as corrected; withdrawn ones do not come. */
export interface StatusFact {
  /** The id of the fact's event (of the first recording, also when corrected since). */
  readonly id: string;
  /** EDTF as the source gives it; left out: unknown. */
  readonly occurred?: string;
  /** Bounds of `occurred` alone, before any cap; UNBOUNDED where it is unknown. The main reading sorts by them. */
  readonly stated: DayBounds;
  /** `stated`, capped by the recording day and by the publication days of the cited sources (`capBounds` of the kernel). */
  readonly bounds: DayBounds;
  /** A cap fell before the earliest day and was ignored; the status tells of it as an inconsistency. */
  readonly capIgnored?: true;
  readonly aspect: 'began' | 'observed';
  /** Ids of facts that came before this one. Ids that are not among the facts are ignored. */
  readonly after: readonly string[];
  /** The case it was recorded in or assigned to; left out: the person's only case, or unassigned where there are several. */
  readonly case?: string;
  readonly effects: readonly Effect[];
  /** The kind that others may presuppose. */
  readonly kind: ProceduralKind;
  /** Kinds of which the only one in the case comes before this fact. */
  readonly presupposes: readonly ProceduralKind[];
  /**
   * States that the fact attests up to itself: a release, an escape, a death in custody say `{ axis: 'hold', values:
   * DEPRIVED }`. What faded by its horizon is certain again up to such a fact.
   */
  readonly attests?: readonly { readonly axis: Axis; readonly values: readonly string[] }[];
  /** Orders facts of one day in the main reading, see PROCEDURAL_RANKS. */
  readonly rank: number;
  /** SHA-256 (hex) of what the fact says, the same whenever and under whatever id it is recorded. */
  readonly contentHash: string;
  /** Openly disputed: in some worlds it did not happen. */
  readonly disputed: boolean;
}

/** One axis of one subject: where an answer belongs. */
export interface AxisRef {
  readonly axis: Axis;
  /** For axes of a case: the case's id, or `only` for the single case without an id. */
  readonly case?: string;
  readonly key?: string;
}

/** Present or past answer on one axis. */
export interface AxisAnswer extends AxisRef {
  /** The main reading. */
  readonly value: string;
  readonly detail?: Readonly<Record<string, string>>;
  /**
   * `occurred`, as written, of the first fact in the current run of the value (`[..day]` where that fact was
   * observed); left out where it is unknown or there is no fact.
   */
  readonly since?: string;
  /** The tightened bounds of that fact (open towards the past where it was observed); unbounded where there is none. */
  readonly sinceBounds: DayBounds;
  /** The main reading holds in every world. Never for `unknown`. */
  readonly certain: boolean;
  /** Every value that holds in some world, sorted; `unknown` left out. */
  readonly possible: readonly string[];
  /** Named groups of values (such as `deprived`) and what is to be said of them. */
  readonly groups: Readonly<Record<string, { readonly certain: boolean; readonly possible: boolean }>>;
  /** Leaving out a disputed fact (or all of them) changes the main reading: value, detail or since. */
  readonly disputed: boolean;
  /** Two orders of the same facts give different values. */
  readonly orderUncertain: boolean;
  /** Where orderUncertain: the values that other orders give, sorted; `unknown` may be among them. Else empty. */
  readonly otherReadings: readonly string[];
  /** Why certainty faded to possible. */
  readonly reason?: 'stale';
  /** A later fact undid this answer: the conviction was quashed, the sentence annulled. */
  readonly laterQuashed?: true;
  /** Ids of the facts that the answer rests on (those of the current run, in the main reading), sorted. */
  readonly restsOn: readonly string[];
}

/** An answer over a run of days on which it does not change. */
export interface Segment extends AxisAnswer {
  /** Inclusive; infinite at the open ends. */
  readonly from: Day;
  readonly to: Day;
}

export interface Inconsistency {
  /** `cycle`: links of order that contradict each other or the dates were dropped; `cap`: a source older than its fact. */
  readonly kind: 'cycle' | 'cap';
  /** Ids, sorted. */
  readonly facts: readonly string[];
}

export interface Status {
  /**
   * Every axis of the kind of subject, also where nothing is known; keyed axes only for keys that a fact names. Facts
   * that belong to none of several cases speak for liberty alone and have no axes of a case. `today` is best given as
   * `recordingDay(now)`, the day that also caps what is recorded now.
   */
  current(today: Day): readonly AxisAnswer[];
  /**
   * Over a span of days (inclusive): certain = on every day, possible = on some day; `value`, `detail` and `since` are
   * the main reading at its end; the other flags and `restsOn` are those of any day.
   */
  at(from: Day, to: Day): readonly AxisAnswer[];
  /** All axes over all time, each axis's segments in order and without gaps, neighbours never equal. */
  segments(): readonly Segment[];
  /**
   * The same, as one list for each axis, case and key. A list that was taken over from an earlier status is the same
   * object.
   */
  axes(): readonly (readonly Segment[])[];
  /** Bounds of each fact after tightening through the order. */
  readonly bounds: ReadonlyMap<string, DayBounds>;
  readonly inconsistencies: readonly Inconsistency[];
}

export type SubjectKind = 'person' | 'group';
