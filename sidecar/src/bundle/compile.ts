/**
 * Compiles what is good of all parts into one immutable policy, or into one that denies everything where a part has nothing good.
 * Third stage: watch -> verify -> compile -> swap.
 */
import { createHash } from "node:crypto";
import type { Reason } from "@outrigger/api/reasons";
import {
  compileDenial,
  compilePolicy,
  type CompiledPolicy,
  type DenialReason,
  type PolicyDocument,
} from "@outrigger/policy";
import type { Part, PartState, RefusalReason } from "./parts.ts";

/** What is enforced, and what became of the last attempt to change it. */
export interface CompiledParts {
  readonly compiled: CompiledPolicy;
  /** sha256 over the text of all layers, hex: the same hash means the same policy. */
  readonly hash: string;
  readonly reason: Extract<Reason, "PolicyApplied"> | DenialReason | RefusalReason;
  readonly message: string;
}

/** What holds for the life of the process. `floor`: layers that admission fixed; they narrow whatever comes. */
export interface PolicyRules {
  readonly floor: readonly PolicyDocument[];
  /** The part without which nothing is allowed; undefined where annotations alone narrow what is otherwise open. */
  readonly base: Extract<Part, "bundle" | "file"> | undefined;
}

/** Compiles the parts; of a part that is refused the last good text counts. */
export function compileParts(parts: ReadonlyMap<Part, PartState>, rules: PolicyRules): CompiledParts {
  const denied = findDenial(parts, rules);
  const layers = [...parts.values()].flatMap(({ good }) => good?.layers ?? []).concat(rules.floor);
  const refused = [...parts.values()].flatMap((state) => (state.refused === undefined ? [] : [state.refused]));
  const problems = refused.flatMap((each) => each.problems);
  return {
    compiled: denied === undefined ? compilePolicy(layers) : compileDenial(denied),
    hash: createHash("sha256")
      .update(JSON.stringify(denied === undefined ? layers : { denied }))
      .digest("hex"),
    reason: refused[0]?.reason ?? denied ?? "PolicyApplied",
    message: [...(problems.length > 0 ? problems : [describe(parts, denied)]), ...tellDenial(problems, denied)].join(
      "; ",
    ),
  };
}

/** A part that was never good leaves a hole that nobody knows the size of: nothing passes until it is filled. */
function findDenial(parts: ReadonlyMap<Part, PartState>, rules: PolicyRules): DenialReason | undefined {
  if (rules.base !== undefined && parts.get(rules.base)?.good === undefined) return "PolicyMissing";
  const isBroken = [...parts.values()].some(({ good, refused }) => good === undefined && refused !== undefined);
  return isBroken ? "PolicyInvalid" : undefined;
}

function describe(parts: ReadonlyMap<Part, PartState>, denied: DenialReason | undefined): string {
  if (denied !== undefined) return "no policy has come yet, so everything is denied";
  const version = parts.get("bundle")?.good?.version;
  return version === undefined ? "the policy is in force" : `the policy bundle of version ${version} is in force`;
}

function tellDenial(problems: readonly string[], denied: DenialReason | undefined): readonly string[] {
  return problems.length > 0 && denied !== undefined ? ["until it is right everything is denied"] : [];
}
