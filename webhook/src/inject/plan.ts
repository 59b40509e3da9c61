/**
 * Fourth stage: what the pod is to look like. Knows nothing of what stands in the pod already from an earlier round; that is
 * the next stage's, diff.ts. Stage before: check.ts.
 */
import { keyList, keys } from "@outrigger/api/keys";
import type { SidecarIdentity } from "./build/environment.ts";
import { buildShimInstaller, wrapContainer } from "./build/shim.ts";
import { buildSidecar } from "./build/sidecar.ts";
import { listVolumes } from "./build/volumes.ts";
import type { Checked } from "./checks/found.ts";
import { hashConfig, type InjectionConfig } from "./config.ts";
import { readList, readMember, readText, type JsonObject } from "./read/json.ts";
import { hasCommand } from "./read/pod.ts";

/** The wanted state, as far as injection has a say in it. */
export interface Plan {
  /** Init containers of ours in their order, the sidecar first. */
  readonly initContainers: readonly [JsonObject, ...JsonObject[]];
  readonly volumes: readonly JsonObject[];
  /** Names of pull secrets that the pod must list. */
  readonly pullSecrets: readonly string[];
  /**
   * The pod's containers in their order, the app's with its probes, ports, variables, command and mounts as they are to be.
   * They hold the user's own values too; what is the same value as in the pod is neither compared nor written.
   */
  readonly containers: readonly JsonObject[];
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** Keys of annotations that are ours alone and not to be on the pod: whatever they claim was never found out. */
  readonly absentAnnotations: readonly string[];
}

/** What a plan takes from outside the pod. `policy` is the annotation of that name; undefined where there is to be none. */
export interface PlanInputs extends SidecarIdentity {
  readonly policy: string | undefined;
}

/** Annotations of kubectl that say which container a person means; set only where nobody did. */
const defaultContainerKeys = [
  "kubectl.kubernetes.io/default-container",
  "kubectl.kubernetes.io/default-logs-container",
];

const ourAnnotations = keyList
  .filter((definition) => definition.setBy === "outrigger" && definition.kind === "annotation")
  .map((definition) => definition.key);

/** Plans a checked pod. */
export function plan(checked: Checked, inputs: PlanInputs, config: InjectionConfig): Plan {
  const { mode } = checked.settings;
  const installers = mode === "stdio" ? [buildShimInstaller(checked, config)] : [];
  const initContainers: Plan["initContainers"] = [buildSidecar(checked, inputs, config), ...installers];
  const volumes = listVolumes(mode);
  const namesOf = (items: readonly JsonObject[]): unknown[] => items.map((item) => item["name"]);
  const policy = inputs.policy === undefined ? [] : [[keys.policy.key, inputs.policy] as const];
  const annotations = new Map([
    ...planAnnotations(checked),
    ...policy,
    [
      keys.status.key,
      describeStatus(checked, config, { containers: namesOf(initContainers), volumes: namesOf(volumes) }),
    ],
  ]);
  return {
    initContainers,
    volumes,
    pullSecrets: config.imagePullSecrets,
    containers: checked.pod.containers.map((each) =>
      each.index === checked.container.index ? planApp(checked) : each.raw,
    ),
    labels: new Map([
      [keys.injected.key, "true"],
      [keys.server.key, inputs.serverName],
    ]),
    annotations,
    absentAnnotations: ourAnnotations.filter((key) => !annotations.has(key)),
  };
}

function planApp(checked: Checked): JsonObject {
  const { handlers, wiring, settings, port } = checked;
  const { container } = handlers;
  if (settings.mode === "stdio") return wrapContainer(container, checked);
  const env = readList(container, "env");
  const added = wiring.variables.filter((variable) => !env.some((item) => readText(item, "name") === variable.name));
  const ports = readList(container, "ports");
  const movesName = settings.mode === "named-port";
  return {
    ...container,
    env: [...env, ...added],
    ports: movesName ? ports.map((item, index) => (index === port?.declared?.index ? dropName(item) : item)) : ports,
  };
}

function dropName(port: unknown): unknown {
  return Object.fromEntries(Object.entries(port ?? {}).filter(([key]) => key !== "name"));
}

function planAnnotations({ settings, wiring, container, pod }: Checked): (readonly [string, string])[] {
  const unset = defaultContainerKeys.filter((key) => readMember(pod.annotations, key) === undefined);
  return [
    ...settings.copies,
    ...unset.map((key) => [key, container.name] as const),
    [keys.endpoint.key, `${wiring.dataPort}${settings.path}`],
  ];
}

function describeStatus(checked: Checked, config: InjectionConfig, ours: object): string {
  const { settings, wiring, container, port } = checked;
  return JSON.stringify({
    version: config.version,
    mode: settings.mode,
    guarantee: wiring.guarantee,
    configHash: hashConfig(config),
    container: container.name,
    ...(port === undefined ? {} : { port: port.number }),
    // For strip.ts, which has to tell a command that we put in from one that we only wrapped.
    ...(settings.mode === "stdio" ? { command: hasCommand(container.raw) ? "container" : "annotation" } : {}),
    ...ours,
  });
}
