/** Lists, facets, citations and search. */
import {
  type CitationsPage,
  type CitingFact,
  type FacetValue,
  type FacetView,
  type ListItem,
  type ListPage,
  type OtherSpelling,
  SEARCH_FIELDS,
  type SearchHit,
  type SearchMatch,
  type SearchPage,
} from '#projections';
import { type Schema, count, flag, id, kind, list, next, object, oneOf, ref, text } from './shape.js';
import { place, standing } from './shared.js';

export const listSchemas: Readonly<Record<string, Schema>> = {
  SearchPage: object<SearchPage>({
    items: list(
      object<SearchHit>({
        kind,
        id,
        'name?': text,
        summary: text,
        matches: list(
          object<SearchMatch>({
            in: oneOf(...SEARCH_FIELDS),
            field: { type: 'string', description: 'JSON pointer into the payload of the event' },
            how: oneOf('whole', 'beginning', 'word', 'part'),
            event: id,
            type: text,
            text: { type: 'string', description: 'The text or, of a long one, a part of it' },
            start: { type: 'integer', description: 'Where `text` begins in the whole field, in code points' },
            highlights: list(object({ start: count, end: count }, 'In code points of `text`')),
          }),
        ),
        matchCount: count,
        'spelling?': ref('OtherSpelling'),
      }),
    ),
    spellings: list(ref('OtherSpelling')),
    asOf: object<SearchPage['asOf']>({ seq: count, complete: flag }),
    'next?': text,
  }),
  OtherSpelling: object<OtherSpelling>(
    { text, of: ref('SubjectPointer') },
    'Another name of somebody who is called just what was searched for',
  ),
  ListPage: object<ListPage>({
    items: list(
      object<ListItem>({
        kind,
        id,
        'name?': text,
        summary: text,
        'certainty?': {
          ...oneOf('certain', 'possible'),
          description: 'Where filters were given: it meets them in every world that the facts allow, or in some',
        },
      }),
    ),
    'next?': next,
    total: { ...count, description: 'On all pages together' },
    'counts?': {
      ...object({ certain: count, possible: count }),
      description: 'Of the total, where filters were given',
    },
    'facets?': { type: 'object', additionalProperties: ref('FacetView') },
    asOf: ref('AsOf'),
  }),
  CitingFact: object<CitingFact>({
    event: id,
    seq: count,
    type: text,
    subject: ref('SubjectPointer'),
    'words?': text,
    'at?': place,
    'locator?': text,
    standing,
  }),
  CitationsPage: object<CitationsPage>({ items: list(ref('CitingFact')), 'next?': next, asOf: ref('AsOf') }),
  FacetView: object<FacetView>(
    {
      values: list(ref('FacetValue')),
      'groups?': list(ref('FacetValue')),
      unknown: { ...count, description: 'Of how many nothing is known' },
      'more?': { ...count, description: 'How many values more there are' },
    },
    'Counts by value under all filters but its own; values that nobody has are left out',
  ),
  FacetValue: object<FacetValue>({ value: text, certain: count, possible: count }),
};
