/**
 * CPU of the decision and the patch of recorded pods in one process, beside JSON.parse and JSON.stringify of the same pods, and the whole
 * answer to a review. Arguments: the file of reviews, rounds, milliseconds of a step. Prints what runSteps reads.
 */
import { admit, defaultConfig, type InjectionConfig } from "@outrigger/webhook/inject";
import { createLogger } from "@outrigger/runtime/logger";
import { createMetrics } from "@outrigger/runtime/metrics";
import { createWebhookMetrics } from "../../../../webhook/src/server/metrics.ts";
import { readInjection, receive } from "../../../../webhook/src/server/receive.ts";
import { createReviewer } from "../../../../webhook/src/server/review.ts";
import { cpuNowMs, timeSteps, type NamedStep } from "../../stats/time-steps.ts";
import { pods, type PodKind } from "../pods.ts";
import { readReview } from "../reviews.ts";
import { describePolicy, recordedNamespace } from "../surroundings.ts";

/** What was made, so that nothing can be left out as unused. */
let kept: unknown;

async function main(reviewsFile: string, rounds: number, millisecondsPerRound: number): Promise<void> {
  const [trust, policy] = await describePolicy("outrigger-system", [recordedNamespace]);
  const installation = { trustKeys: trust?.data["jwks.json"] ?? "", bundle: policy?.data["policy"] ?? "" };
  const namespace = { labels: {}, annotations: {} };
  const config: InjectionConfig = defaultConfig;
  const review = createReviewer({
    config: () => config,
    namespaces: { find: () => Promise.resolve(namespace) },
    installation: { find: () => installation },
    metrics: createWebhookMetrics(createMetrics({ component: "bench", version: "0" })),
    logger: createLogger({ component: "bench", version: "0", destination: { write: () => undefined } }),
    nowMs: () => performance.now(),
  });
  const stepsOf = (name: string, kind: PodKind): readonly NamedStep[] => {
    const body = Buffer.from(readReview(kind, reviewsFile));
    const received = receive(body);
    if (!received.ok) throw new Error(`${kind.name}: ${received.problem}`);
    const request = readInjection(received.review, "namespace");
    const decided = admit(request, { namespace, installation }, config);
    if (decided.action !== "inject") throw new Error(`${kind.name} is not injected: ${JSON.stringify(decided)}`);
    const text = JSON.stringify(request.pod);
    const decide = (): void => {
      const admission = admit(request, { namespace, installation }, config);
      kept = Buffer.from(JSON.stringify(admission.action === "inject" ? admission.patch : [])).toString("base64");
    };
    const copy = (): void => {
      kept = JSON.stringify(JSON.parse(text));
    };
    const answer = async (): Promise<void> => {
      kept = JSON.stringify(await review(body, "namespace"));
    };
    return [
      [`decide and patch, ${name}`, decide],
      [`parse and stringify, ${name}`, copy],
      [`whole answer, ${name}`, answer],
    ];
  };
  const sizes = { "1 container": pods.one, "10 containers": pods.ten, "30 containers": pods.thirty };
  const steps = Object.entries(sizes).flatMap(([name, kind]) => stepsOf(name, kind));
  const told = await timeSteps(steps, { rounds, millisecondsPerRound, nowMs: cpuNowMs });
  console.log(kept === undefined ? "" : told);
}

const [file = "", rounds = "5", milliseconds = "200"] = process.argv.slice(2);
void main(file, Number(rounds), Number(milliseconds));
