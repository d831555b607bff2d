/** Evidence bundles, as they are asked for: from the log, the keys, the views and the seals of this node. */
import { auditPaths, makeBundle, sealOf } from '#audit';
import type { EventStore } from '#event-store';
import { err, ok, type Randomness, refusal, type Refusal, type Result } from '#kernel';
import { createRecordCodec, type KeyStore } from '#log-format';
import type { SubjectCategory, ViewsReader } from '#projections';
import type { Sealing } from './sealing.js';

export interface Bundles {
  /**
   * The bytes of a zip file.
   *
   * @param size of the seal that it is made for; the last one unless said, which must then cover all that is recorded of the
   *   subject
   * Refusal codes: `not-found`, `not-sealed-yet`, `unknown-seal` (pointer `/size`), `bundle-too-large`; those of the views.
   */
  make(kind: SubjectCategory, id: string, size?: number): Promise<Result<Iterable<Uint8Array>, Refusal>>;
}

export interface BundlesFrom {
  readonly store: Pick<EventStore, 'readStream'>;
  readonly keys: Pick<KeyStore, 'find'>;
  readonly views: ViewsReader;
  readonly sealing: Sealing;
  readonly randomness: Randomness;
}

export function bundlesFrom({ store, keys, views, sealing, randomness }: BundlesFrom): Bundles {
  const codec = createRecordCodec(randomness);
  return {
    make: async (kind, id, size) => {
      const seals = await sealing.seals();
      const seal = views.tree((log) => sealOf(log, seals, size));
      if (!seal.ok) return seal;
      const covered = seal.value.size;
      const evidence = views.evidence(kind, id, covered);
      if (!evidence.ok) return evidence;
      const { later, streams } = evidence.value;
      if (size === undefined && later > 0) return err(notSealed(later, covered));
      if (streams.length === 0) return err(refusal('not-found', `There was no ${kind} with this id then.`));
      const document = views.document(kind, id, { knownAt: String(covered) });
      if (!document.ok) return document;
      return makeBundle({
        subject: { kind, id },
        logId: sealing.logId,
        seal: seal.value,
        evidence: evidence.value,
        document: document.value.json,
        store,
        keys,
        codec,
        pathsTo: (seqs) => views.tree((log) => ok(auditPaths(log, seqs, covered))),
        sign: (text) => sealing.sign(text),
      });
    },
  };
}

function notSealed(later: number, size: number): Refusal {
  return refusal(
    'not-sealed-yet',
    `${later === 1 ? 'An event' : `${later} events`} of it came after the last seal. Wait for the next, have an admin seal the log by POST /v1/seals, or ask for what was sealed: ?size=${size}.`,
  );
}
