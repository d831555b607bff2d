/** What of a story counts, and what is answered from it. */
import { evolve, factsOf, initial, type StandingFact } from '#domain';
import type { DocumentQuery, ViewsReader } from '../ports.js';
import { documentOf, type Said } from './record.js';

/** The facts of a story that do not count, as they are in the end. */
export function leftOut(story: readonly Said[], counts: (fact: StandingFact) => boolean): ReadonlySet<string> {
  const subjects = Map.groupBy(story, ({ kind, subject }) => `${kind} ${subject}`);
  const facts = [...subjects.values()].flatMap((events) => {
    const [{ kind, subject } = { kind: 'person' as const, subject: '' }] = events;
    const state = events
      .map(({ id, type, data, by = 'recorder' }) => ({ id, type, data, recordedBy: by }))
      .map((event) => ({ ...event, recordedAt: '2026-11-23T12:00:00.000Z', visibility: 'internal' as const }))
      .reduce(evolve, initial(kind, subject));
    return factsOf(state);
  });
  return new Set(facts.filter((fact) => !counts(fact)).map(({ id }) => id));
}

/** The documents of persons and groups: all but what is told of facts one by one, and of which record and which facts it is. */
export function counted(reader: ViewsReader, story: readonly Said[], query: DocumentQuery = {}): unknown {
  const subjects = [...new Map(story.map(({ kind, subject }) => [subject, kind]))];
  const documents = subjects.flatMap(([id, kind]) => {
    if (kind !== 'person' && kind !== 'group') return [];
    return [{}, { validAt: '2018' }].map((moment) => {
      const document: object = documentOf(reader, kind, id, { ...moment, ...query });
      return Object.entries(document).filter(([name]) => !OF_FACTS.has(name));
    });
  });
  // Through another lens than the record's also what is proposed counts, and is told to be so.
  return JSON.parse(JSON.stringify(documents), (name, value: unknown) =>
    name === 'standing' && STANDS.has(value) ? 'it stands' : value,
  );
}

const STANDS: ReadonlySet<unknown> = new Set(['standing', 'corrected', 'proposed']);

const OF_FACTS: ReadonlySet<string> = new Set(['timeline', 'acts', 'asOf', 'alternativesElsewhere']);
