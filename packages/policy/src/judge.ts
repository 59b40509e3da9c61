/**
 * The one judgement of what a caller may see and use: listing, searching, describing and calling all ask here.
 * It knows no state and no time; limits come afterwards and only for what is judged allowed.
 */
import type { Reason } from "@outrigger/api/reasons";
import type { CompiledPolicy, DenialReason } from "./compiled.ts";
import { consents, findToolDenial } from "./guard.ts";
import { remember } from "./memo.ts";
import type { Subject, SubjectKind, View } from "./rules.ts";

/** The judgement. A denial looks to the caller like the absence of the thing; the reason is for logs and metrics. */
export type Verdict = { readonly action: "allow" } | { readonly action: "deny"; readonly reason: Reason };

const allowed = { action: "allow" } as const satisfies Verdict;
const denials: Readonly<Record<SubjectKind, Verdict>> = {
  tool: { action: "deny", reason: "ToolDenied" },
  prompt: { action: "deny", reason: "PromptDenied" },
  resource: { action: "deny", reason: "ResourceDenied" },
};

/** A verdict on everything at once: who is denied is told why, since nothing is hidden from them in particular. */
export type TrafficVerdict =
  Extract<Verdict, { action: "allow" }> | { readonly action: "deny"; readonly reason: DenialReason };

const trafficDenials: Readonly<Record<DenialReason, TrafficVerdict>> = {
  PolicyMissing: { action: "deny", reason: "PolicyMissing" },
  PolicyInvalid: { action: "deny", reason: "PolicyInvalid" },
};

/** Judges whether anything may pass at all: asked of everything that comes, also where it names no subject. */
export function judgeTraffic({ denied }: CompiledPolicy): TrafficVerdict {
  return denied === undefined ? allowed : trafficDenials[denied];
}

/**
 * Judges one subject. Pure. Without rules the verdict is the same for every method that touches the subject, and `view` is not read.
 * While arguments are not known, rules that look at them neither deny nor are missed: what remains is whether some call may pass.
 */
export function judge(policy: CompiledPolicy, subject: Subject, view: View = {}): Verdict {
  if (policy.denied !== undefined) return trafficDenials[policy.denied];
  if (policy.guards === undefined && subject.kind === "tool") return judgeToolByName(policy, subject.name);
  const reason = policy.guards === undefined ? undefined : findToolDenial(policy.guards, subject, view);
  if (reason !== undefined) return { action: "deny", reason };
  return consents(policy, subject, view) ? allowed : denials[subject.kind];
}

const judgeToolByName = remember((policy: CompiledPolicy, name): Verdict =>
  consents(policy, { kind: "tool", name }, noView) ? allowed : denials.tool,
);

const noView: View = {};

/** The judgement as a filter: listed if and only if callable. Give no method and no arguments in `view`. */
export function isVisible(policy: CompiledPolicy, subject: Subject, view: View = {}): boolean {
  return judge(policy, subject, view).action === "allow";
}

/** Judges a method that names no subject and is not in the method table: a restricted policy passes known methods only. */
export function judgeUnknownMethod(policy: CompiledPolicy): Verdict {
  if (policy.denied !== undefined) return trafficDenials[policy.denied];
  return policy.isRestricted ? { action: "deny", reason: "MethodDenied" } : allowed;
}
