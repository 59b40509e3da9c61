/** The wake port: an HTTP listener of its own, beside health and metrics, so that a network policy can tell them apart. */
import type { AddressInfo } from "node:net";
import { wakeAudience, wakePath, wakeStatus, type WakeAnswer } from "@outrigger/api/wake";
import { createEventRecorder, createObjects, type ClusterAccess } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import { createTokenVerifier } from "@outrigger/runtime/service-token";
import { fastify } from "fastify";
import type { ClusterView } from "../cluster/view.ts";
import type { OperatorMetrics } from "../metrics.ts";
import type { SleepSettings } from "../settings.ts";
import { reportWoken } from "../sleep/report.ts";
import { answerWake, type WakeParts } from "./answer.ts";

/** What the port works with. `identity`: the process, as Events name it. */
export interface WakePortParts {
  readonly sleep: SleepSettings;
  readonly identity: string;
  readonly access: ClusterAccess;
  readonly view: ClusterView;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly elapsedMs: () => number;
}

/** A listening port. */
export interface WakePort {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** A request names two things; and one that nobody answers in time is asked again. */
const maxBodyBytes = 4_096;
const requestMs = 15_000;

/** Where API servers publish the keys of ServiceAccount tokens, and as what: they refuse who takes plain JSON alone. */
const keysPath = "/openid/v1/jwks";
const keysType = "application/jwk-set+json";

/** Listens. Errors: rejects where the port is taken (`code` EADDRINUSE). */
export async function openWakePort(parts: WakePortParts): Promise<WakePort> {
  const { sleep, view, metrics, logger, access, nowMs, elapsedMs } = parts;
  const objects = createObjects(access, { attempts: 2, attemptMs: 5_000 });
  const recorder = createEventRecorder({
    objects,
    controller: "outrigger.dev/operator",
    instance: parts.identity,
    nowMs,
    onFailure: ({ message }) => logger.warn({ problem: message }, "an Event could not be written"),
    onDropped: metrics.countDroppedEvent,
  });
  const readKeys = (): Promise<unknown> => readClusterKeys(access);
  const waking: WakeParts = {
    verify: createTokenVerifier({ audience: wakeAudience, readKeys, nowMs, elapsedMs }),
    wakers: sleep.wakers,
    asleep: view.asleep,
    isSynced: () => view.isSynced(["asleep"]),
    objects,
    onWoken: (identity) => reportWoken(identity, "it was called", { logger, recorder }),
  };
  const app = fastify({ bodyLimit: maxBodyBytes, requestTimeout: requestMs, forceCloseConnections: true });
  app.post(wakePath, async ({ headers, body }, reply) => {
    const startMs = elapsedMs();
    const answer = await answerWake({ authorization: headers.authorization, body }, waking);
    metrics.observeWake(answer.reason, (elapsedMs() - startMs) / 1_000);
    if (answer.reason !== "Woken") logger.warn({ ...answer }, "a server was not woken");
    return reply.code(wakeStatus[answer.reason]).send(answer);
  });
  app.setErrorHandler(async (error, _request, reply) => {
    // The body is no JSON, or too long: whatever else goes wrong is an answer above.
    const message = error instanceof Error ? error.message : String(error);
    await reply.code(wakeStatus.RequestMalformed).send({ reason: "RequestMalformed", message } satisfies WakeAnswer);
  });
  await app.listen(sleep.listen);
  return {
    // A server that listens on TCP has this form of address.
    port: (app.server.address() as AddressInfo).port,
    close: async () => {
      await app.close();
      await recorder.close();
    },
  };
}

const keysMs = 5_000;

async function readClusterKeys(access: ClusterAccess): Promise<unknown> {
  const signal = AbortSignal.timeout(keysMs);
  const answer = await access.send({ path: keysPath, accept: keysType, signal, idleTimeoutMs: keysMs });
  if (answer.statusCode === 200) return answer.body.json();
  await answer.body.dump();
  throw new Error(`the API server answered ${answer.statusCode} to ${keysPath}`);
}
