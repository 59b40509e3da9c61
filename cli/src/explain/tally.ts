/** Counts outcomes, and says which exit code they make. Pure. */
import { programErrors } from "@outrigger/api/errors";
import type { Action, Explanation } from "./explanation.ts";

/** How many objects have each outcome. */
export function tallyActions(explanations: readonly Explanation[]): Readonly<Record<Action, number>> {
  const count = (action: Action): number => explanations.filter(({ decision }) => decision.action === action).length;
  return { inject: count("inject"), skip: count("skip"), deny: count("deny"), pass: count("pass") };
}

/** 0 where everything would be admitted, with the sidecar or without; that of a refusal where one object would not. */
export function toExitCode(explanations: readonly Explanation[]): number {
  return tallyActions(explanations).deny === 0 ? 0 : programErrors.OUTRIGGER_ERR_REFUSED.exitCode;
}
