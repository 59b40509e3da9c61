/**
 * Third stage: can this pod be injected? Rows 8 to 21 of the decision table, all of them collected, so that one denial
 * names every problem. Stage before: strip.ts; next: plan.ts.
 */
import { leadThroughSidecar, numberPorts, type LedHandlers } from "./build/handlers.ts";
import { probeSession } from "./build/session-probe.ts";
import { addOwnStopHook, addStopHook, limitStopHook } from "./build/stop-hook.ts";
import { wire } from "./build/wiring.ts";
import type { Checked, Found } from "./checks/found.ts";
import { checkMode, checkPrivilege } from "./checks/mode.ts";
import { checkHost, checkKind, checkNames, warnOfPod } from "./checks/pod.ts";
import { checkHostPort, checkPorts } from "./checks/ports.ts";
import { checkStdio, warnOfStdio } from "./checks/stdio.ts";
import { warnOfForwarders, warnOfTls } from "./checks/upstream.ts";
import type { InjectionConfig } from "./config.ts";
import type { Problem, Warning } from "./outcome.ts";
import type { JsonObject } from "./read/json.ts";
import type { PodView } from "./read/pod.ts";
import { readSettings } from "./read/settings.ts";
import { findTarget } from "./read/target.ts";
import type { Previous } from "./undo/previous.ts";

/** What check looks at besides the stripped pod. */
export interface CheckContext {
  /** Annotations of the pod's namespace. */
  readonly namespace: JsonObject;
  readonly previous: Previous | undefined;
  readonly config: InjectionConfig;
}

/** Outcome of {@link check}. */
export type CheckResult =
  | { readonly ok: true; readonly checked: Checked }
  | {
      readonly ok: false;
      readonly problems: readonly [Problem, ...Problem[]];
      /** A mistyped key is often why something is missing. */
      readonly warnings: readonly Warning[];
    };

/** Checks a stripped pod. */
export function check(pod: PodView, context: CheckContext): CheckResult {
  const { config } = context;
  const { settings, problems: invalid, warnings } = readSettings(pod, context.namespace, config);
  const target = findTarget(pod, settings, context);
  const problems: Problem[] = [
    ...checkHost(pod),
    ...checkKind(pod, config),
    ...invalid,
    ...checkNames(pod),
    ...target.problems,
  ];
  const { container, port } = target;
  if (container === undefined || (port === undefined && settings.mode !== "stdio")) return refuse(problems, warnings);
  const found: Found = { pod, settings, container, port, wiring: wire(settings, port?.number, config) };
  const limitSeconds = limitStopHook(settings.drainSeconds, pod.spec);
  const led = addStopHook(planHandlers(found, config), container, { adminPort: config.ports.admin, limitSeconds });
  const handlers = config.sidecarKind === "native" ? led : addOwnStopHook(led, limitSeconds);
  problems.push(
    ...checkPorts(found),
    ...checkHostPort(found),
    ...checkPrivilege(found),
    ...checkMode(found, config),
    ...checkStdio(found),
    ...handlers.problems,
  );
  if (problems.length > 0) return refuse(problems, warnings);
  const all = [
    ...warnings,
    ...warnOfPod(pod, settings),
    ...warnOfStdio(found),
    ...warnOfTls(found),
    ...warnOfForwarders(found),
  ];
  return { ok: true, checked: { ...found, handlers, warnings: all } };
}

/** Without a target there is always a problem: the one that hid it. */
function refuse(problems: readonly Problem[], warnings: readonly Warning[]): CheckResult {
  const [first, ...more] = problems;
  return { ok: false, problems: [first ?? { reason: "InvalidPod", text: "the pod can't be read" }, ...more], warnings };
}

function planHandlers({ settings, container, port, wiring }: Found, config: InjectionConfig): LedHandlers {
  const { admin: adminPort } = config.ports;
  const { upstreamPort } = wiring;
  if (settings.mode === "stdio") return probeSession(container, adminPort);
  if (settings.probes === "rewrite")
    return leadThroughSidecar(container, { adminPort, serverPort: port?.number, upstreamPort });
  const name = settings.mode === "named-port" ? port?.declared?.name : undefined;
  const raw =
    name === undefined || port === undefined ? container.raw : numberPorts(container, { name, number: port.number });
  return { container: raw, probes: new Map(), stopHooks: new Map(), problems: [] };
}
