/** The sidecar's settings, which are variables alone: where it listens, what it dials, whom it trusts, what it narrows. */
import { appProbesVariable, stopHooksVariable } from "@outrigger/api/app-probe";
import { podInfo } from "@outrigger/api/bundle";
import { shimPaths, stdioSocketVariable } from "@outrigger/api/shim";
import type { Checked } from "../checks/found.ts";
import type { InjectionConfig } from "../config.ts";
import { encodeAppProbes, encodeStopHooks } from "./app-probes.ts";
import { setFromField, setLiteral, setTemplate, type Variable } from "./variables.ts";

/** What a sidecar is told beside what its pod asks for. */
export interface SidecarIdentity {
  /** A DNS label. */
  readonly serverName: string;
  /** The text of a JWK Set; undefined where policy is not signed. */
  readonly trustKeys: string | undefined;
}

/**
 * Lists the variables. In an address the host `pod` stands for each address of the pod, `loopback` for 127.0.0.1 and,
 * where there is one, [::1]; several addresses are separated by commas.
 */
export function listVariables(checked: Checked, identity: SidecarIdentity, config: InjectionConfig): Variable[] {
  const { settings, wiring, handlers } = checked;
  const { sharesPort, dataPort } = wiring;
  const { serverName, trustKeys } = identity;
  const floor = JSON.stringify(settings.floor);
  return [
    setFromField("OUTRIGGER_NAMESPACE", "metadata.namespace"),
    setFromField("OUTRIGGER_POD_IPS", "status.podIPs"),
    setLiteral("NODE_OPTIONS", "--max-semi-space-size=2 --max-old-space-size=64"),
    setLiteral("OUTRIGGER_SERVER", serverName),
    // Beside an app that has the same port, a wildcard or loopback address would be the app's.
    setLiteral("OUTRIGGER_LISTEN", sharesPort ? `pod:${dataPort}` : `pod:${dataPort},loopback:${dataPort}`),
    setLiteral("OUTRIGGER_CONTROL", `pod:${config.ports.control}`),
    setLiteral("OUTRIGGER_ADMIN", `pod:${config.ports.admin}`),
    ...listUpstream(checked),
    setLiteral("OUTRIGGER_PATH", settings.path),
    setTemplate("OUTRIGGER_HOSTS", listHosts(serverName, settings.hosts, config).join(",")),
    setLiteral("OUTRIGGER_DRAIN_SECONDS", settings.drainSeconds),
    setLiteral("OUTRIGGER_LOG_LEVEL", settings.logLevel),
    ...listTimes(settings),
    ...listHealth(settings),
    setLiteral("OUTRIGGER_POD_INFO", podInfo.folder),
    ...listTelemetry(config),
    ...(trustKeys === undefined ? [] : [setLiteral("OUTRIGGER_TRUST_KEYS", trustKeys)]),
    ...(floor === "{}" ? [] : [setLiteral("OUTRIGGER_QUICK_POLICY", floor)]),
    ...(handlers.probes.size === 0 ? [] : [setLiteral(appProbesVariable, encodeAppProbes(handlers.probes))]),
    ...(handlers.stopHooks.size === 0 ? [] : [setLiteral(stopHooksVariable, encodeStopHooks(handlers.stopHooks))]),
  ];
}

function listTimes({ callDeadlineMs }: Checked["settings"]): Variable[] {
  return callDeadlineMs === undefined ? [] : [setLiteral("OUTRIGGER_CALL_DEADLINE", `${callDeadlineMs}ms`)];
}

function listHealth({ health }: Checked["settings"]): Variable[] {
  const time = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : `${ms}ms`);
  const values: Readonly<Record<string, string | number | undefined>> = {
    OUTRIGGER_HEALTH_INTERVAL: time(health.intervalMs),
    OUTRIGGER_HEALTH_TIMEOUT: time(health.timeoutMs),
    OUTRIGGER_HEALTH_FAILURE_THRESHOLD: health.failures,
    OUTRIGGER_HEALTH_SUCCESS_THRESHOLD: health.successes,
    OUTRIGGER_CIRCUIT_BREAKER: health.breaker,
    OUTRIGGER_CIRCUIT_BREAKER_THRESHOLD: health.breakerFailures,
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [setLiteral(name, value)]));
}

/** The name is OpenTelemetry's own, which the exporter reads. */
function listTelemetry({ audit, otlpEndpoint }: InjectionConfig): Variable[] {
  return [
    ...(audit === undefined ? [] : [setLiteral("OUTRIGGER_AUDIT", audit)]),
    ...(otlpEndpoint === undefined ? [] : [setLiteral("OTEL_EXPORTER_OTLP_ENDPOINT", otlpEndpoint)]),
  ];
}

function listUpstream({ settings, wiring: { upstreamPort } }: Checked): Variable[] {
  const { transport, maxHttpSessions } = settings;
  if (upstreamPort !== undefined)
    return [
      setLiteral("OUTRIGGER_UPSTREAM", `http://localhost:${upstreamPort}${settings.path}`),
      // Without it the sidecar finds out: it can ask the server, and we can only guess.
      ...(transport === undefined ? [] : [setLiteral("OUTRIGGER_TRANSPORT", transport)]),
      ...(maxHttpSessions === undefined ? [] : [setLiteral("OUTRIGGER_MAX_HTTP_SESSIONS", maxHttpSessions)]),
    ];
  return [
    setLiteral(stdioSocketVariable, shimPaths.socket),
    setLiteral("OUTRIGGER_MAX_SESSIONS", settings.maxSessions),
  ];
}

/**
 * Names under which the server is called, if its Service bears its name; others come by annotation. A wildcard would let in
 * names of other people: a namespace can be called like a public domain. Source: MCP 2025-11-25 transports, Security Warning.
 */
function listHosts(serverName: string, configured: readonly string[], config: InjectionConfig): string[] {
  const local = `${serverName}.$(OUTRIGGER_NAMESPACE)`;
  const names = [serverName, local, `${local}.svc`, `${local}.svc.${config.clusterDomain}`, ...configured];
  return [...new Set(names)];
}
