/**
 * Fourth stage: what the pod is to look like. Knows nothing of what stands in the pod already from an earlier round; that is
 * the next stage's, diff.ts. Stage before: check.ts.
 */
import { keys } from "@outrigger/api/keys";
import { buildSidecar, buildVolumes } from "./build/sidecar.ts";
import { noTokenVolume, sidecarName } from "./build/names.ts";
import { hashConfig, type InjectionConfig } from "./config.ts";
import { readList, readMember, readText, type JsonObject } from "./read/json.ts";
import type { Checked } from "./checks/found.ts";

/** The wanted state, as far as injection has a say in it. */
export interface Plan {
  readonly sidecar: JsonObject;
  readonly volumes: readonly JsonObject[];
  /** Names of pull secrets that the pod must list. */
  readonly pullSecrets: readonly string[];
  /**
   * The app's container with its probes, port names and variables as they are to be. `index` is its place in the pod.
   * Holds the user's own values too, but only those of the three fields are compared and written.
   */
  readonly app: { readonly index: number; readonly container: JsonObject };
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
}

/** Annotations of kubectl that say which container a person means; set only where nobody did. */
const defaultContainerKeys = [
  "kubectl.kubernetes.io/default-container",
  "kubectl.kubernetes.io/default-logs-container",
];

/** Plans a checked pod. */
export function plan(checked: Checked, serverName: string, config: InjectionConfig): Plan {
  return {
    sidecar: buildSidecar(checked, serverName, config),
    volumes: buildVolumes(),
    pullSecrets: config.imagePullSecrets,
    app: { index: checked.container.index, container: planApp(checked) },
    labels: new Map([
      [keys.injected.key, "true"],
      [keys.server.key, serverName],
    ]),
    annotations: planAnnotations(checked, config),
  };
}

function planApp({ handlers, wiring, settings, port }: Checked): JsonObject {
  const { container } = handlers;
  const env = readList(container, "env");
  const added = wiring.variables.filter((variable) => !env.some((item) => readText(item, "name") === variable.name));
  const ports = readList(container, "ports");
  const movesName = settings.portMode === "named-port";
  return {
    ...container,
    env: [...env, ...added],
    ports: movesName ? ports.map((item, index) => (index === port.declared?.index ? dropName(item) : item)) : ports,
  };
}

function dropName(port: unknown): unknown {
  return Object.fromEntries(Object.entries(port ?? {}).filter(([key]) => key !== "name"));
}

function planAnnotations(checked: Checked, config: InjectionConfig): Map<string, string> {
  const { settings, wiring, container, port, pod } = checked;
  const status = {
    version: config.version,
    mode: settings.portMode,
    guarantee: wiring.guarantee,
    configHash: hashConfig(config),
    container: container.name,
    port: port.number,
    containers: [sidecarName],
    volumes: [noTokenVolume],
  };
  const unset = defaultContainerKeys.filter((key) => readMember(pod.annotations, key) === undefined);
  return new Map([
    ...settings.copies,
    ...unset.map((key) => [key, container.name] as const),
    [keys.endpoint.key, `${wiring.dataPort}${settings.path}`],
    [keys.status.key, JSON.stringify(status)],
  ]);
}
