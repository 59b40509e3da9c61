/** What an explanation of injection consists of: plain data that text and JSON are made from. Member names are public. */
import type { Enforced } from "@outrigger/api/enforced";
import type { Problem, QosClass, Warning } from "@outrigger/webhook/inject";

/** What the webhook does. `pass`: it is never asked, since the kind holds no pod. */
export type Action = "inject" | "skip" | "deny" | "pass";

/** The decision: its reason, the row of the decision table, the sentence of the reason; `code` is the HTTP status of a denial. */
export interface ExplainedDecision {
  readonly action: Action;
  readonly reason: string;
  readonly row?: string;
  readonly sentence: string;
  readonly code?: number;
}

/** Whether API servers ask the webhook, by which entry of its configuration, and why by no other: one sentence each. */
export interface WebhookCall {
  readonly called: boolean;
  readonly entry?: string;
  readonly path?: string;
  readonly why: readonly string[];
}

/** What an admission review says of its request. */
export interface ReviewFacts {
  readonly operation: string;
  /** As `group/version/kind`, the core group left out. */
  readonly kind: string;
  readonly subResource: string;
  readonly userGroups: readonly string[];
  readonly dryRun: boolean;
}

/** Where a value comes from. */
export type Origin = "pod" | "namespace" | "installation" | "default";

/** The value of one annotation, by its full key. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  readonly from: Origin;
}

/** Where a port of a Service leads: to the sidecar, to the server past the sidecar, or elsewhere; a sentence with it. */
export interface ServicePort {
  readonly service: string;
  readonly port: string;
  readonly targetPort: string;
  readonly leadsTo: "sidecar" | "server" | "other";
  readonly text: string;
}

/** How much a container asks for and may use, quantities as written. */
export interface Resources {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

/** The pod as it is with the sidecar. Without `transport` the sidecar finds it out; without `serverPort` nothing else listens. */
export interface InjectionFacts {
  readonly server: string;
  readonly transport?: string;
  readonly container: string;
  readonly serverPort?: number;
  readonly portMode: string;
  readonly guarantee: string;
  readonly sidecarPort: number;
  readonly path: string;
  readonly configHash: string;
  readonly adds: readonly string[];
  readonly changes: readonly string[];
  readonly resources: Resources;
  readonly qos: { readonly before: QosClass; readonly after: QosClass };
  readonly services: readonly ServicePort[];
}

/**
 * A pod as it runs. `atRestart`: the reason with which the webhook would decide on it now (AlreadyInjected: nothing changes), or `unknown`;
 * `changes` are there where it would be brought to the plan.
 */
export interface PodNow {
  readonly name: string;
  readonly sidecar: boolean;
  readonly ready: boolean;
  readonly image?: string;
  readonly version?: string;
  readonly configHash?: string;
  readonly enforced?: Enforced;
  readonly atRestart: string;
  readonly changes: readonly string[];
}

/** What is there now, in a cluster. `misfits`: what LimitRanges and ResourceQuotas have against the sidecar, with annotations that mend it. */
export interface NowFacts {
  readonly installed?: { readonly version: string; readonly configHash: string };
  /** Absent where they could not be read. */
  readonly pods?: readonly PodNow[];
  readonly misfits: readonly { readonly text: string; readonly mends: Readonly<Record<string, string>> }[];
  /** What could not be looked at, and what that means. */
  readonly notes: readonly string[];
}

/** One object, explained. */
export interface Explanation {
  readonly object: { readonly kind: string; readonly name: string; readonly namespace: string };
  readonly review?: ReviewFacts;
  readonly decision: ExplainedDecision;
  readonly call: WebhookCall;
  readonly problems: readonly (Problem & { readonly fix: string })[];
  readonly warnings: readonly Warning[];
  readonly injection?: InjectionFacts;
  /** What the pod's and the namespace's annotations narrow; all of them hold together. */
  readonly policy: readonly Setting[];
  /** Every other annotation with the value that counts. */
  readonly settings: readonly Setting[];
  /** Only of an object in a cluster. */
  readonly now?: NowFacts;
}
