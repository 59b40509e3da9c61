/**
 * One review of what pods come from, in its order: receive, look the namespace up, remark, respond; then log and count. It refuses
 * nothing, whatever happens: the pods themselves are decided by review.ts.
 */
import type { Subject } from "../validate/registration.ts";
import { silence, toWarnings, type Remarks } from "../validate/remarks.ts";
import { remarkOnSettings } from "../validate/settings.ts";
import { remarkOnWorkload } from "../validate/workload.ts";
import { answerReview, type AnswerDeps, type InForce, type Reviewed } from "./answer.ts";
import { describeForLog } from "./log.ts";
import type { WebhookMetrics } from "./metrics.ts";
import { readChange, type Change, type Review } from "./receive.ts";
import { respondToChange, type ReviewAnswer } from "./respond.ts";

/** Creates the function that answers reviews of workloads and of settings. It never rejects. */
export function createValidator(deps: AnswerDeps): (body: Uint8Array, subject: Subject) => Promise<Reviewed> {
  const { namespaces } = deps;
  return (body, subject) =>
    answerReview(
      body,
      {
        scope: subject.kind,
        decide: async (review, { config, configHash }) => {
          const remarks = await remark(readChange(review.request), subject, { namespaces, config });
          const { action, reason } = remarks;
          return respondToChange(review, { action, reason, warnings: toWarnings(remarks) }, configHash);
        },
        fault: (review, configHash) =>
          respondToChange(review, { action: "error", reason: "Internal", warnings: [] }, configHash),
        record: (review, answer, durationMs) => record(review, answer, { ...deps, subject, durationMs }),
      },
      deps,
    );
}

/** Other operations can't be reached through our entries, and have nothing to tell. */
async function remark(
  change: Change,
  subject: Subject,
  { config, namespaces }: Pick<AnswerDeps, "namespaces"> & Pick<InForce, "config">,
): Promise<Remarks> {
  const { operation, subResource, namespace } = change;
  if (!["CREATE", "UPDATE"].includes(operation) || subResource !== "") return silence;
  if (subject.kind === "settings") return remarkOnSettings(change, config);
  return remarkOnWorkload({ ...change, scope: subject.scope }, await namespaces.find(namespace), config);
}

type Checked = Parameters<WebhookMetrics["countCheck"]>;

function record(
  { uid, isDryRun, request }: Review,
  { response }: ReviewAnswer,
  { metrics, logger, subject, durationMs }: AnswerDeps & { readonly subject: Subject; readonly durationMs: number },
): void {
  // respondToChange() wrote both from remarks.
  const [action, reason] = [response.auditAnnotations.decision, response.auditAnnotations.reason] as Checked;
  metrics.countCheck(action, reason);
  const { kind, namespace, object } = readChange(request);
  logger.info(
    {
      ...{ requestId: uid, namespace, kind: kind.kind.slice(0, 63), name: describeForLog(object) },
      ...{ scope: subject.kind === "workload" ? subject.scope : subject.kind, action, reason },
      ...{ warnings: response.warnings?.length ?? 0, isDryRun, durationMs },
    },
    "workload checked",
  );
}
