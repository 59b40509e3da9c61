/**
 * One review of a pod in its order: receive, look the surroundings up, admit, respond; then log and count with the same
 * reason. The only file that knows the order; HTTP is app.ts's, reviews of what pods come from are validate.ts's.
 */
import { admit } from "../inject/admission.ts";
import type { Scope, Warning } from "../inject/outcome.ts";
import { readObject, readText } from "../inject/read/json.ts";
import { answerReview, type AnswerDeps, type Reviewed } from "./answer.ts";
import type { InstallationSource } from "./installation.ts";
import { describeForLog } from "./log.ts";
import type { WebhookMetrics } from "./metrics.ts";
import { readInjection, type Review } from "./receive.ts";
import { respond, respondWithFault, type ReviewAnswer } from "./respond.ts";

/** What reviews need. */
export interface ReviewDeps extends AnswerDeps {
  readonly installation: InstallationSource;
}

/** Creates the function that answers reviews. It never rejects: a fault of ours is an answer, too. */
export function createReviewer(deps: ReviewDeps): (body: Uint8Array, scope: Scope) => Promise<Reviewed> {
  const { namespaces, installation } = deps;
  return (body, scope) =>
    answerReview(
      body,
      {
        scope,
        decide: async (review, { config, configHash }) => {
          const request = readInjection(review, scope);
          const namespace = await namespaces.find(request.namespace);
          const around = { namespace, installation: installation.find(request.namespace) };
          return respond(review, admit(request, around, config), configHash);
        },
        fault: respondWithFault,
        record: (review, answer, durationMs) => record(review, answer, { ...deps, scope, durationMs }),
      },
      deps,
    );
}

type Decision = Parameters<WebhookMetrics["countDecision"]>;

/** Writes names only: a pod can hold secrets in its variables. */
function record(
  { uid, isDryRun, request }: Review,
  { response }: ReviewAnswer,
  { metrics, logger, scope, durationMs }: ReviewDeps & { readonly scope: Scope; readonly durationMs: number },
): void {
  // respond() wrote all of them from a decision.
  const [action, reason] = [response.auditAnnotations.decision, response.auditAnnotations.reason] as Decision;
  metrics.countDecision(action, reason);
  const warnings = response.auditAnnotations.warnings?.split(",") as Warning["reason"][] | undefined;
  for (const warned of warnings ?? []) metrics.countWarning(warned);
  const namespace = readText(request, "namespace") ?? "";
  const pod = describeForLog(readObject(request, "object"));
  logger.info(
    { requestId: uid, namespace, pod, scope, action, reason, warnings, isDryRun, durationMs },
    "admission decided",
  );
}
