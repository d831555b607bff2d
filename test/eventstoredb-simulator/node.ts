/** One simulated node: a gRPC server over the shared log, behind a wire that can be cut. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  Server,
  type ServerCredentials,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendFault, Faults } from './faults.js';
import {
  isBehind,
  type AppendResult,
  type Expected,
  type LogPosition,
  type Proposed,
  type Recorded,
  type SimulatedLog,
} from './log.js';
import { eventMessage, failureMessage, failures, notFoundMessage, successMessage } from './protocol.js';
import { ServedSubscription, writeTo, type ReadCall } from './subscription.js';
import { Wire } from './wire.js';

type BatchCall = ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>;

/** What a node knows of the cluster that it belongs to. */
export interface Cluster {
  readonly log: SimulatedLog;
  readonly faults: Faults;
  readonly nodes: readonly SimulatedNode[];
  leader(): SimulatedNode;
  /** Makes another node the leader, if there is one. */
  elect(): void;
  /** Whether a name may be read or written to. */
  permits(stream: string): boolean;
  readonly checkpointAhead: boolean;
  readonly strangers: boolean;
  readonly credentials: ServerCredentials;
  readonly host: string;
  /** To be told who asks. */
  user: string | undefined;
  /** What to wait when an append is slow, in milliseconds. */
  readonly slowness: number;
}

interface Pending {
  readonly options: streams.BatchAppendReq.Options;
  readonly correlation: shared.UUID;
  readonly proposed: Proposed[];
}

export class SimulatedNode {
  readonly #cluster: Cluster;
  readonly #server = new Server();
  readonly #subscriptions = new Set<ServedSubscription>();
  readonly #batches = new Set<BatchCall>();
  #wire: Wire | undefined;
  /** Whether it takes readings and subscriptions; those under way go on. */
  ready = true;
  /** Replication reached this node up to here alone, as long as it is not the leader. */
  replicated: LogPosition | undefined;
  /** Readings that it serves at present. */
  readings = 0;
  /** Calls of each kind that were made, and events that went to subscriptions. */
  readonly calls = { read: 0, subscribe: 0, append: 0, features: 0, gossip: 0, delivered: 0 };

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#server.addService(streamsGrpc.StreamsService, {
      read: (call: ReadCall) => void this.#read(call),
      batchAppend: (call: BatchCall) => this.#batchAppend(call),
    });
    this.#server.addService(featuresGrpc.ServerFeaturesService, {
      getSupportedMethods: (
        _call: ServerUnaryCall<shared.Empty, features.SupportedMethods>,
        answer: sendUnaryData<features.SupportedMethods>,
      ) => {
        this.calls.features++;
        answer(null, supportedMethods());
      },
    });
    this.#server.addService(gossipGrpc.GossipService, {
      read: (_call: ServerUnaryCall<shared.Empty, gossip.ClusterInfo>, answer: sendUnaryData<gossip.ClusterInfo>) => {
        this.calls.gossip++;
        answer(null, this.#members());
      },
    });
  }

  static async start(cluster: Cluster): Promise<SimulatedNode> {
    const node = new SimulatedNode(cluster);
    const port = await new Promise<number>((resolve, reject) => {
      node.#server.bindAsync('127.0.0.1:0', cluster.credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    node.#wire = await Wire.before(port);
    return node;
  }

  get wire(): Wire {
    return this.#wire!;
  }

  get port(): number {
    return this.wire.port;
  }

  /** Subscriptions that it serves at present. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Ends every subscription without an error. */
  endSubscriptions(): void {
    for (const subscription of [...this.#subscriptions]) subscription.end();
  }

  /** Ends every stream of appends without an error, whatever is under way. */
  endAppends(): void {
    for (const call of [...this.#batches]) call.end();
  }

  async stop(): Promise<void> {
    await this.wire.close();
    this.#server.forceShutdown();
  }

  #members(): gossip.ClusterInfo {
    const { VNodeState } = gossip.MemberInfo;
    const info = new gossip.ClusterInfo();
    for (const node of this.#cluster.nodes) {
      const member = new gossip.MemberInfo();
      member.setIsAlive(true);
      member.setState(node === this.#cluster.leader() ? VNodeState.LEADER : VNodeState.FOLLOWER);
      member.setHttpEndPoint(new gossip.EndPoint().setAddress(this.#cluster.host).setPort(node.port));
      info.addMembers(member);
    }
    return info;
  }

  /** Refuses who asked for the leader here; false if it may go on. */
  #refuses(call: ReadCall | BatchCall): boolean {
    const [authorization] = call.metadata.get('authorization');
    this.#cluster.user = Buffer.from(String(authorization).replace('Basic ', ''), 'base64').toString();
    const wanted = call.metadata.get('requires-leader')[0] === 'true';
    if (!wanted || this.#cluster.leader() === this) return false;
    call.emit('error', failures.notLeader(this.#cluster.host, this.#cluster.leader().port));
    return true;
  }

  async #read(call: ReadCall): Promise<void> {
    if (!this.ready) {
      call.emit('error', failures.unavailable());
      return;
    }
    if (this.#cluster.strangers) {
      call.emit('error', failures.forbidden());
      return;
    }
    if (this.#refuses(call)) return;
    const options = call.request.getOptions()!;
    if (options.hasSubscription()) {
      this.calls.subscribe++;
      await this.#subscribe(call, options);
      return;
    }
    this.calls.read++;
    const found = options.hasStream() ? this.#eventsOfStream(call, options) : this.#eventsOfAll(call, options);
    if (found === undefined) return;
    const limit = Number(options.getCount());
    const replicated = this.#cluster.leader() === this ? undefined : this.replicated;
    const visible = replicated === undefined ? found : found.filter((event) => !isBehind(event, replicated));
    this.readings++;
    let open = true;
    for (const event of visible.slice(0, limit)) if (open) open = await writeTo(call, eventMessage(event));
    this.readings--;
    if (open) call.end();
  }

  #eventsOfStream(call: ReadCall, options: streams.ReadReq.Options): readonly Recorded[] | undefined {
    const wanted = options.getStream()!;
    const name = nameOf(wanted.getStreamIdentifier()!);
    if (!this.#cluster.permits(name)) {
      call.emit('error', failures.accessDenied());
      return undefined;
    }
    const events = this.#cluster.log.read(name);
    if (events === 'deleted') {
      call.emit('error', failures.streamDeleted(name));
      return undefined;
    }
    if (events === 'not-found') {
      call.write(notFoundMessage(name));
      call.end();
      return undefined;
    }
    const from = wanted.hasRevision() ? Number(wanted.getRevision()) : undefined;
    if (options.getReadDirection() === streams.ReadReq.Options.ReadDirection.FORWARDS) {
      return events.filter(({ revision }) => revision >= (from ?? 0));
    }
    return events.filter(({ revision }) => revision <= (from ?? Infinity)).reverse();
  }

  #eventsOfAll(call: ReadCall, options: streams.ReadReq.Options): readonly Recorded[] | undefined {
    if (!this.#cluster.permits('$all')) {
      call.emit('error', failures.accessDenied());
      return undefined;
    }
    const wanted = options.getAll()!;
    const { log } = this.#cluster;
    const at = wanted.getPosition();
    const position = at && { commit: Number(at.getCommitPosition()), prepare: Number(at.getPreparePosition()) };
    if (options.getReadDirection() === streams.ReadReq.Options.ReadDirection.FORWARDS) {
      return position === undefined
        ? log.all.slice(wanted.hasEnd() ? log.all.length : 0)
        : log.all.slice(log.indexOf(position));
    }
    const end = position === undefined ? (wanted.hasEnd() ? log.all.length : 0) : log.indexOf(position);
    const limit = Math.min(Number(options.getCount()), end);
    return log.all.slice(end - limit, end).reverse();
  }

  async #subscribe(call: ReadCall, options: streams.ReadReq.Options): Promise<void> {
    const { log, faults } = this.#cluster;
    if (!this.#cluster.permits('$all')) {
      call.emit('error', failures.accessDenied());
      return;
    }
    const at = options.getAll()!.getPosition();
    const filter = options.getFilter();
    const prefixes = filter?.getStreamIdentifier()?.getPrefixList() ?? [];
    const window = filter?.hasMax() === true ? filter.getMax() : 32;
    const subscription: ServedSubscription = new ServedSubscription(
      call,
      log,
      {
        after: at && { commit: Number(at.getCommitPosition()), prepare: Number(at.getPreparePosition()) },
        matches: filter ? ({ stream }) => prefixes.some((prefix) => stream.startsWith(prefix)) : () => true,
        checkpointInterval: filter && window * filter.getCheckpointintervalmultiplier(),
        checkpointAhead: filter !== undefined && this.#cluster.checkpointAhead,
      },
      () => {
        const fault = faults.subscription();
        if (fault === 'drop') this.wire.drop();
        if (fault === 'unavailable') this.goAway(this.#cluster.slowness);
        return fault;
      },
      () => this.calls.delivered++,
    );
    this.#subscriptions.add(subscription);
    await subscription.run();
    this.#subscriptions.delete(subscription);
  }

  /** Cuts every connection and takes none for so many milliseconds. */
  goAway(milliseconds: number): void {
    this.wire.refuse(true);
    this.wire.drop();
    setTimeout(() => this.wire.refuse(false), milliseconds);
  }

  #batchAppend(call: BatchCall): void {
    if (this.#refuses(call)) return;
    const pending = new Map<string, Pending>();
    call.on('data', (request: streams.BatchAppendReq) => {
      const correlation = request.getCorrelationId()!;
      const key = correlation.getString();
      const options = request.getOptions();
      if (options) pending.set(key, { options, correlation, proposed: [] });
      const append = pending.get(key);
      if (append === undefined) return;
      for (const message of request.getProposedMessagesList()) {
        append.proposed.push({
          id: message.getId()!.getString(),
          type: message.getMetadataMap().get('type') ?? '',
          contentType: message.getMetadataMap().get('content-type') ?? '',
          data: message.getData_asU8(),
          metadata: message.getCustomMetadata_asU8(),
        });
      }
      if (!request.getIsFinal()) return;
      pending.delete(key);
      this.calls.append++;
      void this.#append(call, append);
    });
    this.#batches.add(call);
    call.on('error', () => undefined);
    call.on('close', () => this.#batches.delete(call));
    call.on('end', () => call.end());
  }

  async #append(call: BatchCall, append: Pending): Promise<void> {
    const fault = this.#cluster.faults.append();
    if (fault === 'slow') await delay(this.#cluster.slowness * this.#cluster.faults.random());
    const send = (answer: streams.BatchAppendResp): void => {
      if (call.cancelled || call.destroyed || call.writableEnded) return;
      answer.setCorrelationId(append.correlation);
      answer.setStreamIdentifier(append.options.getStreamIdentifier());
      call.write(answer);
    };
    // What was under way when the leader changed is refused as well.
    if (fault === 'not-leader') this.#cluster.elect();
    if (this.#refuses(call) || this.#happensBefore(fault, send)) return;
    const result = this.#commit(append);
    if (this.#happensAfter(fault, call, send)) return;
    send(answerTo(result));
  }

  #happensBefore(fault: AppendFault, send: (answer: streams.BatchAppendResp) => void): boolean {
    switch (fault) {
      case 'drop-before':
        this.wire.drop();
        return true;
      case 'lose':
        return true;
      case 'timeout':
      case 'busy':
        send(failureMessage({ kind: fault }));
        return true;
      default:
        return false;
    }
  }

  #happensAfter(fault: AppendFault, call: BatchCall, send: (answer: streams.BatchAppendResp) => void): boolean {
    switch (fault) {
      case 'drop-after':
        this.wire.drop();
        return true;
      case 'lose-answer':
        return true;
      case 'timeout-committed':
        send(failureMessage({ kind: 'timeout' }));
        return true;
      case 'not-leader-committed':
        this.#cluster.elect();
        return this.#refuses(call);
      case 'denied-committed':
        call.emit('error', failures.accessDenied());
        return true;
      default:
        return false;
    }
  }

  #commit({ options, proposed }: Pending): AppendResult | { readonly kind: 'access-denied' } {
    const name = nameOf(options.getStreamIdentifier()!);
    if (!this.#cluster.permits(name)) return { kind: 'access-denied' };
    return this.#cluster.log.append(name, expectedOf(options), proposed);
  }
}

function answerTo(result: AppendResult | { readonly kind: 'access-denied' }): streams.BatchAppendResp {
  return result.kind === 'success' ? successMessage(result.last) : failureMessage(result);
}

function expectedOf(options: streams.BatchAppendReq.Options): Expected {
  if (options.hasStreamPosition()) return Number(options.getStreamPosition());
  if (options.hasNoStream()) return -1;
  return options.hasAny() ? 'any' : 'stream-exists';
}

function nameOf(identifier: shared.StreamIdentifier): string {
  return Buffer.from(identifier.getStreamName_asU8()).toString();
}

function supportedMethods(): features.SupportedMethods {
  const methods = new features.SupportedMethods().setEventStoreServerVersion('0.0.0-simulated');
  for (const name of ['Read', 'BatchAppend']) {
    const method = new features.SupportedMethod();
    method.setServiceName('event_store.client.streams.Streams').setMethodName(name);
    methods.addMethods(method);
  }
  return methods;
}
