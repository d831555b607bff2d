/** Between the simulator's log and the messages of the service definitions that come with the client's package. */
import { Metadata, status, type ServerErrorResponse } from '@grpc/grpc-js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { LogPosition, Recorded } from './log.js';

const { ReadResp, BatchAppendResp } = streams;
type ReadResp = streams.ReadResp;

/** .NET's ticks of the first of January 2026: no test asks when something was written. */
const CREATED = '16094592000000000';

export function eventMessage(event: Recorded): ReadResp {
  const recorded = new ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(new shared.UUID().setString(event.id));
  recorded.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(new Uint8Array(Buffer.from(event.stream))));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(event.commit));
  recorded.setPreparePosition(String(event.prepare));
  recorded.getMetadataMap().set('type', event.type);
  recorded.getMetadataMap().set('content-type', event.contentType);
  recorded.getMetadataMap().set('created', CREATED);
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.metadata);
  const read = new ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(String(event.commit));
  return new ReadResp().setEvent(read);
}

export function checkpointMessage({ commit, prepare }: LogPosition): ReadResp {
  const checkpoint = new ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(commit));
  checkpoint.setPreparePosition(String(prepare));
  return new ReadResp().setCheckpoint(checkpoint);
}

export function confirmationMessage(): ReadResp {
  return new ReadResp().setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId(crypto.randomUUID()));
}

export function caughtUpMessage(): ReadResp {
  return new ReadResp().setCaughtUp(new ReadResp.CaughtUp());
}

export function notFoundMessage(stream: string): ReadResp {
  const name = new shared.StreamIdentifier().setStreamName(new Uint8Array(Buffer.from(stream)));
  return new ReadResp().setStreamNotFound(new ReadResp.StreamNotFound().setStreamIdentifier(name));
}

export function successMessage(last: Recorded): streams.BatchAppendResp {
  const success = new BatchAppendResp.Success();
  success.setCurrentRevision(String(last.revision));
  const position = new shared.AllStreamPosition();
  position.setCommitPosition(String(last.commit));
  position.setPreparePosition(String(last.prepare));
  success.setPosition(position);
  return new BatchAppendResp().setSuccess(success);
}

type Detail =
  | { readonly kind: 'wrong-expected-version'; readonly current: number | undefined }
  | { readonly kind: 'stream-deleted' | 'access-denied' | 'timeout' | 'too-large' | 'busy' };

/** An append that failed by itself, while its call goes on. */
export function failureMessage(detail: Detail): streams.BatchAppendResp {
  const [name, message] = detailMessage(detail);
  const details = new any.Any();
  details.pack(message.serializeBinary(), name);
  const failed = new statuses.Status().setDetails(details);
  if (detail.kind === 'busy') failed.setMessage('Server Is Busy');
  return new BatchAppendResp().setError(failed);
}

function detailMessage(detail: Detail): [name: string, message: { serializeBinary(): Uint8Array }] {
  switch (detail.kind) {
    case 'wrong-expected-version': {
      const wrong = new shared.WrongExpectedVersion();
      if (detail.current === undefined) wrong.setCurrentNoStream(new empty.Empty());
      else wrong.setCurrentStreamRevision(String(detail.current));
      return ['event_store.client.WrongExpectedVersion', wrong];
    }
    case 'stream-deleted':
      return ['event_store.client.StreamDeleted', new shared.StreamDeleted()];
    case 'access-denied':
      return ['event_store.client.AccessDenied', new shared.AccessDenied()];
    case 'timeout':
      return ['event_store.client.Timeout', new shared.Timeout()];
    case 'too-large':
      return ['event_store.client.MaximumAppendSizeExceeded', new shared.MaximumAppendSizeExceeded()];
    case 'busy':
      return ['google.protobuf.Empty', new empty.Empty()];
  }
}

function failure(code: status, details: string, metadata: Readonly<Record<string, string>> = {}): ServerErrorResponse {
  const trailer = new Metadata();
  for (const [key, value] of Object.entries(metadata)) trailer.set(key, value);
  return { name: 'Error', message: details, code, details, metadata: trailer };
}

export const failures = {
  notLeader: (host: string, port: number) =>
    failure(status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': host,
      'leader-endpoint-port': String(port),
    }),
  accessDenied: () => failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' }),
  forbidden: () => failure(status.PERMISSION_DENIED, 'Forbidden'),
  streamDeleted: (stream: string) =>
    failure(status.FAILED_PRECONDITION, 'Event stream is deleted.', {
      exception: 'stream-deleted',
      'stream-name': stream,
    }),
  tooSlow: () =>
    failure(
      status.ABORTED,
      'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.',
    ),
  unavailable: () => failure(status.UNAVAILABLE, 'Server Is Not Ready'),
  unknown: () => failure(status.UNKNOWN, 'Something went wrong.'),
};
