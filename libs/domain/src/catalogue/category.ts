/** The kinds of subjects. Each subject has one stream of events. */
export type Category = 'person' | 'group' | 'case' | 'statement' | 'source';

export const CATEGORIES: readonly Category[] = ['person', 'group', 'case', 'statement', 'source'];

export interface SubjectId {
  readonly kind: Category;
  readonly id: string;
}
