/** Facts through the bulk door (validated, decided, sealed, chained, durable) beside bare appends to a log on the same disk. */
import { join } from 'node:path';
import { openSqliteLog } from '#event-store-sqlite';
import type { Benchmark, Context, Figure } from '../figure.js';
import { Random } from '../log/random.js';
import { type BatchLine, sendBatch, startHabeas } from '../server.js';
import { atOnce, median, perSecond, timed } from '../stats.js';
import { appendNext } from './append.js';

const WIDTH = 64;
const TEXT = 'He was arrested in May 2017, and nothing was heard of him for weeks.';

async function run({ quick, temporary }: Context): Promise<readonly Figure[]> {
  const [rounds, many, persons] = quick ? [2, 500, 64] : [5, 10_000, 1_000];
  const server = await startHabeas(join(temporary, 'batch'));
  const store = await openSqliteLog({ folder: join(temporary, 'batch-floor'), mode: 'own' });
  const random = new Random(7);
  const heads = new Map<string, number>();
  try {
    const cited = (sourceId: string): object[] => [{ sourceId, quote: { exact: 'arrested in May 2017' } }];
    const line = (path: string, body: object, key = random.id()): BatchLine => ({ path, key, body });
    const [source = '', ...subjects] = await sendBatch(server.url, [
      line('/v1/sources', { type: 'article', title: 'A report', lang: 'en', text: TEXT }, 'source'),
      ...Array.from({ length: persons }, (_, index) =>
        line('/v1/persons', { names: [{ text: `Person ${index}`, kind: 'legal' }], citations: cited('{id:source}') }),
      ),
    ]);
    const facts = (): BatchLine[] =>
      Array.from({ length: many }, (_, index) =>
        line(`/v1/persons/${subjects[index % persons] ?? ''}/arrests`, {
          occurred: '2017-05',
          place: 'Town A',
          circumstances: 'On the way home.',
          citations: cited(source),
          basis: 'reported',
          confidence: 'medium',
        }),
      );
    const appendOne = (index: number): Promise<void> => appendNext(store, heads, `habeasPerson-${index % persons}`);
    // Code that is not hot yet would be measured as it starts.
    await sendBatch(server.url, facts());
    await atOnce(many, WIDTH, appendOne);
    const [rates, floorRates]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const lines = facts();
      rates.push((many / (await timed(() => sendBatch(server.url, lines)))) * 1000);
      floorRates.push((many / (await timed(() => atOnce(many, WIDTH, appendOne)))) * 1000);
    }
    const ratio = median(rates.map((value, round) => value / (floorRates[round] ?? NaN)));
    return [
      {
        what: `facts in one batch of ${many.toLocaleString('en')}`,
        measured: perSecond(median(rates)),
        floor: `the log's own appends, ${WIDTH} at once ${perSecond(median(floorRates))}`,
        ratio,
        goal: '>= 0.3 x floor',
        met: ratio >= 0.3,
        values: { perSecond: median(rates), floorPerSecond: median(floorRates) },
      },
    ];
  } finally {
    await server.stop();
    await store.close();
  }
}

export const batch: Benchmark = { name: 'batch', about: 'recording facts through the bulk door', run };
