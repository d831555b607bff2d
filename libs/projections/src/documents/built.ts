/** What a builder gives: the document without the record that it was computed from, its line in lists, and how long it holds. */
import type { Day } from '#kernel';
import type { Document, ListItem } from '../shapes.js';

export interface Built<D extends Document = Document> {
  readonly document: Omit<D, 'asOf'>;
  readonly item: ListItem;
  /** The last day on which it stays as it is. */
  readonly until: Day;
}
