/**
 * Answers one request to wake a server: who asks, which server, and what came of it. Every replica answers, since what it does can be done
 * twice: the workload goes from zero to what it was, or is no longer at zero.
 */
import { readWakeRequest, type WakeAnswer, type WakeRequest } from "@outrigger/api/wake";
import type { AsleepIdentity } from "@outrigger/api/asleep";
import type { Objects } from "@outrigger/kube";
import { subjectOf, type TokenVerifier } from "@outrigger/runtime/service-token";
import type { AsleepFacts } from "../cluster/own-objects.ts";
import type { ServiceAccount } from "../settings.ts";
import { identityOf } from "../sleep/apply.ts";
import { scaleFromZero } from "../sleep/scale.ts";

/** What answering takes. `isSynced`: whether all sleeping servers are known. */
export interface WakeParts {
  readonly verify: TokenVerifier;
  readonly wakers: readonly ServiceAccount[];
  readonly asleep: () => readonly AsleepFacts[];
  readonly isSynced: () => boolean;
  readonly objects: Objects;
  /** A server is being started because of this request. */
  readonly onWoken: (identity: AsleepIdentity) => void;
}

/** One request as it came. */
export interface WakeAsked {
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** Answers. Never rejects. */
export async function answerWake({ authorization, body }: WakeAsked, parts: WakeParts): Promise<WakeAnswer> {
  const refused = await refuseCaller(authorization, parts);
  if (refused !== undefined) return refused;
  const request = readWakeRequest(body);
  if (request === undefined)
    return { reason: "RequestMalformed", message: 'expected {"namespace": …, "server": …} as JSON' };
  if (!parts.isSynced()) return { reason: "WakeFailed", message: "the cluster is still being read" };
  const sleeping = findAsleep(request, parts.asleep());
  if (sleeping.length === 0) return notAsleep(request);
  return wakeAll(request, sleeping, parts);
}

async function refuseCaller(
  authorization: string | undefined,
  { verify, wakers }: WakeParts,
): Promise<WakeAnswer | undefined> {
  const token = /^Bearer ([^ ]+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return { reason: "WakerUnverified", message: "there is no bearer token" };
  const verified = await verify(token);
  if (!verified.ok) {
    const reason = verified.problem === "unavailable" ? "WakeFailed" : "WakerUnverified";
    return { reason, message: verified.message };
  }
  if (wakers.some(({ namespace, name }) => subjectOf(namespace, name) === verified.subject)) return undefined;
  return { reason: "WakerNotAllowed", message: `${verified.subject} may not wake servers` };
}

function findAsleep({ namespace, server }: WakeRequest, asleep: readonly AsleepFacts[]): readonly AsleepIdentity[] {
  const known = asleep.flatMap(({ identity }) => (identity.ok ? [identity.value] : []));
  return known.filter((each) => each.namespace === namespace && each.server === server);
}

function notAsleep({ namespace, server }: WakeRequest): WakeAnswer {
  return { reason: "NotAsleep", message: `no server ${server} of namespace ${namespace} is asleep` };
}

/** Several workloads may bear one server's name; one that starts is enough. */
async function wakeAll(
  request: WakeRequest,
  sleeping: readonly AsleepIdentity[],
  { objects, onWoken }: WakeParts,
): Promise<WakeAnswer> {
  const results = await Promise.all(
    sleeping.map(async (identity) => {
      const started = await scaleFromZero(identityOf(identity), identity.replicas, objects);
      if (started.kind === "started") onWoken(identity);
      return started;
    }),
  );
  if (results.some(({ kind }) => kind === "started" || kind === "runs")) return { reason: "Woken" };
  const failed = results.find((result) => result.kind === "failed");
  return failed === undefined ? notAsleep(request) : { reason: "WakeFailed", message: failed.failure.message };
}
