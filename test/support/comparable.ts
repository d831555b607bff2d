/** Documents of two records that were told the same in different orders. */

/**
 * A document without what the order of recording may change: seqs, the moments of recording, and the order in which what
 * was recorded about it, and what rests on a source, is listed, which is that of the log. Ids are derived, and the same.
 */
export function comparable(view: unknown): unknown {
  return JSON.parse(JSON.stringify(view, ofNoOrder));
}

const LISTED_AS_RECORDED = new Set(['citedBy', 'acts', 'alternativesElsewhere', 'identities']);

interface Listed {
  readonly event?: string;
  readonly dispute?: string;
  readonly at?: { readonly start: number };
}

function ofNoOrder(name: string, value: unknown): unknown {
  if (['seq', 'recordedAt', 'knownAt'].includes(name)) return undefined;
  if (!LISTED_AS_RECORDED.has(name)) return value;
  const placed = (value as readonly Listed[]).map(
    (one) => [`${one.event ?? one.dispute ?? ''} ${one.at?.start ?? ''}`, one] as const,
  );
  return placed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
