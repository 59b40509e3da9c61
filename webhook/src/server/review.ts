/**
 * One admission review in its order: receive, look the surroundings up, admit, respond; then log and count with the same
 * reason. The only file that knows the order; HTTP is app.ts's.
 */
import type { Logger } from "@outrigger/runtime/logger";
import { admit } from "../inject/admission.ts";
import { hashConfig, type InjectionConfig } from "../inject/config.ts";
import type { Scope } from "../inject/outcome.ts";
import { readObject, readText } from "../inject/read/json.ts";
import type { InstallationSource } from "./installation.ts";
import type { WebhookMetrics } from "./metrics.ts";
import type { NamespaceSource } from "./namespaces.ts";
import { receive, type Review } from "./receive.ts";
import { respond, respondWithFault, type ReviewAnswer } from "./respond.ts";

/** What reviews need. `config` gives the configuration in force; `nowMs` only measures. */
export interface ReviewDeps {
  readonly config: () => InjectionConfig;
  readonly namespaces: NamespaceSource;
  readonly installation: InstallationSource;
  readonly metrics: WebhookMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

/** An answer for HTTP 200, or the problem for HTTP 400. */
export type Reviewed =
  { readonly ok: true; readonly answer: ReviewAnswer } | { readonly ok: false; readonly problem: string };

/** Creates the function that answers reviews. It never rejects: a fault of ours is an answer, too. */
export function createReviewer(deps: ReviewDeps): (body: Uint8Array, scope: Scope) => Promise<Reviewed> {
  return async (body, scope) => {
    const startedMs = deps.nowMs();
    const received = receive(body, scope);
    deps.metrics.countRequest(scope, received.ok ? "answered" : "malformed");
    if (!received.ok) return received;
    const config = deps.config();
    const configHash = hashConfig(config);
    const answer = await decideReview(received.review, config, deps).then(
      (admission) => respond(received.review, admission, configHash),
      (error: unknown) => {
        deps.logger.error({ requestId: received.review.uid, err: error }, "admission failed");
        return respondWithFault(received.review, configHash);
      },
    );
    const durationMs = deps.nowMs() - startedMs;
    record(received.review, answer, { ...deps, durationMs });
    return { ok: true, answer };
  };
}

async function decideReview({ request }: Review, config: InjectionConfig, { namespaces, installation }: ReviewDeps) {
  const namespace = await namespaces.find(request.namespace);
  return admit(request, { namespace, installation: installation.find(request.namespace) }, config);
}

type Decision = Parameters<WebhookMetrics["countDecision"]>;

/** Writes names only: a pod can hold secrets in its variables. */
function record(
  { uid, isDryRun, request }: Review,
  { response }: ReviewAnswer,
  { metrics, logger, durationMs }: ReviewDeps & { readonly durationMs: number },
): void {
  // respond() wrote both from a decision.
  const [action, reason] = [response.auditAnnotations.decision, response.auditAnnotations.reason] as Decision;
  const metadata = readObject(request.pod, "metadata");
  const pod = readText(metadata, "name") || readText(metadata, "generateName");
  metrics.countDecision(action, reason);
  metrics.observeDuration(durationMs / 1_000);
  const { namespace, scope } = request;
  logger.info({ requestId: uid, namespace, pod, scope, action, reason, isDryRun, durationMs }, "admission decided");
}
