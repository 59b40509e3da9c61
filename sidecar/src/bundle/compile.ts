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
  type Engines,
  type PolicyDocument,
} from "@outrigger/policy";
import type { Jwks } from "@outrigger/runtime/jws";
import type { Part, PartState, RefusalReason } from "./parts.ts";

/** What is enforced, and what became of the last attempt to change it. */
export interface CompiledParts {
  readonly compiled: CompiledPolicy;
  /** What it was compiled from; none where everything is denied. */
  readonly layers: readonly PolicyDocument[];
  /** sha256 over the text of all layers, hex: the same hash means the same policy. */
  readonly hash: string;
  readonly reason: Extract<Reason, "PolicyApplied"> | DenialReason | RefusalReason;
  readonly message: string;
  /** Who may vouch for callers; absent where the policy names nobody. */
  readonly assertionKeys?: Jwks;
}

/** What holds for the life of the process. `floor`: layers that admission fixed; they narrow whatever comes. */
export interface PolicyRules {
  readonly floor: readonly PolicyDocument[];
  /** The part without which nothing is allowed; undefined where annotations alone narrow what is otherwise open. */
  readonly base: Extract<Part, "bundle" | "file"> | undefined;
}

/** All layers that count: of a part that is refused the last good text. */
export function layersOf(
  parts: ReadonlyMap<Part, PartState>,
  { floor }: Pick<PolicyRules, "floor">,
): readonly PolicyDocument[] {
  return [...parts.values()].flatMap(({ good }) => good?.layers ?? []).concat(floor);
}

/** Compiles the parts. `engines`: what their layers call for; what is missing refuses. */
export function compileParts(
  parts: ReadonlyMap<Part, PartState>,
  rules: PolicyRules,
  engines: Engines = {},
): CompiledParts {
  const denied = findDenial(parts, rules);
  const layers = layersOf(parts, rules);
  const refused = [...parts.values()].flatMap((state) => (state.refused === undefined ? [] : [state.refused]));
  const problems = refused.flatMap((each) => each.problems);
  return {
    compiled: denied === undefined ? compilePolicy(layers, engines) : compileDenial(denied),
    layers: denied === undefined ? layers : [],
    hash: createHash("sha256")
      .update(JSON.stringify(denied === undefined ? layers : { denied }))
      .digest("hex"),
    reason: refused[0]?.reason ?? denied ?? "PolicyApplied",
    message: [...(problems.length > 0 ? problems : [describe(parts, denied)]), ...tellDenial(problems, denied)].join(
      "; ",
    ),
    ...nameAssertionKeys(parts),
  };
}

function nameAssertionKeys(parts: ReadonlyMap<Part, PartState>): Pick<CompiledParts, "assertionKeys"> {
  const assertionKeys = parts.get("bundle")?.good?.assertionKeys;
  return assertionKeys === undefined ? {} : { assertionKeys };
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
