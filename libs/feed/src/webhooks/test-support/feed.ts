/** Changes that a spec makes, and a receiver of deliveries in the place of the network. */
import { ok } from '#kernel';
import { foldOf } from '#projections';
import { Subject } from 'rxjs';
import { isBehind, placeOf } from '../../place.js';
import type { ChangeFilter, ChangePlace, ChangeSource, FedChange } from '../../ports.js';
import type { Courier, Delivered, Parcel } from '../courier.js';

export const changeId = (seq: number, n = 0, fold = foldOf('all')): string => `f${fold}-${seq}.${n}`;

/** What a spec says happened: one change for each event, unless said. */
export class MadeFeed implements ChangeSource {
  readonly #changes: FedChange[] = [];
  readonly #advanced = new Subject<number>();
  readonly advanced = this.#advanced.asObservable();
  /** Whether the views can be read. */
  ready = true;

  constructor(readonly fold = foldOf('all')) {}

  /** Adds events with so many changes each. */
  add(count: number, changesOfEach = 1): void {
    const first = (this.#changes.at(-1)?.change.seq ?? 0) + 1;
    for (let seq = first; seq < first + count; seq++)
      for (let n = 0; n < changesOfEach; n++) this.#changes.push(changeOf(this.fold, seq, n));
    this.#advanced.next(first + count - 1);
  }

  page(_filter: ChangeFilter, after: ChangePlace, limit: number): ReturnType<ChangeSource['page']> {
    if (!this.ready) return { ok: false, error: { code: 'views-not-ready', detail: 'They are not there.' } };
    const rest = this.#changes.filter((one) => isBehind(placeOf(one), after));
    const items = rest.slice(0, limit);
    const last = items.at(-1);
    const next = last === undefined ? after : placeOf(last);
    return ok({ items, next, atHead: rest.length <= limit });
  }
}

function changeOf(fold: string, seq: number, n: number): FedChange {
  const answer = { certain: true, disputed: false, orderUncertain: false };
  return {
    change: {
      id: changeId(seq, n, fold),
      seq,
      subject: { kind: 'person', id: '00000000-0000-4000-8000-000000000001' },
      axis: 'liberty',
      kind: 'new',
      from: { value: 'unknown', ...answer },
      to: { value: 'free', ...answer },
      cause: { event: '00000000-0000-4000-8000-000000000002', type: 'PersonReleased' },
    },
    recordedAt: '2026-11-23T12:00:00.000Z',
    organisations: [],
    countries: [],
  };
}

/** Answers as the spec says, and keeps what came. */
export class MadeReceiver implements Courier {
  readonly tries: { readonly id: string; readonly at: number; readonly parcel: Parcel }[] = [];
  answer: (id: string, parcel: Parcel) => number | Delivered | Promise<Delivered | undefined> = () => 204;

  constructor(private readonly now: () => number) {}

  async send(parcel: Parcel): Promise<Delivered | undefined> {
    const id = parcel.headers['webhook-id'] ?? '';
    this.tries.push({ id, at: this.now(), parcel });
    const answer = await this.answer(id, parcel);
    return typeof answer === 'number' ? { outcome: { status: answer } } : answer;
  }

  /** Ids in the order in which they came, and the numbers of their events. */
  get ids(): readonly string[] {
    return this.tries.map(({ id }) => id);
  }

  get seqs(): readonly number[] {
    return this.ids.map((id) => Number(/-(\d+)\./.exec(id)?.[1]));
  }

  close(): void {
    // There is nothing to let go of.
  }
}
