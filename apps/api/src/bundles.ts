/** Evidence bundles, as they are asked for: from the log, the keys, the views and the seals of this node. */
import { auditPaths, makeBundle, sealOf } from '#audit';
import type { EventStore } from '#event-store';
import { err, ok, type Randomness, refusal, type Refusal, type Result } from '#kernel';
import { createRecordCodec, type KeyStore, openingOf, type Retold } from '#log-format';
import type { SubjectCategory, ViewsReader } from '#projections';
import type { Sealing } from './sealing.js';

export interface Bundles {
  /**
   * The bytes of a zip file.
   *
   * @param views of the ceiling that it is made for: nothing that they do not show is in it
   * @param size of the seal that it is made for; the last one unless said, which must then cover all that is recorded of the
   *   subject
   * Refusal codes: `not-found`, `not-sealed-yet`, `unknown-seal` (pointer `/size`), `bundle-too-large`; those of the views.
   */
  make(
    views: ViewsReader,
    kind: SubjectCategory,
    id: string,
    size?: number,
  ): Promise<Result<Iterable<Uint8Array>, Refusal>>;
}

export interface BundlesFrom {
  readonly store: Pick<EventStore, 'readStream'>;
  readonly keys: Pick<KeyStore, 'find'>;
  readonly sealing: Sealing;
  readonly randomness: Randomness;
}

export function bundlesFrom({ store, keys, sealing, randomness }: BundlesFrom): Bundles {
  const codec = createRecordCodec(randomness);
  return {
    make: async (views, kind, id, size) => {
      const seals = await sealing.seals();
      const seal = views.tree((log) => sealOf(log, seals, size));
      if (!seal.ok) return seal;
      const covered = seal.value.size;
      const evidence = views.evidence(kind, id, covered);
      if (!evidence.ok) return evidence;
      const { later, document } = evidence.value;
      if (size === undefined && later > 0) return err(notSealed(later, covered));
      if (document === undefined) return err(refusal('not-found', `There was no ${kind} with this id then.`));
      const { ceiling } = views;
      return makeBundle({
        subject: { kind, id },
        logId: sealing.logId,
        seal: seal.value,
        evidence: evidence.value,
        document,
        store,
        keys,
        codec,
        pathsTo: (seqs) => views.tree((log) => ok(auditPaths(log, seqs, covered))),
        sign: (text) => sealing.sign(text),
        ...(ceiling !== 'confidential' && {
          upTo: { ceiling, hidden: (ids) => views.hidden(ids), retold: retellingsOf({ store, keys }) },
        }),
      });
    },
  };
}

/** For one bundle only: what is told again is not to be held in memory. */
function retellingsOf({ store, keys }: Pick<BundlesFrom, 'store' | 'keys'>): (stream: string) => Promise<Retold> {
  const opening = openingOf(store, keys);
  return async (stream) => (await opening.retold?.(stream)) ?? new Map();
}

function notSealed(later: number, size: number): Refusal {
  return refusal(
    'not-sealed-yet',
    `${later === 1 ? 'An event' : `${later} events`} of it came after the last seal. Wait for the next, have an admin seal the log by POST /v1/seals, or ask for what was sealed: ?size=${size}.`,
  );
}
