/**
 * What one pod asks for: its annotations, those of its namespace and the installation's defaults, resolved and checked.
 * Says nothing about whether the pod's spec allows it; that is check.ts.
 */
import { keys, type KeyName } from "@outrigger/api/keys";
import type { Transport } from "@outrigger/api/words";
import type { InjectionConfig } from "../config.ts";
import type { Problem, Warning } from "../outcome.ts";
import { readAnnotations, warnOfUnknownKeys, type AnnotationReader, type ValueOf } from "./annotations.ts";
import type { JsonObject } from "./json.ts";
import { listIdleKeys, readMode, warnOfIdleKeys, type Mode } from "./mode.ts";
import type { PodView } from "./pod.ts";
import { readFloor, type QuickPolicy } from "./quick-policy.ts";
import { isAbove } from "./quantity.ts";

/** Resource settings of the sidecar, quantities as written. */
export interface ResourceSettings {
  readonly cpuRequest: string;
  readonly cpuLimit: string | undefined;
  readonly memoryRequest: string;
  readonly memoryLimit: string;
  /** True where somebody chose the CPU request; the default is too small to be a limit. */
  readonly hasOwnCpuRequest: boolean;
}

/** Health checks and the circuit breaker. Undefined where nobody said it: the default is the sidecar's. */
export interface HealthSettings {
  readonly intervalMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly failures: number | undefined;
  readonly successes: number | undefined;
  readonly breaker: "on" | "off" | undefined;
  readonly breakerFailures: number | undefined;
}

/** Everything that a pod asks for. */
export interface Settings {
  /** Undefined where nobody said it: then the sidecar finds out. */
  readonly transport: Transport | undefined;
  readonly path: string;
  readonly mode: Mode;
  readonly container: string | undefined;
  readonly port: string | undefined;
  readonly hostEnv: { readonly name: string; readonly value: string } | undefined;
  readonly portEnv: string | undefined;
  readonly listenPort: number;
  /** What the image runs, where its author says so. */
  readonly stdioCommand: readonly string[] | undefined;
  readonly maxSessions: number;
  readonly probes: "rewrite" | "keep";
  readonly drainSeconds: number;
  /** Undefined where nobody said it: the default is the sidecar's. */
  readonly callDeadlineMs: number | undefined;
  /** Undefined: as many as the sidecar allows by itself. */
  readonly maxHttpSessions: number | undefined;
  readonly health: HealthSettings;
  readonly logLevel: string;
  readonly hosts: readonly string[];
  readonly resources: ResourceSettings;
  /** What the namespace narrows. */
  readonly floor: QuickPolicy;
  /** Annotations of the namespace that go on to the pod. */
  readonly copies: AnnotationReader["copies"];
  readonly isRejected: (name: KeyName) => boolean;
}

/** Settings, with every problem and warning on the way. Settings hold defaults where a value was not right. */
export interface ReadSettings {
  readonly settings: Settings;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}

/** Reads what a pod asks for. `namespace` is the namespace's annotations. */
export function readSettings(pod: PodView, namespace: JsonObject, config: InjectionConfig): ReadSettings {
  const reader = readAnnotations({ pod: pod.annotations, namespace, defaults: config.defaults });
  const { mode, problems } = readMode(reader);
  const idleKeys = listIdleKeys(mode);
  const settings: Settings = {
    transport: reader.one("transport"),
    path: readPath(reader),
    mode,
    container: reader.one("container"),
    port: reader.isSet("port") ? String(reader.one("port")) : undefined,
    hostEnv: readHostVariable(reader),
    portEnv: reader.one("portEnv")?.name,
    listenPort: reader.one("listenPort") ?? config.ports.data,
    stdioCommand: reader.one("stdioCommand"),
    maxSessions: reader.always("maxSessions"),
    probes: mode === "stdio" ? "keep" : (reader.one("probes") ?? defaultProbes(mode)),
    drainSeconds: reader.always("drainSeconds"),
    callDeadlineMs: reader.one("callDeadline"),
    maxHttpSessions: reader.one("maxHttpSessions"),
    health: readHealth(reader),
    logLevel: reader.always("logLevel"),
    hosts: reader.one("hosts") ?? [],
    resources: readResources(reader),
    floor: readFloor(reader),
    copies: reader.copies.filter(([key]) => !idleKeys.includes(key)),
    isRejected: reader.isRejected,
  };
  return {
    settings,
    problems: [
      ...reader.problems,
      ...problems,
      ...checkVariables(settings, reader.one("portEnv")),
      ...checkResources(settings.resources),
    ],
    warnings: [
      ...warnOfUnknownKeys(pod.labels, "label"),
      ...warnOfUnknownKeys(pod.annotations, "annotation"),
      ...warnOfUnknownKeys(namespace, "annotation", "namespace "),
      ...warnOfIdleKeys(mode, reader),
    ],
  };
}

/** Where servers of the older transport have their stream by custom. */
const olderPath = "/sse";

function readPath(reader: AnnotationReader): string {
  return reader.one("path") ?? (reader.one("transport") === "sse" ? olderPath : reader.always("path"));
}

function readHostVariable(reader: AnnotationReader): Settings["hostEnv"] {
  const variable = reader.one("hostEnv");
  return variable === undefined ? undefined : { name: variable.name, value: variable.value ?? "127.0.0.1" };
}

/** Where the app's own port is no longer reachable for the kubelet, its probes go through the sidecar. */
const defaultProbes = (mode: Mode): "rewrite" | "keep" => (mode === "loopback" || mode === "env" ? "rewrite" : "keep");

function readHealth(reader: AnnotationReader): HealthSettings {
  return {
    intervalMs: reader.one("healthInterval"),
    timeoutMs: reader.one("healthTimeout"),
    failures: reader.one("healthFailureThreshold"),
    successes: reader.one("healthSuccessThreshold"),
    breaker: reader.one("circuitBreaker"),
    breakerFailures: reader.one("circuitBreakerThreshold"),
  };
}

function readResources(reader: AnnotationReader): ResourceSettings {
  return {
    cpuRequest: reader.always("sidecarCpuRequest"),
    cpuLimit: reader.one("sidecarCpuLimit"),
    memoryRequest: reader.always("sidecarMemoryRequest"),
    memoryLimit: reader.always("sidecarMemoryLimit"),
    hasOwnCpuRequest: reader.isSet("sidecarCpuRequest"),
  };
}

const loopbackNames = ["127.0.0.1", "::1", "[::1]", "localhost"];

function checkVariables(settings: Settings, portEnv: ValueOf<"portEnv"> | undefined): Problem[] {
  const problems: Problem[] = [];
  const { hostEnv } = settings;
  const report = (key: string, expected: string): void =>
    void problems.push({ reason: "InvalidAnnotation", text: `${key}: expected ${expected}` });
  if (hostEnv !== undefined && !loopbackNames.includes(hostEnv.value))
    report(
      `${keys.hostEnv.key}="${hostEnv.name}=${hostEnv.value.slice(0, 40)}"`,
      `one of ${loopbackNames.join(", ")} as value`,
    );
  if (portEnv?.value !== undefined) report(`${keys.portEnv.key}="${portEnv.name}=..."`, "a name without a value");
  if (hostEnv !== undefined && hostEnv.name === portEnv?.name)
    report(keys.portEnv.key, `another variable than ${keys.hostEnv.key}`);
  return problems;
}

function checkResources(resources: ResourceSettings): Problem[] {
  const pairs = [
    [keys.sidecarCpuRequest.key, resources.cpuRequest, keys.sidecarCpuLimit.key, resources.cpuLimit],
    [keys.sidecarMemoryRequest.key, resources.memoryRequest, keys.sidecarMemoryLimit.key, resources.memoryLimit],
  ] as const;
  return pairs
    .filter(([, request, , limit]) => limit !== undefined && limit !== "0" && isAbove(request, limit))
    .map(([requestKey, request, limitKey, limit]) => ({
      reason: "InvalidAnnotation",
      text: `${requestKey}="${request}": expected at most the limit of ${String(limit)} (${limitKey})`,
    }));
}
