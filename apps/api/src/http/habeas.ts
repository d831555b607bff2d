/** What the HTTP interface stands on: made by the composition root, handed to the controllers. */
import type { AccessDirectory, AccessTrail, Admitted, CheckedKeyStore, Erasures } from '#access';
import type { CommandHandler } from '#command-handling';
import type { OwnLens } from '#domain';
import type { EventStore } from '#event-store';
import type { Webhooks } from '#feed';
import type { HmacKey } from '#kernel';
import type { Bundles } from '../bundles.js';
import type { Levels } from '../levels.js';
import type { Sealing } from '../sealing.js';
import type { ProgressByCeiling, ViewsProgress } from '../watching/progress.js';
import type { Watching } from '../watching/watching.js';
import type { Rate } from './rate-limit.js';
import type { Ticket, Tickets } from './tickets.js';
import type { Positions } from './tokens.js';

export interface Habeas {
  readonly commands: CommandHandler;
  readonly access: AccessDirectory;
  /** Who was shown what is confidential. */
  readonly trail: AccessTrail;
  /** Who is forgotten, and how far that has come. */
  readonly erasures: Erasures;
  /** What each is answered from. */
  readonly levels: Levels;
  readonly tickets: Tickets;
  /** Of web pages that may open streams: `https://example.org`, or `*` for all. */
  readonly origins: readonly string[];
  /** Networks and addresses of proxies that are believed where requests come from. */
  readonly proxies: readonly string[];
  /** How much each key may ask; left out: as much as it likes. */
  readonly rate?: Rate;
  /** How long a request may take to arrive, in milliseconds: first all but its body, then the body, save that of a batch. */
  readonly arrival: number;
  readonly sealing: Sealing;
  readonly webhooks: Webhooks;
  readonly bundles: Bundles;
  /** For whoever asks for what is stored as it is stored. */
  readonly eventStore: Pick<EventStore, 'readAll' | 'readStream'>;
  readonly keys: Pick<CheckedKeyStore, 'health'>;
  /** How far the views of who may see everything are, measured against the log. */
  readonly progress: () => Promise<ViewsProgress>;
  readonly progressByCeiling: () => Promise<ProgressByCeiling>;
  readonly watching: Watching;
  /** Which facts count, where nobody asks for others. */
  readonly lens: OwnLens;
  /** Names this server, from its start to its end. */
  readonly server: string;
  /** Keys the ETags. */
  readonly etagKey: HmacKey;
  readonly positions: Positions;
  /** False from the moment at which the server begins to shut down. */
  readonly accepting: () => boolean;
  /** How long a read waits for what `minPosition` names, in milliseconds. */
  readonly patience: number;
}

/** The injection token of {@link Habeas}. */
export const HABEAS = Symbol('habeas');

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before the body is read, on every route that needs a key. */
    principal?: Admitted;
    /** By which they were let in, where it was not by a key. */
    ticket?: Ticket;
  }
}
