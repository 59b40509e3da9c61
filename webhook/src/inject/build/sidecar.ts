/**
 * The sidecar container: its whole definition, field by field, with every field that the API server would fill in written
 * out, so that a later round can tell it from one that was tampered with. The sidecar is configured by variables alone.
 */
import type { InjectionConfig } from "../config.ts";
import type { JsonObject } from "../read/json.ts";
import { appProbesVariable } from "@outrigger/api/app-probe";
import { encodeAppProbes } from "./app-probes.ts";
import type { Checked } from "../checks/found.ts";
import { noTokenVolume, sidecarName } from "./names.ts";
import { planResources } from "./resources.ts";
import { setFromField, setLiteral, setTemplate, type Variable } from "./variables.ts";

/** Where the kubelet would mount an API token. */
const tokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** User and group of the sidecar's image. */
const imageUser = 65_532;

/** Builds the container for a checked pod. `serverName` is a DNS label. */
export function buildSidecar(checked: Checked, serverName: string, config: InjectionConfig): JsonObject {
  const { admin } = config.ports;
  return {
    name: sidecarName,
    image: config.image,
    imagePullPolicy: config.imagePullPolicy,
    restartPolicy: "Always",
    env: listVariables(checked, serverName, config),
    ports: listPorts(checked, config),
    resources: planResources(checked.settings.resources, checked.pod),
    // Gates the containers after it, so that the app never serves unguarded.
    startupProbe: probe(admin, "/startupz", { periodSeconds: 1, failureThreshold: 60 }),
    readinessProbe: probe(admin, "/readyz", { periodSeconds: 5, failureThreshold: 3 }),
    livenessProbe: probe(admin, "/livez", { periodSeconds: 10, failureThreshold: 3 }),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      privileged: false,
      readOnlyRootFilesystem: true,
      ...(config.platform === "openshift" ? {} : { runAsGroup: imageUser }),
      runAsNonRoot: true,
      ...(config.platform === "openshift" ? {} : { runAsUser: imageUser }),
      seccompProfile: { type: "RuntimeDefault" },
    },
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [{ mountPath: tokenFolder, name: noTokenVolume, readOnly: true }],
  };
}

/** The volumes that the sidecar needs. In memory, so that the cluster autoscaler may still move the pod. */
export function buildVolumes(): JsonObject[] {
  return [{ name: noTokenVolume, emptyDir: { medium: "Memory", sizeLimit: "1Mi" } }];
}

/**
 * The sidecar's settings. In an address the host `pod` stands for each address of the pod, `loopback` for 127.0.0.1 and,
 * where there is one, [::1]; several addresses are separated by commas.
 */
function listVariables(checked: Checked, serverName: string, config: InjectionConfig): Variable[] {
  const { settings, wiring, handlers } = checked;
  const { sharesPort, dataPort, upstreamPort } = wiring;
  const quickPolicy = JSON.stringify(settings.quickPolicy);
  return [
    setFromField("POD_NAMESPACE", "metadata.namespace"),
    setFromField("OUTRIGGER_POD_IPS", "status.podIPs"),
    setLiteral("NODE_OPTIONS", "--max-semi-space-size=2 --max-old-space-size=64"),
    setLiteral("OUTRIGGER_SERVER", serverName),
    // Beside an app that has the same port, a wildcard or loopback address would be the app's.
    setLiteral("OUTRIGGER_LISTEN", sharesPort ? `pod:${dataPort}` : `pod:${dataPort},loopback:${dataPort}`),
    setLiteral("OUTRIGGER_CONTROL", `pod:${config.ports.control}`),
    setLiteral("OUTRIGGER_ADMIN", `pod:${config.ports.admin}`),
    setLiteral("OUTRIGGER_UPSTREAM", `http://127.0.0.1:${upstreamPort}${settings.path}`),
    setLiteral("OUTRIGGER_PATH", settings.path),
    setTemplate("OUTRIGGER_HOSTS", listHosts(serverName, settings.hosts, config).join(",")),
    setLiteral("OUTRIGGER_DRAIN_SECONDS", settings.drainSeconds),
    setLiteral("OUTRIGGER_LOG_LEVEL", settings.logLevel),
    ...(quickPolicy === "{}" ? [] : [setLiteral("OUTRIGGER_QUICK_POLICY", quickPolicy)]),
    ...(handlers.probes.size === 0 ? [] : [setLiteral(appProbesVariable, encodeAppProbes(handlers.probes))]),
  ];
}

/**
 * Names under which the server is called, if its Service bears its name; others come by annotation. A wildcard would let in
 * names of other people: a namespace can be called like a public domain. Source: MCP 2025-11-25 transports, Security Warning.
 */
function listHosts(serverName: string, configured: readonly string[], config: InjectionConfig): string[] {
  const local = `${serverName}.$(POD_NAMESPACE)`;
  const names = [serverName, local, `${local}.svc`, `${local}.svc.${config.clusterDomain}`, ...configured];
  return [...new Set(names)];
}

function listPorts({ settings, port, wiring }: Checked, config: InjectionConfig): JsonObject[] {
  const { control, admin } = config.ports;
  const name = settings.portMode === "named-port" ? port.declared?.name : undefined;
  const data = { containerPort: wiring.dataPort, ...(name === undefined ? {} : { name }), protocol: "TCP" };
  const own = [control, admin].map((containerPort) => ({ containerPort, protocol: "TCP" }));
  // Where the app's number is shared, the app declares it: a second declaration would be a clash.
  return wiring.sharesPort ? own : [data, ...own];
}

function probe(port: number, path: string, timing: { periodSeconds: number; failureThreshold: number }): JsonObject {
  return { ...timing, httpGet: { path, port, scheme: "HTTP" }, successThreshold: 1, timeoutSeconds: 1 };
}
