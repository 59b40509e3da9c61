/** What an explanation of a tool consists of, and the word for it: plain data that text and JSON are made from. Pure. */
import type { CatalogueSight, KnownServer, RankFacts } from "./ask-aggregator.ts";
import type { ToolVerdict } from "./judge-tool.ts";

/**
 * The word. `listed`: callers see it; `hidden`: policy denies it; `refused`: it is seen, and a call with these arguments is refused;
 * `missing`: nothing denies it, and it is not in the catalogue; `unknown`: neither policy nor catalogue could be looked at.
 */
export type ToolOutcome = "listed" | "hidden" | "refused" | "missing" | "unknown";

/** Everything that is told. `pod`: the one whose policy was read; `notes`: what was not known, and what that means. */
export interface ToolExplanation {
  readonly name: string;
  readonly outcome: ToolOutcome;
  /** A word of the table of reasons. */
  readonly reason: string;
  readonly sentence: string;
  readonly tool?: string;
  readonly namespace?: string;
  readonly server?: string;
  readonly caller: string;
  readonly policyOf?: string;
  readonly verdict?: ToolVerdict;
  readonly catalogue?: { readonly listed: boolean; readonly server?: KnownServer };
  readonly nearest: readonly string[];
  readonly rank?: RankFacts;
  readonly notes: readonly string[];
}

type Outcome = Pick<ToolExplanation, "outcome" | "reason">;

/** The outcome with its reason. Without `sight` no catalogue was asked, so that a tool can't be missing in it. */
export function decideOutcome(verdict: ToolVerdict | undefined, sight: CatalogueSight | undefined): Outcome {
  const denial = verdict === undefined ? undefined : findDenial(verdict);
  if (denial !== undefined) return denial;
  if (sight !== undefined) return decideByCatalogue(sight);
  return verdict === undefined
    ? { outcome: "unknown", reason: "UpstreamUnavailable" }
    : { outcome: "listed", reason: "Allowed" };
}

function findDenial({ action, reason, arguments: judged }: ToolVerdict): Outcome | undefined {
  if (action === "deny") return { outcome: "hidden", reason };
  return judged?.action === "deny" ? { outcome: "refused", reason: judged.reason ?? "ArgumentsDenied" } : undefined;
}

/** A server that is well lists everything that it has; of another its state says why a tool is not there. */
function decideByCatalogue({ tool, server }: CatalogueSight): Outcome {
  if (tool !== undefined) return { outcome: "listed", reason: "Allowed" };
  const isWell = server === undefined || server.state === "Ready" || server.state === "Degraded";
  return { outcome: "missing", reason: isWell ? "ToolUnknown" : server.reason };
}
