/**
 * First stage: may this request be left alone, or must it be refused, without looking into the pod's spec?
 * Rows 1 to 7a of the decision table, first match wins. Next stage: strip.ts.
 */
import { keys } from "@outrigger/api/keys";
import { isSystemNamespace, type InjectionConfig } from "./config.ts";
import { quote, type Scope, type SkipReason, type Verdict, type Warning } from "./outcome.ts";
import { isObject, readMember, readObject } from "./read/json.ts";
import { isRelayPod } from "./read/relay.ts";
import type { Owner } from "./read/server-name.ts";

/** One pod on its way in. `pod` is raw JSON; `namespace` is the request's, since the pod's own is usually empty. */
export interface InjectionRequest {
  readonly scope: Scope;
  readonly operation: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly subResource: string;
  readonly namespace: string;
  readonly userGroups: readonly string[];
  readonly pod: unknown;
  /** The workload, where it is known without owner references: offline, from the manifest that holds the template. */
  readonly owner?: Owner;
}

type Row = (request: InjectionRequest, config: InjectionConfig) => Verdict | undefined;

const skip = (reason: SkipReason, ...warnings: Warning[]): Verdict => ({ action: "skip", reason, warnings });

const injectLabel = (request: InjectionRequest): unknown =>
  readMember(readObject(readMember(request.pod, "metadata"), "labels"), keys.inject.key);

const isPodCreation = ({ operation, kind, subResource }: InjectionRequest): boolean =>
  operation === "CREATE" && subResource === "" && kind.group === "" && kind.version === "v1" && kind.kind === "Pod";

const isMirrorPod = ({ pod, userGroups }: InjectionRequest): boolean =>
  // The annotation alone can be set by anybody.
  readMember(readObject(readMember(pod, "metadata"), "annotations"), "kubernetes.io/config.mirror") !== undefined &&
  userGroups.includes("system:nodes");

const rows: readonly Row[] = [
  (request) => (isPodCreation(request) ? undefined : skip("NotApplicable")),
  refuseNothing,
  (request) => (isMirrorPod(request) ? skip("MirrorPod") : undefined),
  (request, config) => (isSystemNamespace(request.namespace, config) ? skip("SystemNamespace") : undefined),
  refuseInvalidLabel,
  handleOptOut,
  (request) => (request.scope === "pod" && injectLabel(request) === undefined ? skip("NotOptedIn") : undefined),
  (request, config) => (isRelayPod(request.pod, config) ? skip("RelayPod") : undefined),
];

/** The verdict of the first row that matches, or undefined where the pod is to be injected if it can be. */
export function decide(request: InjectionRequest, config: InjectionConfig): Verdict | undefined {
  for (const row of rows) {
    const verdict = row(request, config);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

/** Nothing can't be told from a pod without a label further on, and would be let through as that. */
function refuseNothing({ pod }: InjectionRequest): Verdict | undefined {
  return isObject(pod)
    ? undefined
    : { action: "deny", problems: [{ reason: "InvalidPod", text: "expected request.object to be a pod" }] };
}

function refuseInvalidLabel(request: InjectionRequest): Verdict | undefined {
  const value = injectLabel(request);
  const parsed = keys.inject.parse(typeof value === "string" ? value : "");
  if (value === undefined || parsed.ok) return undefined;
  const text = `label ${keys.inject.key}=${quote(value)}: expected ${parsed.expected}`;
  return { action: "deny", problems: [{ reason: "InvalidInjectValue", text }] };
}

function handleOptOut(request: InjectionRequest): Verdict | undefined {
  if (injectLabel(request) !== "disabled") return undefined;
  if (request.scope !== "enforced")
    return skip("OptedOut", { reason: "OptedOut", text: `label ${keys.inject.key}=disabled: no sidecar is added` });
  const text = `label ${keys.inject.key}=disabled: the namespace says ${keys.enforce.key}=required, so remove the label`;
  return { action: "deny", problems: [{ reason: "OptOutRefused", text }] };
}
