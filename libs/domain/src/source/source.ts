/** Sources: what was published where, and its text as far as it is held. */
import { act, type Data, entry } from '../catalogue/definition.js';
import { Optional, Personal, ServerSet, Value } from '../validation/fields.js';
import { edtf, instant, language, line, oneOf, sha256, text, uuid, webAddress } from '../validation/scalars.js';

const SOURCE_TYPES = ['article', 'court-document', 'official-notice', 'report', 'interview', 'post', 'other'] as const;

/** Of one event: an append to the log has a limit. What is longer is continued by further events. */
const LONGEST_TEXT = 120_000;

class SourceEntered {
  @Value(oneOf(SOURCE_TYPES))
  type!: (typeof SOURCE_TYPES)[number];

  @Personal()
  @Value(line(500))
  title!: string;

  @Optional()
  @Value(line(300))
  publisher?: string;

  @Optional()
  @Personal()
  @Value(line(300))
  author?: string;

  @Optional()
  @Value(edtf(), { description: 'When it was published, as precisely as that is known.' })
  published?: string;

  @Optional()
  @Personal()
  @Value(webAddress())
  url?: string;

  @Value(language())
  lang!: string;

  @Optional()
  @Personal()
  @Value(text(LONGEST_TEXT), {
    description:
      'Its text. Kept in NFC with LF as line end; quotations are checked against it. A longer text: its first part, the others go to text-continuations.',
  })
  text?: string;

  @Optional()
  @Personal()
  @Value(sha256(), {
    description: 'Of the document. Where the text is given: of the text as kept, in UTF-8; computed if left out.',
  })
  sha256?: string;
}

class SourceTextContinued {
  @Personal()
  @Value(text(LONGEST_TEXT), { description: 'The next part, right behind what is held so far.' })
  text!: string;

  @ServerSet()
  @Personal()
  @Value(sha256(), { description: 'Of the whole text as kept so far, in UTF-8.' })
  sha256?: string;
}

class SourceDetailsCorrected {
  @Optional()
  @Value(oneOf(SOURCE_TYPES))
  type?: (typeof SOURCE_TYPES)[number];

  @Optional()
  @Personal()
  @Value(line(500))
  title?: string;

  @Optional()
  @Value(line(300))
  publisher?: string;

  @Optional()
  @Personal()
  @Value(line(300))
  author?: string;

  @Optional()
  @Value(edtf())
  published?: string;

  @Optional()
  @Personal()
  @Value(webAddress())
  url?: string;

  @Optional()
  @Value(language())
  lang?: string;

  @Optional()
  @Personal()
  @Value(sha256(), { description: 'Of the document, where no text is held: of a text that is, it is computed.' })
  sha256?: string;

  @Personal()
  @Value(text(5_000))
  reason!: string;
}

class SourceCaptured {
  @Value(instant())
  retrievedAt!: string;

  @Personal()
  @Value(webAddress())
  url!: string;

  @Value(sha256(), { description: 'Of the bytes that were retrieved.' })
  sha256!: string;

  @Value(line(100), { description: 'Such as text/html.' })
  mediaType!: string;
}

class SourceGone {
  @Value(instant())
  noticedAt!: string;

  @Optional()
  @Personal()
  @Value(webAddress())
  url?: string;
}

class SourceChanged {
  @Value(instant())
  noticedAt!: string;

  @Optional()
  @Personal()
  @Value(webAddress())
  url?: string;

  @Optional()
  @Value(sha256(), { description: 'Of the bytes as they are now.' })
  sha256?: string;
}

const DEPENDENCE_KINDS = ['reprint', 'translation', 'quotes'] as const;

class SourceDependsOn {
  @Value(uuid(), { reference: 'source', description: 'The source that this one depends on.' })
  other!: string;

  @Value(oneOf(DEPENDENCE_KINDS))
  kind!: (typeof DEPENDENCE_KINDS)[number];
}

/** Whoever gave it may be found by what they said. */
function isInterview({ type }: SourceEntered | SourceDetailsCorrected): boolean {
  return type === 'interview';
}

/**
 * Version 1 had `sha256` in the clear. By it, and by what is left of a text in which words were blanked, whoever guesses the words
 * could check the guess.
 */
const WITH_SEALED_HASH = { schemaVersion: 2, upcasters: { 1: (data: Data) => data } };

export const sourceEvents = [
  entry(SourceEntered, 'source', {
    ...WITH_SEALED_HASH,
    summary: 'A source was entered, with its text where that may be held.',
    sensitive: isInterview,
  }),
  act(SourceTextContinued, 'source', {
    ...WITH_SEALED_HASH,
    route: 'text-continuations',
    summary: 'The next part of the text of a long source.',
  }),
  act(SourceDetailsCorrected, 'source', {
    ...WITH_SEALED_HASH,
    route: 'details',
    summary: 'What is known about a source was corrected.',
    sensitive: isInterview,
  }),
  act(SourceCaptured, 'source', { route: 'captures', summary: 'A copy of the source was kept elsewhere.' }),
  act(SourceGone, 'source', { route: 'disappearances', summary: 'The source is no longer where it was published.' }),
  act(SourceChanged, 'source', { route: 'changes', summary: 'The source was changed where it is published.' }),
  act(SourceDependsOn, 'source', {
    route: 'dependencies',
    summary: 'The source reprints, translates or quotes another: one story counts once.',
  }),
];

export type { SourceDetailsCorrected, SourceEntered, SourceTextContinued };
