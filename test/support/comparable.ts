/** Documents of two records that were told the same in different orders. */

/**
 * A document without what the order of recording may change: seqs, the moments of recording, and the order in which what
 * rests on a source is listed, which is that of the log. Ids are derived, and the same.
 */
export function comparable(view: unknown): unknown {
  return JSON.parse(JSON.stringify(view, ofNoOrder));
}

function ofNoOrder(name: string, value: unknown): unknown {
  if (['seq', 'recordedAt', 'knownAt'].includes(name)) return undefined;
  if (name !== 'citedBy') return value;
  const facts = value as readonly { readonly event: string; readonly at?: { readonly start: number } }[];
  const placed = facts.map((fact) => [`${fact.event} ${fact.at?.start ?? ''}`, fact] as const);
  return placed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, fact]) => fact);
}
