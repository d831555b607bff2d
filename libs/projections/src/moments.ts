/** What lists at other moments than the present are answered from: read when it is first asked for, kept at hand within a bound. */
import type { DatabaseSync } from 'node:sqlite';
import { AXES, type Axis } from '#domain';
import { AxisInTime, type DaysAsKnown } from './axis-in-time.js';
import { Lines, lineStatements } from './lines.js';
import type { ListIndex } from './list-index.js';
import type { ListTraits } from './list-traits.js';
import type { Records } from './records.js';
import { SaidThen } from './said-then.js';
import type { SubjectCategory } from './shapes.js';
import { TraitsInTime } from './traits-in-time.js';

/** Over all axes, 32 bytes each. The one that is asked for is kept, however long it is. */
const MOST_ANSWERS = 4_000_000;

/** As the open transaction sees the file. */
export interface AtPresent {
  /** The event that the file has come to. */
  readonly head: number;
  readonly index: ListIndex;
  readonly traits: ListTraits;
}

export class Moments {
  private readonly lineStatements: ReturnType<typeof lineStatements>;
  /** Those that were not asked for the longest come first. */
  private readonly axes = new Map<Axis, AxisInTime>();

  constructor(
    private readonly db: DatabaseSync,
    private readonly records: Records,
  ) {
    this.lineStatements = lineStatements(db);
  }

  traits(kind: SubjectCategory, asked: DaysAsKnown, { head, index, traits }: AtPresent): ListTraits {
    const everyone = asked.seq === head ? index.everyone : index.enteredBy(asked.seq);
    const said = new SaidThen(this.records, asked.seq);
    return new TraitsInTime(kind, asked, everyone, traits, said, (axis) => {
      const found = this.axis(axis);
      found.follow(head);
      return found;
    });
  }

  lines(asked: DaysAsKnown): Lines {
    return new Lines(this.lineStatements, this.records, new SaidThen(this.records, asked.seq), asked);
  }

  /** Reads some of what answers by these fields need. @returns whether there is more */
  read(fields: readonly string[], head: number): boolean {
    return AXES.some(({ axis }) => fields.includes(axis) && this.axis(axis).read(head));
  }

  private axis(name: Axis): AxisInTime {
    const found = this.axes.get(name) ?? new AxisInTime(this.db, name);
    this.axes.delete(name);
    this.axes.set(name, found);
    let size = [...this.axes.values()].reduce((sum, axis) => sum + axis.size, 0);
    for (const [other, axis] of this.axes) {
      if (size <= MOST_ANSWERS || axis === found) break;
      size -= axis.size;
      this.axes.delete(other);
    }
    return found;
  }
}
