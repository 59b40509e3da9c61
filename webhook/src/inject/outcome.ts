/** The words in which injection speaks: reasons with their status codes, problems, warnings, patch operations. Data only. */
import type { Reason } from "@outrigger/api/reasons";
import { toPrintable } from "./read/printable.ts";

/** Why a pod is left alone. */
export const skipReasons = [
  "NotApplicable",
  "MirrorPod",
  "SystemNamespace",
  "OptedOut",
  "NotOptedIn",
  "RelayPod",
] as const satisfies readonly Reason[];

/** What happened to a pod that carries the sidecar afterwards. */
export const injectReasons = ["Injected", "Reinjected", "AlreadyInjected"] as const satisfies readonly Reason[];

/** Why a pod is refused, with the HTTP status that the API server passes on. */
export const denyCodes = {
  InvalidPod: 400,
  OptOutRefused: 403,
  NamespaceNotSynced: 503,
  TrustNotSynced: 503,
  InvalidInjectValue: 422,
  HostNetwork: 422,
  WindowsPod: 422,
  NativeSidecarNeeded: 422,
  InvalidAnnotation: 422,
  ReservedName: 422,
  AmbiguousContainer: 422,
  ContainerNotFound: 422,
  NoPort: 422,
  AmbiguousPort: 422,
  PortNotFound: 422,
  PortClash: 422,
  HostPort: 422,
  PrivilegedPort: 422,
  EnvConflict: 422,
  PortNotNamed: 422,
  NamedPortUnsupported: 422,
  ProbeHost: 422,
  StdioCommandUnknown: 422,
  StdioNetworkProbe: 422,
} as const satisfies Partial<Record<Reason, number>>;

/** What is told beside a decision. */
export const warnReasons = [
  "OptedOut",
  "UnknownAnnotation",
  "LoopbackHint",
  "PolicyPending",
  "SharedProcessNamespace",
  "ServerSpeaksTls",
  "ForwardsPastSidecar",
  "ReservedKeyOverwritten",
] as const satisfies readonly Reason[];

export type SkipReason = (typeof skipReasons)[number];
export type InjectReason = (typeof injectReasons)[number];
export type DenyReason = keyof typeof denyCodes;
type WarnReason = (typeof warnReasons)[number];

/** One problem of a pod: where it is and which form is right, as one clause. */
export interface Problem {
  readonly reason: DenyReason;
  readonly text: string;
}

/** Something worth knowing beside a decision. */
export interface Warning {
  readonly reason: WarnReason;
  readonly text: string;
}

/** One operation of RFC 6902, as far as the patch rules allow them. */
export type Operation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move"; readonly from: string; readonly path: string };

/** A final decision that changes nothing. */
export type Verdict =
  | { readonly action: "skip"; readonly reason: SkipReason; readonly warnings: readonly Warning[] }
  | { readonly action: "deny"; readonly problems: readonly [Problem, ...Problem[]] };

/** Which of the three entries of the webhook configuration matched. */
export const scopes = ["pod", "namespace", "enforced"] as const;
export type Scope = (typeof scopes)[number];

/** A text as messages show it: quoted, everything that can't be seen escaped, at most 64 characters of it. */
export function quote(value: unknown): string {
  const text = typeof value === "string" ? value : describe(value);
  return toPrintable(JSON.stringify(text.length > 64 ? `${text.slice(0, 61)}...` : text));
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return String(value);
}
