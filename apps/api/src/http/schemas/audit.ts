/** Events as they are stored, seals and proofs, and who was shown what. */
import type { AccessEntry, AccessPage } from '#access';
import type { ConsistencyProof, InclusionProof, ProvenHead, Seal } from '#audit';
import type { SubjectRef } from '#projections';
import type { EventsPage, RawEventShown } from '../event-routes.js';
import type { SealList } from '../seal-routes.js';
import { type Schema, count, hash, id, instant, kind, list, next, object, ref, stored, text } from './shape.js';

export const auditSchemas: Readonly<Record<string, Schema>> = {
  RawEvent: object<RawEventShown>(
    {
      seq: { ...count, description: 'Its place in the log, from 1' },
      stream: text,
      revision: { ...count, description: 'Its place in the stream, from 0' },
      id,
      type: text,
      data: stored,
      metadata: stored,
    },
    'As it is stored. Written without spaces, members in their order, `data` and `metadata` are the bytes that its hash covers',
  ),
  EventsPage: object<EventsPage>({
    logId: { ...id, description: 'Every hash covers it' },
    head: { ...count, description: 'The last seq that the views hold' },
    items: list(ref('RawEvent')),
    'next?': next,
  }),
  AccessPage: object<AccessPage>({ items: list(ref('AccessEntry')), 'next?': next }),
  AccessEntry: object<AccessEntry>({
    at: instant,
    by: { ...text, description: 'The principal of the key, as `recordedBy` names it' },
    operation: { ...text, description: 'The operationId of the route' },
    request: { ...text, description: 'The id of the request, as the log of the server has it' },
    subjects: list(ref('SubjectRef')),
    'more?': { ...count, description: 'How many subjects were shown besides' },
    'everything?': {
      type: 'boolean',
      const: true,
      description: 'What is stored was given as it is stored, or whatever changes',
    },
  }),
  SubjectRef: object<SubjectRef>({ kind, id }),
  Seal: object<Seal>({
    event: id,
    recordedAt: instant,
    size: { ...count, description: 'How many events it covers: those with a seq up to this' },
    root: hash,
    checkpoint: { ...text, description: 'A signed checkpoint (C2SP tlog-checkpoint)' },
    verifierKey: { ...text, description: 'Whose signature it bears (C2SP signed-note)' },
  }),
  SealList: object<SealList>({
    verifierKey: { ...text, description: 'Whose signature the next seal bears' },
    items: list(ref('Seal')),
    'next?': text,
  }),
  InclusionProof: object<InclusionProof>({
    event: id,
    seq: count,
    index: count,
    leaf: hash,
    path: list(hash),
    size: count,
    root: hash,
    seal: ref('Seal'),
  }),
  ConsistencyProof: object<ConsistencyProof>({
    from: object<ProvenHead>({ size: count, root: hash }),
    to: object<ProvenHead>({ size: count, root: hash }),
    path: list(hash),
  }),
};
