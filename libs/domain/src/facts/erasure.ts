/**
 * What is left of a subject whose key was destroyed. Its sealed fields are closed for good; what is to survive of them is told
 * again, under another key. Only the server records these: the one that erases cannot be asked to record anything else.
 */
import { serverAct } from '../catalogue/definition.js';
import { ListOf, Optional, Personal, Value } from '../validation/fields.js';
import { anyObject, integer, text, uuid } from '../validation/scalars.js';

const DESTROYED = 'The ids of the keys that are destroyed: what was sealed by them cannot be read any more.';
/** As many as a subject can have had: each redaction makes one. */
const MOST_KEYS = 10_000;

class PersonalDataErased {
  @ListOf(uuid(), { max: MOST_KEYS, unique: true, description: DESTROYED })
  keys!: string[];
}

class PersonalDataRetold {
  @Value(uuid(), { description: 'Of which redaction it is a part. It counts once that is recorded as well.' })
  redaction!: string;

  @Value(uuid(), { description: 'The event whose sealed fields it tells again.' })
  event!: string;

  @Optional()
  @Personal()
  @Value(anyObject(), {
    description:
      'What is to be read in those fields from now on, by JSON pointer into the data as stored. A text that was too long for one event goes on in the next.',
  })
  retold?: Record<string, unknown>;
}

class PersonalDataRedacted {
  @Value(uuid())
  redaction!: string;

  @Value(integer(0, 1_000_000), { description: 'How many events tell again what is left, right before this one.' })
  events!: number;

  @Value(uuid(), { description: 'The id of the key by which this stream is sealed from here on.' })
  key!: string;

  @ListOf(uuid(), { max: MOST_KEYS, unique: true, description: DESTROYED })
  keys!: string[];

  @Optional()
  @Personal()
  @Value(text(5_000))
  reason?: string;
}

export const erasureEvents = [
  serverAct(PersonalDataErased, 'person', {
    summary: 'All sealed fields of a person were erased, at their wish; nothing more is recorded on them.',
  }),
  serverAct(PersonalDataRetold, ['person', 'group', 'case', 'statement', 'source'], {
    summary: 'What a redaction leaves of the sealed fields of one event.',
    retold: '/retold',
  }),
  serverAct(PersonalDataRedacted, ['person', 'group', 'case', 'statement', 'source'], {
    summary: 'Words were blanked in what is on record; those that stood there were erased.',
  }),
];

/** Their types, for who has to know them by name. */
export const ERASURE_TYPES = {
  erased: 'PersonalDataErased',
  retold: 'PersonalDataRetold',
  redacted: 'PersonalDataRedacted',
} as const;
