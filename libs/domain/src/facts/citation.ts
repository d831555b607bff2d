/** What proves a fact: words of a source, or a place in it. */
import { Nested, Optional, Personal, ServerSet, Value } from '../validation/fields.js';
import { excerpt, integer, isoDate, line, uuid } from '../validation/scalars.js';

const MOST_CODE_POINTS = 100_000_000;

/** A W3C TextQuoteSelector. */
export class Quote {
  @Value(excerpt(10_000), { description: "The words, exactly as they stand in the source's text." })
  exact!: string;

  @Optional()
  @Value(excerpt(1_000), { description: 'What stands right before them, where that is needed to tell them apart.' })
  prefix?: string;

  @Optional()
  @Value(excerpt(1_000), { description: 'What stands right behind them.' })
  suffix?: string;
}

/** A place in the text that a source holds: code points from `start` up to, not including, `end`. */
export class TextPlace {
  @Value(integer(0, MOST_CODE_POINTS))
  start!: number;

  @Value(integer(1, MOST_CODE_POINTS))
  end!: number;

  @Value(integer(1, 1_000_000), { description: 'The version of the text that the positions count in.' })
  version!: number;
}

export class Citation {
  @Value(uuid(), { reference: 'source' })
  sourceId!: string;

  @Optional()
  @Personal()
  @Nested(Quote, {
    description:
      'The words that prove it. Where the source holds its text they must be in it, and their place is kept as `at` instead.',
  })
  quote?: Quote;

  @Optional()
  @Value(line(300), { description: 'A place in the source: a page, a paragraph, a minute.' })
  locator?: string;

  @ServerSet()
  @Nested(TextPlace)
  at?: TextPlace;

  @ServerSet()
  @Value(isoDate(), { description: 'The latest day on which the source may have been published.' })
  published?: string;
}
