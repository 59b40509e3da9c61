/**
 * Starts what replicas need from the settings: keys, who the others are, connections to them, the port for them. Alone, a replica has a
 * random key and nobody to pass requests on to.
 */
import { randomBytes } from "node:crypto";
import type { ClusterAccess } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import { createGuardedLookup } from "@outrigger/runtime/forbidden-address";
import { fastify, type FastifyInstance } from "fastify";
import { Agent } from "undici";
import { createForward } from "./forward.ts";
import { followKeyFile, type FollowedKeys } from "./key-file.ts";
import { createFixedMembership, type Membership } from "./membership.ts";
import { createReplicas, type ReplicaMetrics, type Replicas } from "./replicas.ts";
import { createSeal, createSealKey, minKeyBytes, type Seal } from "./seal.ts";
import { addressOf, type ReplicaValues } from "./settings.ts";
import { watchMembership } from "./slices.ts";

/** What it is opened with. */
export interface OpenReplicasOptions {
  readonly settings: ReplicaValues;
  readonly access: ClusterAccess | undefined;
  readonly logger: Logger;
  readonly metrics: ReplicaMetrics;
  readonly callerNow: () => string;
  readonly onForwarded: () => void;
  readonly hasRead: () => boolean;
  readonly nowMs: () => number;
}

/** The replicas, and how to let go of them. */
export interface OpenedReplicas extends Replicas {
  /** What else is sealed for callers is sealed by the same keys. */
  readonly sealer: Seal;
  readonly close: () => Promise<void>;
}

/** Opens it. Errors: rejects with a message for people where the file of keys can't be used. */
export async function openReplicas(options: OpenReplicasOptions): Promise<OpenedReplicas> {
  const { settings, logger, metrics, nowMs } = options;
  const { keys, stop } = await openKeys(settings.sessionKeys, logger);
  const seal = createSeal({ keys, randomBytes });
  const { self: given, peerListen } = settings;
  const self = given === undefined || peerListen === undefined ? "self" : addressOf(given, peerListen);
  const membership = openMembership(self, options);
  const connect = { timeout: 1_000, lookup: createGuardedLookup() };
  // Shorter than the idle time of Node servers (5 s), so that no connection dies under a request.
  const agent = new Agent({ connect, keepAliveTimeout: 4_000, keepAliveMaxTimeout: 4_000 });
  const replicas = createReplicas({
    ...{ self, membership, seal, metrics, nowMs },
    forward: createForward(agent),
    callerNow: options.callerNow,
    onForwarded: options.onForwarded,
    hasRead: options.hasRead,
  });
  return {
    ...replicas,
    sealer: seal,
    close: async () => {
      await Promise.all([membership.stop(), stop(), agent.destroy()]);
    },
  };
}

async function openKeys(path: string | undefined, logger: Logger): Promise<FollowedKeys> {
  if (path === undefined) {
    const key = createSealKey(randomBytes(minKeyBytes));
    return { keys: () => [key], stop: () => Promise.resolve() };
  }
  return followKeyFile({
    path,
    onChange: (count) => logger.info({ keys: count }, "the keys that seal sessions changed"),
    onProblem: (problem) => logger.warn({ problem }, "the keys that seal sessions can't be read; those of before hold"),
  });
}

function openMembership(self: string, { settings, access, logger }: OpenReplicasOptions): Membership {
  const { peerService: service, peers } = settings;
  if (service === undefined || access === undefined) return createFixedMembership(self, peers);
  return watchMembership({
    ...{ access, service, self },
    onFailure: (problem) => logger.warn({ problem }, "the other replicas can't be watched; those known before hold"),
    onHandlerError: (error) => logger.error({ err: error }, "reading what the cluster tells of replicas failed"),
  });
}

/** What another replica tells of a caller may be long: groups and claims are in it. */
const maxHeaderBytes = 64 * 1024;

/** The app for other replicas. */
export function createPeerApp(): FastifyInstance {
  return fastify({
    forceCloseConnections: true,
    requestTimeout: 30_000,
    http: { maxHeaderSize: maxHeaderBytes },
    routerOptions: { ignoreTrailingSlash: true },
  });
}
