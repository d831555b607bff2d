/** What is left to say when an erasure is done: what was erased, and what nobody could reach. */
import type { AccessTrail } from '../types.js';
import type { Erasure } from './directory.js';
import type { ErasureCertificate, HandedOut } from './events.js';
import type { ErasingNode } from './types.js';

export interface CertificateSources {
  readonly trail: Pick<AccessTrail, 'page'>;
  /** For how many days the trail is kept. */
  readonly trailDays: number;
  /** How many webhooks there are. */
  readonly webhooks: () => number;
}

/** Kinds of copies that no node can find or reach: of some of them nobody knows whether there are any. */
const COPIES = ['backups-of-log', 'backups-of-keys', 'exports', 'bundles', 'webhook-deliveries', 'copies-by-readers'];
/** Of the trail, at a time. */
const PAGE = 200;
/** Kinds of answers are few; what comes beyond that is left out. */
const MOST_OPERATIONS = 100;

export async function certificateOf(
  erasure: Erasure,
  nodes: readonly ErasingNode[],
  { trail, trailDays, webhooks }: CertificateSources,
): Promise<ErasureCertificate> {
  const decisions = [...erasure.decisions.values()];
  return {
    erased: {
      keys: new Set(erasure.condemned.flatMap(({ keys }) => keys)).size,
      streams: new Set(erasure.condemned.map(({ stream }) => stream)).size,
    },
    mentions: {
      listed: erasure.mentions.size,
      redacted: decisions.filter((one) => one === 'redacted').length,
      kept: decisions.filter((one) => one === 'kept').length,
    },
    nodes: nodes.filter(({ forgot }) => forgot).map(({ id }) => id),
    outOfReach: {
      nodes: nodes.filter(({ forgot }) => !forgot).map(({ id }) => id),
      inTheClear: [...erasure.mentions.values()].filter(({ clear }) => clear === true).length,
      handedOut: await handedOut(erasure, trail),
      trailDays,
      webhooks: webhooks(),
      copies: COPIES,
    },
  };
}

/** Answers that showed the person, or may have: as far as the trail reaches back, and of what it writes down. */
async function handedOut({ person }: Erasure, trail: CertificateSources['trail']): Promise<readonly HandedOut[]> {
  const found = new Map<string, HandedOut>();
  let cursor: string | undefined;
  do {
    const page = await trail.page({ subject: person, limit: PAGE, ...(cursor !== undefined && { cursor }) });
    if (!page.ok) throw new Error(page.error.detail);
    for (const { operation, at } of page.value.items) {
      const known = found.get(operation);
      if (known === undefined && found.size === MOST_OPERATIONS) continue;
      found.set(operation, {
        operation,
        times: (known?.times ?? 0) + 1,
        from: known === undefined || at < known.from ? at : known.from,
        to: known === undefined || at > known.to ? at : known.to,
      });
    }
    cursor = page.value.next;
  } while (cursor !== undefined);
  return [...found.values()].sort((a, b) => (a.operation < b.operation ? -1 : 1));
}
