/** What is wrong with something that is already stored: nothing that a caller could mend by asking otherwise. */

/** Why a stored event cannot be read. Stable; shown by health and by `verify`. */
export type UndecodableReason =
  | 'malformed-data'
  | 'malformed-metadata'
  | 'unknown-type'
  | 'unknown-schema-version'
  | 'malformed-box'
  | 'box-does-not-open'
  | 'upcaster-failed';

/** A stored event that cannot be read: a projection's poison. Names the event, never what it holds. */
export class UndecodableEventError extends Error {
  constructor(
    readonly reason: UndecodableReason,
    readonly event: { readonly id: string; readonly stream: string; readonly revision: number; readonly type: string },
    options?: ErrorOptions,
  ) {
    super(`Event ${event.id} (revision ${event.revision} of ${event.stream}) cannot be read: ${reason}.`, options);
    this.name = 'UndecodableEventError';
  }
}

export type IntegrityFault =
  'revision-gap' | 'prev-mismatch' | 'hash-mismatch' | 'malformed-metadata' | 'landed-elsewhere' | 'log-without-start';

/** The log holds something that Habeas never writes. Recording on top of it would hide the damage, so nobody does. */
export class IntegrityError extends Error {
  constructor(
    readonly fault: IntegrityFault,
    readonly stream: string,
    readonly revision: number,
  ) {
    super(`The log is not whole at revision ${revision} of ${stream}: ${fault}.`);
    this.name = 'IntegrityError';
  }
}

/** Whether an append landed is not known, and could not be found out in the time there was. Asking again settles it. */
export class OutcomeUnknownError extends Error {
  constructor(
    readonly stream: string,
    options?: ErrorOptions,
  ) {
    super(`Whether the append to ${stream} landed is not known.`, options);
    this.name = 'OutcomeUnknownError';
  }
}
