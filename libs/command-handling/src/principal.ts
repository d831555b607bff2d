/** Who asks, and what they may do. */
import type { Visibility } from '#kernel';

/**
 * What a key allows: `read` to see; `record` to record facts, and to see; `review` to judge what others recorded
 * (verify, settle, decide who is who), and to see; `audit` to be given the log as it is stored, and to see; `webhooks` to
 * have changes sent to addresses of one's own, and to see; `admin` everything, keys included.
 */
export type Scope = 'read' | 'record' | 'review' | 'audit' | 'webhooks' | 'admin';

export const SCOPES: readonly Scope[] = ['read', 'record', 'review', 'audit', 'webhooks', 'admin'];

export interface Principal {
  /** Stands in the metadata of everything that they record (`recordedBy`). Never a name. */
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** They are shown nothing that fewer may see. */
  readonly ceiling: Visibility;
}

/** Whether one of the principal's scopes includes this one. */
export function allows(principal: Principal, scope: Scope): boolean {
  return principal.scopes.some((held) => held === scope || held === 'admin' || scope === 'read');
}
