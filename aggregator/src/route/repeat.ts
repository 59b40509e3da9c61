/**
 * Why a call goes to another replica, and whether one that may have reached its server may be sent again. Hints are a server's own claims, so they count only where the owner of the
 * server vouches for them, and only of a definition that no replica reports as changed or unapproved. Pure.
 */
import type { Retry } from "@outrigger/api/words";
import type { WireReason } from "@outrigger/api/errors";
import type { CallTarget } from "../catalog/target.ts";
import type { SidecarView } from "../catalog/view.ts";
import type { Attempt } from "./attempt.ts";

/**
 * `unsent` and `kept` can't have reached the server; `lost` can, and nobody knows what became of it; `slow` is one that has not ended when another
 * begins.
 */
export type RetryCause = "unsent" | "kept" | "lost" | "slow";

/** Errors of sidecars that say that their server was lost under a call. */
const losses: readonly unknown[] = ["UpstreamBroken", "UpstreamUnavailable"] satisfies WireReason[];

/** Why an attempt did not end the call; undefined where it did. */
export function whyAgain(attempt: Attempt): Exclude<RetryCause, "slow"> | undefined {
  switch (attempt.kind) {
    case "unsent":
    case "kept":
    case "lost":
      return attempt.kind;
    case "error":
      return losses.includes(readReason(attempt.error.data)) ? "lost" : undefined;
    default:
      return undefined;
  }
}

function readReason(data: unknown): unknown {
  const detail = isRecord(data) ? data["outrigger"] : undefined;
  return isRecord(detail) ? detail["reason"] : undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** Shape: `target` as it is served; `replicas` of its server; `retry` by its owner. What is no tool only reads. */
export function mayRepeat(
  target: Pick<CallTarget, "kind" | "name" | "definition">,
  replicas: readonly Pick<SidecarView, "feed">[],
  retry: Retry,
): boolean {
  if (retry === "Unsent") return false;
  if (target.kind !== undefined) return true;
  const isDoubted = ({ feed }: Pick<SidecarView, "feed">): boolean =>
    (feed?.findings ?? []).some((finding) => finding.tool === target.name);
  return claims(target, retry) && !replicas.some(isDoubted);
}

/** What only reads can be done twice as well. Of a tool that says neither nothing is known. */
function claims({ definition }: Pick<CallTarget, "definition">, retry: Exclude<Retry, "Unsent">): boolean {
  const hints = definition?.["annotations"];
  if (!isRecord(hints)) return false;
  return hints["readOnlyHint"] === true || (retry === "Idempotent" && hints["idempotentHint"] === true);
}
