/** A source's document, with the facts that rest on it. */
import { parseEdtf } from '#kernel';
import { daysView } from '../days.js';
import type { ActView, CitingFact, SourceView } from '../shapes.js';
import type { Subject } from '../subject.js';
import { Build, type BuildInput } from './build.js';
import type { Built } from './built.js';
import { actsOnSubject, alternativesElsewhere } from './lists.js';
import { objects, optional, text } from './read.js';
import { sourceSummary } from './summary.js';

export function buildSource(input: BuildInput): Built<SourceView> {
  const build = new Build(input);
  const { subject } = build;
  const {
    type,
    title,
    publisher,
    author,
    published,
    url,
    lang,
    text: held,
    textVersion,
    sha256,
  } = subject.source() ?? {};
  const parsed = published === undefined ? undefined : parseEdtf(published);
  return build.finish({
    kind: 'source',
    id: subject.id,
    ...optional('title', title),
    summary: sourceSummary(type, publisher, published),
    visibility: subject.visibility(),
    ...optional('type', type),
    ...optional('publisher', publisher),
    ...optional('author', author),
    ...optional('published', published),
    publishedBounds: parsed?.ok === true ? daysView(parsed.value.bounds) : {},
    ...optional('url', url),
    ...optional('lang', lang),
    ...optional('sha256', sha256),
    ...optional('text', held),
    ...optional('textVersion', held === undefined ? undefined : textVersion),
    captures: capturesOf(build),
    dependsOn: dependenciesOf(build),
    ...citedBy(build),
    timeline: build.timeline(),
    acts: actsOnSubject(build),
    alternativesElsewhere: alternativesElsewhere(build),
    inconsistencies: subject.inconsistencies(),
  });
}

function capturesOf(build: Build): readonly ActView[] {
  const { subject } = build;
  const captures = [...subject.events()].filter(({ id, type }) => type === 'SourceCaptured' && subject.stands(id));
  return captures.map((row) => build.act(subject, row));
}

function dependenciesOf(build: Build): SourceView['dependsOn'] {
  return [...build.subject.events()].flatMap(({ id, type, data }) => {
    const other = text(data.other);
    if (type !== 'SourceDependsOn' || other === undefined || !build.subject.stands(id)) return [];
    return [{ source: build.pointer('source', other), kind: text(data.kind) ?? '', event: id }];
  });
}

/** As many as a document shows; the others are asked for page by page. */
const MOST_CITING = 100;

function citedBy(build: Build): Pick<SourceView, 'citedBy' | 'citedByMore'> {
  const found: CitingFact[] = [];
  for (const { subject } of build.subject.citing()) {
    const other = build.find(subject.kind, subject.id);
    if (other !== undefined) found.push(...citingFacts(build, other));
    if (found.length > MOST_CITING) return { citedBy: found.slice(0, MOST_CITING), citedByMore: true };
  }
  return { citedBy: found };
}

/**
 * Facts of another subject, as they are now, that rest on the source, whether they count or not, in the order of the log: one that was corrected
 * since may rest on other sources.
 */
export function citingFacts(build: Build, other: Subject): readonly CitingFact[] {
  const source = build.subject.id;
  return other.everyFact().flatMap((fact) =>
    objects(fact.data.citations)
      .filter(({ sourceId }) => sourceId === source)
      .map((citation) => {
        const { words, at, locator } = build.citation(citation);
        return {
          event: fact.id,
          seq: other.event(fact.id)?.seq ?? 0,
          type: fact.type,
          subject: build.pointer(other.kind, other.id),
          ...optional('words', words),
          ...optional('at', at),
          ...optional('locator', locator),
          standing: build.standing(fact, other),
        };
      }),
  );
}
