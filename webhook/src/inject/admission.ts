/**
 * The whole of injection for one pod, in its order: decide, strip, check, plan, diff. The only file that knows the order.
 * Pure: raw JSON in, a decision with its patch out; the caller does everything that touches the world.
 */
import { keyList } from "@outrigger/api/keys";
import { choosePolicy } from "./build/policy.ts";
import { check } from "./check.ts";
import type { InjectionConfig } from "./config.ts";
import { decide, type InjectionRequest } from "./decide.ts";
import { diff } from "./diff.ts";
import type { Surroundings } from "./installation.ts";
import {
  denyCodes,
  type DenyReason,
  type InjectReason,
  type Operation,
  type Problem,
  type SkipReason,
  type Warning,
} from "./outcome.ts";
import { plan, type Plan } from "./plan.ts";
import { isObject, readMember, readObject, type JsonObject } from "./read/json.ts";
import { toPrintable } from "./read/printable.ts";
import { readPod, type PodView } from "./read/pod.ts";
import { describePod, findOwner, nameServer } from "./read/server-name.ts";
import { strip } from "./strip.ts";

/** What happens to a pod. `message` of a denial names all problems. */
export type Admission =
  | { readonly action: "skip"; readonly reason: SkipReason; readonly warnings: readonly Warning[] }
  | {
      readonly action: "deny";
      readonly reason: DenyReason;
      readonly code: number;
      readonly message: string;
      readonly problems: readonly Problem[];
      readonly warnings: readonly Warning[];
    }
  | {
      readonly action: "inject";
      readonly reason: InjectReason;
      readonly patch: readonly Operation[];
      readonly warnings: readonly Warning[];
    };

/**
 * Decides one pod and plans its patch. Only pods that would be injected need to have their surroundings known, and those are
 * refused without. Never throws for any JSON value as pod.
 */
export function admit(request: InjectionRequest, around: Surroundings, config: InjectionConfig): Admission {
  const verdict = decide(request, config);
  if (verdict?.action === "skip") return verdict;
  if (verdict !== undefined) return deny(request, verdict.problems);
  const { namespace, installation } = around;
  if (namespace === undefined)
    return deny(request, [
      { reason: "NamespaceNotSynced", text: `namespace "${request.namespace}" is not known yet: try again` },
    ]);
  if (installation === undefined)
    return deny(request, [
      { reason: "TrustNotSynced", text: "the keys that sign policy are not known yet: try again" },
    ]);
  return inject(request, { namespace, installation }, config);
}

/** Surroundings that are known. */
type Known = { readonly [K in keyof Surroundings]-?: Exclude<Surroundings[K], undefined> };

function inject(request: InjectionRequest, { namespace, installation }: Known, config: InjectionConfig): Admission {
  const incoming = readPod(request.pod);
  if (!incoming.ok || !isObject(request.pod))
    return deny(request, [{ reason: "InvalidPod", text: `expected ${incoming.ok ? "an object" : incoming.expected}` }]);
  const { pod: stripped, previous } = strip(request.pod);
  const view = readPod(stripped);
  // A pod may hold nothing but a container by our name.
  if (!view.ok) return deny(request, [{ reason: "InvalidPod", text: `expected ${view.expected}` }]);
  const result = check(view.pod, { namespace: namespace.annotations, previous, config });
  if (!result.ok) return deny(request, result.problems, result.warnings);
  const owner = request.owner ?? findOwner(view.pod.metadata);
  const serverName = nameServer(view.pod.metadata, owner);
  const about = { installation, namespace: request.namespace, serverName, wasInjected: previous !== undefined };
  const policy = choosePolicy(incoming.pod, about);
  const inputs = {
    serverName,
    trustKeys: installation.trustKeys,
    policy: policy.value,
    stripped,
    previous,
  };
  const wanted = plan(result.checked, inputs, config);
  const patch = diff(request.pod, wanted, { previous, config });
  const overwritten = previous === undefined ? warnOfOverwritten(incoming.pod, wanted) : [];
  return {
    action: "inject",
    reason: previous === undefined ? "Injected" : patch.length === 0 ? "AlreadyInjected" : "Reinjected",
    patch,
    warnings: [...result.checked.warnings, ...policy.warnings, ...overwritten],
  };
}

function deny(
  request: InjectionRequest,
  problems: readonly [Problem, ...Problem[]],
  warnings: readonly Warning[] = [],
): Admission {
  const metadata = readObject(request.pod, "metadata");
  const subject = describePod(metadata, request.owner ?? findOwner(metadata));
  const { reason } = problems[0];
  return {
    action: "deny",
    reason,
    code: denyCodes[reason],
    message: describeProblems(subject, problems),
    problems,
    warnings,
  };
}

/** Nobody reads more at once, and an answer must not grow with the pod. */
const maxTold = 50;

/** `2 problems in pod "x": (1) … [Reason]; (2) … [Reason]`. */
function describeProblems(subject: string, problems: readonly Problem[]): string {
  const told = problems.slice(0, maxTold).map(({ reason, text }, index) => `(${index + 1}) ${text} [${reason}]`);
  const more = problems.length > maxTold ? [`and ${problems.length - maxTold} more`] : [];
  const head = `${problems.length} ${problems.length === 1 ? "problem" : "problems"} in ${subject}`;
  // Names of users stand in it as they are.
  return toPrintable(`${head}: ${[...told, ...more].join("; ")}`);
}

/** A user's value under a key of ours was not read and is gone. */
function warnOfOverwritten(incoming: PodView, wanted: Plan): Warning[] {
  const isGiven = (given: JsonObject, planned: ReadonlyMap<string, string>, key: string): boolean =>
    readMember(given, key) !== undefined && readMember(given, key) !== planned.get(key);
  return keyList
    .filter((definition) => definition.setBy === "outrigger")
    .filter(({ key, kind }) =>
      kind === "label"
        ? isGiven(incoming.labels, wanted.labels, key)
        : isGiven(incoming.annotations, wanted.annotations, key),
    )
    .map(({ key, kind }) => ({
      reason: "ReservedKeyOverwritten",
      text: `${kind} ${key} is set by Outrigger: the given value is not kept`,
    }));
}
