/**
 * What every review goes through, whatever it is about: received, counted, decided under one configuration, timed. A fault of ours
 * is an answer, too. What is decided is review.ts's and validate.ts's.
 */
import type { Logger } from "@outrigger/runtime/logger";
import { hashConfig, type InjectionConfig } from "../inject/config.ts";
import type { RequestScope, WebhookMetrics } from "./metrics.ts";
import type { NamespaceSource } from "./namespaces.ts";
import { receive, type Review } from "./receive.ts";
import type { ReviewAnswer } from "./respond.ts";

/** What answers need. `config` gives the configuration in force; `nowMs` only measures. */
export interface AnswerDeps {
  readonly config: () => InjectionConfig;
  readonly namespaces: NamespaceSource;
  readonly metrics: WebhookMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

/** An answer for HTTP 200, or the problem for HTTP 400. */
export type Reviewed =
  { readonly ok: true; readonly answer: ReviewAnswer } | { readonly ok: false; readonly problem: string };

/** The configuration of one answer, and its name in audit annotations. */
export interface InForce {
  readonly config: InjectionConfig;
  readonly configHash: string;
}

/** What differs between reviews. `decide` may reject; then `fault` is the answer. */
export interface Stages {
  readonly scope: RequestScope;
  readonly decide: (review: Review, inForce: InForce) => Promise<ReviewAnswer>;
  readonly fault: (review: Review, configHash: string) => ReviewAnswer;
  readonly record: (review: Review, answer: ReviewAnswer, durationMs: number) => void;
}

/** Answers one body. Never rejects. */
export async function answerReview(
  body: Uint8Array,
  { scope, decide, fault, record }: Stages,
  { config: inForce, metrics, logger, nowMs }: AnswerDeps,
): Promise<Reviewed> {
  const startedMs = nowMs();
  const received = receive(body);
  metrics.countRequest(scope, received.ok ? "answered" : "malformed");
  if (!received.ok) return received;
  const { review } = received;
  const config = inForce();
  const configHash = hashConfig(config);
  const answer = await decide(review, { config, configHash }).catch((error: unknown) => {
    logger.error({ requestId: review.uid, err: error }, "admission failed");
    return fault(review, configHash);
  });
  const durationMs = nowMs() - startedMs;
  metrics.observeDuration(durationMs / 1_000);
  record(review, answer, durationMs);
  return { ok: true, answer };
}
