/** Whether the port mode that a pod asks for can be had. */
import { keys } from "@outrigger/api/keys";
import type { InjectionConfig } from "../config.ts";
import { quote, type Problem } from "../outcome.ts";
import { readList, readMember, readText } from "../read/json.ts";
import type { ContainerView } from "../read/pod.ts";
import type { ServerPort } from "../read/target.ts";
import type { Found } from "./found.ts";

const unprivilegedStart = "net.ipv4.ip_unprivileged_port_start";

/** Row 16: a port that the sidecar can't bind, since it runs without root. */
export function checkPrivilege({ pod, wiring: { dataPort } }: Found): Problem[] {
  if (dataPort >= 1024) return [];
  const sysctls = readList(readMember(pod.spec, "securityContext"), "sysctls");
  const start = sysctls.find((item) => readText(item, "name") === unprivilegedStart);
  const value = Number(readText(start, "value") ?? 1024);
  if (Number.isInteger(value) && value <= dataPort) return [];
  const text = `the sidecar can't bind port ${dataPort} without root: use a port above 1023 or the pod sysctl ${unprivilegedStart}`;
  return [{ reason: "PrivilegedPort", text }];
}

/** Rows 17 and 18: what port modes env and named-port need. */
export function checkMode({ settings, container, port, wiring }: Found, config: InjectionConfig): Problem[] {
  if (settings.mode === "named-port" && port !== undefined) return checkNamedPort(container, port, config);
  if (settings.mode !== "env") return [];
  if (settings.hostEnv === undefined && settings.portEnv === undefined) {
    if (settings.isRejected("hostEnv") || settings.isRejected("portEnv")) return [];
    const text = `port mode env: set ${keys.hostEnv.key} or ${keys.portEnv.key}`;
    return [{ reason: "EnvConflict", text }];
  }
  return wiring.variables.flatMap(({ name, value }) => {
    const existing = readList(container.raw, "env").findLast((item) => readText(item, "name") === name);
    if (existing === undefined || readText(existing, "value") === value) return [];
    const text = `container ${quote(container.name)} sets ${name} itself: remove it, or set it to "${value}"`;
    return [{ reason: "EnvConflict" as const, text }];
  });
}

function checkNamedPort(container: ContainerView, port: ServerPort, config: InjectionConfig): Problem[] {
  const problems: Problem[] = [];
  if (port.declared?.name === undefined) {
    const text = `port ${port.number} of container ${quote(container.name)} has no name, which port mode named-port needs`;
    problems.push({ reason: "PortNotNamed", text });
  }
  const minor = Number(config.kubernetesVersion?.split(".")[1] ?? 32);
  if (minor < 32) {
    const text = `port mode named-port: expected Kubernetes 1.32 or newer, this is ${config.kubernetesVersion ?? ""}`;
    problems.push({ reason: "NamedPortUnsupported", text });
  }
  return problems;
}
