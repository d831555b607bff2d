/** Names, as persons and groups bear them. */
import { Optional, Personal, Value } from '../validation/fields.js';
import { language, line, oneOf, script } from '../validation/scalars.js';

const NAME_KINDS = ['legal', 'alias', 'nom-de-guerre', 'transliteration'] as const;

export class Name {
  @Personal()
  @Value(line(300))
  text!: string;

  @Optional()
  @Value(language())
  lang?: string;

  @Optional()
  @Value(script(), { description: 'ISO 15924, such as Khmr or Latn.' })
  script?: string;

  @Value(oneOf(NAME_KINDS))
  kind!: (typeof NAME_KINDS)[number];
}
