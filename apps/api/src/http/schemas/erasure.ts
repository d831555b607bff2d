/** Erasing a person. */
import type { ErasingNode, ErasureInfo, MentionInfo } from '#access';
import { LONGEST_REASON, LONGEST_WORD, MOST_SPANS, MOST_WORDS } from '../erasure-requests.js';
import type { ErasureList, MentionPage } from '../erasure-routes.js';
import { type Schema, count, flag, id, instant, kind, list, next, object, oneOf, ref, text } from './shape.js';

const reason: Schema = { type: 'string', minLength: 1, maxLength: LONGEST_REASON };

const span = object<MentionInfo['spans'][number]>({
  event: id,
  pointer: { ...text, description: 'JSON pointer into the data of the event, as it is stored' },
  start: { ...count, description: 'In code points' },
  end: count,
  words: text,
  before: text,
  after: text,
});

export const erasureSchemas: Readonly<Record<string, Schema>> = {
  ErasureRequest: object({ reason }),
  Erasure: object<ErasureInfo>({
    id,
    person: id,
    askedAt: instant,
    askedBy: { ...text, description: 'The principal' },
    state: {
      ...oneOf('forgetting', 'in-review', 'certified'),
      description: 'Nodes that are up have still to forget; mentions are looked for or reviewed; it is done',
    },
    nodes: list(
      object<ErasingNode>({
        id: text,
        name: text,
        live: { ...flag, description: 'One that is down forgets before it serves again' },
        forgot: { ...flag, description: 'All that was destroyed so far' },
        'stoppedAt?': { ...text, description: 'The event at which its views stand: skip it, else they cannot forget' },
      }),
    ),
    mentions: object<ErasureInfo['mentions']>({
      complete: { ...flag, description: 'The whole record was looked through' },
      open: count,
      redacted: count,
      kept: count,
      citing: { ...count, description: 'Subjects that cite a source which holds the words: only to be looked at' },
      inTheClear: { ...count, description: 'Subjects that hold the words in fields which were never sealed' },
    }),
    'certificate?': object<NonNullable<ErasureInfo['certificate']>>(
      {
        at: instant,
        erased: object({ keys: count, streams: count }),
        mentions: object({ listed: count, redacted: count, kept: count }),
        nodes: { ...list(text), description: 'Those that reported' },
        outOfReach: object({
          nodes: { ...list(text), description: 'Those that were down: they forget before they serve again' },
          inTheClear: { ...count, description: 'Subjects that hold the words in fields which were never sealed' },
          handedOut: {
            ...list(object({ operation: text, times: count, from: instant, to: instant })),
            description: 'Answers that were written down as showing the person, or anything',
          },
          trailDays: { ...count, description: 'Answers are written down for so long; older ones are not known' },
          webhooks: { ...count, description: 'Registered then: what their filters let through was sent to others' },
          copies: { ...list(text), description: 'Kinds of copies that nobody can reach, if there are any' },
        }),
      },
      'Holds nothing personal',
    ),
  }),
  ErasureList: object<ErasureList>({ items: list(ref('Erasure')) }),
  Mention: object<MentionInfo>({
    kind,
    id,
    because: {
      ...oneOf('words', 'names', 'clear', 'cites'),
      description:
        'It holds the words; it names the person by id; it holds the words in the clear; it cites a source that holds the words',
    },
    state: oneOf('open', 'redacted', 'kept', 'clear', 'cites'),
    spans: list(span),
    'more?': { ...count, description: 'How many spans there are besides' },
    'inTheClear?': { ...list(span), description: 'Where the words stand in fields that were never sealed: they stay' },
  }),
  MentionPage: object<MentionPage>({ items: list(ref('Mention')), 'next?': next }),
  RedactionRequest: object({
    kind,
    id,
    'words?': {
      ...list({ type: 'string', minLength: 1, maxLength: LONGEST_WORD }),
      minItems: 1,
      maxItems: MOST_WORDS,
      description: 'Further words that are blanked in this subject',
    },
    'spans?': {
      ...list(object({ event: id, pointer: text, start: count, end: count })),
      minItems: 1,
      maxItems: MOST_SPANS,
      description: 'These places, and words that are given; unless said, all places where the words stand',
    },
    'everything?': { ...flag, description: 'All sealed texts of the subject' },
    'reason?': reason,
  }),
  KeptRequest: object({ kind, id, reason }),
};
