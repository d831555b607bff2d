/** A fact over HTTP (validated, decided, sealed, chained, durable) beside a bare append to a log on the same disk. */
import { join } from 'node:path';
import { openSqliteLog } from '#event-store-sqlite';
import type { Benchmark, Context, Figure } from '../figure.js';
import { type Connection, connections } from '../load.js';
import { Random } from '../log/random.js';
import { AUTHORIZED, startHabeas } from '../server.js';
import { atOnce, median, ms, perSecond, timed } from '../stats.js';
import { appendNext } from './append.js';

const WIDTH = 64;
const TEXT = 'He was arrested in May 2017, and nothing was heard of him for weeks.';

async function run({ quick, temporary }: Context): Promise<readonly Figure[]> {
  const [rounds, singles, many, persons] = quick ? [2, 20, 200, 64] : [5, 200, 3_000, 1_000];
  const server = await startHabeas(join(temporary, 'post'));
  const store = await openSqliteLog({ folder: join(temporary, 'post-floor'), mode: 'own' });
  const lanes = await connections(server.url, WIDTH);
  const heads = new Map<string, number>();
  try {
    const client = new Client(lanes);
    const source = await client.create(0, '/v1/sources', {
      type: 'article',
      title: 'A report',
      lang: 'en',
      text: TEXT,
    });
    const cited = [{ sourceId: source, quote: { exact: 'arrested in May 2017' } }];
    const subjects: string[] = [];
    await atOnce(persons, WIDTH, async (index, lane) => {
      const names = [{ text: `Person ${index}`, kind: 'legal' }];
      subjects[index] = await client.create(lane, '/v1/persons', { names, citations: cited });
    });
    let nth = 0;
    const post = (lane: number): Promise<string> => {
      const subject = subjects[nth++ % persons] ?? '';
      return client.create(lane, `/v1/persons/${subject}/arrests`, {
        occurred: '2017-05',
        place: 'Town A',
        circumstances: 'On the way home.',
        citations: cited,
        basis: 'reported',
        confidence: 'medium',
      });
    };
    const appendOne = (index: number): Promise<void> => appendNext(store, heads, `habeasPerson-${index % persons}`);
    // Code that is not hot yet would be measured as it starts.
    await atOnce(many / 2, WIDTH, (_, lane) => post(lane));
    await atOnce(many / 2, WIDTH, appendOne);
    const [one, floor, rates, floorRates]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let round = 0; round < rounds; round++) {
      const [ours, theirs]: [number[], number[]] = [[], []];
      for (let index = 0; index < singles; index++) {
        ours.push(await timed(() => post(0)));
        theirs.push(await timed(() => appendOne(index)));
      }
      one.push(median(ours));
      floor.push(median(theirs));
      rates.push((many / (await timed(() => atOnce(many, WIDTH, (_, lane) => post(lane))))) * 1000);
      floorRates.push((many / (await timed(() => atOnce(many, WIDTH, appendOne)))) * 1000);
    }
    const ratio = median(one.map((value, round) => value / (floor[round] ?? NaN)));
    const ratioAtOnce = median(floorRates.map((value, round) => value / (rates[round] ?? NaN)));
    return [
      {
        what: 'POST of a fact, one at a time',
        measured: `p50 ${ms(median(one))}`,
        floor: `the log's own append ${ms(median(floor))}`,
        ratio,
        goal: '<= 3 x floor',
        met: ratio <= 3,
        values: { p50Ms: median(one), floorMs: median(floor) },
      },
      {
        what: `POST of a fact, ${WIDTH} under way`,
        measured: perSecond(median(rates)),
        floor: `the log's own appends ${perSecond(median(floorRates))}`,
        ratio: ratioAtOnce,
        goal: 'time <= 3 x floor',
        met: ratioAtOnce <= 3,
        values: { perSecond: median(rates), floorPerSecond: median(floorRates) },
      },
    ];
  } finally {
    for (const lane of lanes) lane.close();
    await server.stop();
    await store.close();
  }
}

class Client {
  readonly #random = new Random(7);

  constructor(private readonly lanes: readonly Connection[]) {}

  /** @returns the subject's id */
  async create(lane: number, path: string, body: object): Promise<string> {
    const connection = this.lanes[lane];
    if (connection === undefined) throw new RangeError('There is no such connection.');
    const headers = { ...AUTHORIZED, 'idempotency-key': this.#random.id() };
    const answer = await connection.send({ method: 'POST', path, headers, body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.body}`);
    return (JSON.parse(answer.body) as { id: string }).id;
  }
}

export const post: Benchmark = { name: 'post', about: 'recording a fact over HTTP', run };
