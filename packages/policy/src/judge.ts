/**
 * The one judgement of what a caller may see and use: listing, searching, describing and calling all ask here.
 * It knows no state and no time; limits come afterwards and only for what is judged allowed.
 */
import type { Reason } from "@outrigger/api/reasons";
import { consents, type CompiledPolicy, type DenialReason, type SubjectKind } from "./compile.ts";

/** What is asked about: one tool, prompt or resource by the server's own name or URI. */
export interface Subject {
  readonly kind: SubjectKind;
  readonly name: string;
}

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

/** Judges one subject. Pure; the same verdict for every method that touches the subject. */
export function judge(policy: CompiledPolicy, subject: Subject): Verdict {
  if (policy.denied !== undefined) return trafficDenials[policy.denied];
  return consents(policy, subject.kind, subject.name) ? allowed : denials[subject.kind];
}

/** The judgement as a filter: listed if and only if callable. */
export function isVisible(policy: CompiledPolicy, subject: Subject): boolean {
  return judge(policy, subject).action === "allow";
}

/** Judges a method that names no subject and is not in the method table: a restricted policy passes known methods only. */
export function judgeUnknownMethod(policy: CompiledPolicy): Verdict {
  if (policy.denied !== undefined) return trafficDenials[policy.denied];
  return policy.isRestricted ? { action: "deny", reason: "MethodDenied" } : allowed;
}
