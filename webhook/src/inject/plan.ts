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
import { recordUndo } from "./undo/record.ts";
import type { Previous } from "./undo/previous.ts";
import { encodeUndo, type Undo } from "./undo/undo.ts";

/** The wanted state, as far as injection has a say in it. */
export interface Plan {
  /** Init containers of ours in their order, the sidecar first where it is a native one. */
  readonly initContainers: readonly JsonObject[];
  /** The sidecar as a plain container, in front of the pod's own; none where it is a native one. */
  readonly sidecars: readonly JsonObject[];
  readonly volumes: readonly JsonObject[];
  /** Names of pull secrets that the pod must list. */
  readonly pullSecrets: readonly string[];
  /**
   * The pod's own containers in their order, the app's with its probes, ports, variables, command and mounts as they are to be.
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
  /** The pod that was checked, raw, and what an earlier injection left. */
  readonly stripped: JsonObject;
  readonly previous: Previous | undefined;
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
  const sidecar = buildSidecar(checked, inputs, config);
  const isNative = config.sidecarKind === "native";
  const installers = mode === "stdio" ? [buildShimInstaller(checked, config)] : [];
  const app = planApp(checked);
  const planned = {
    initContainers: [...(isNative ? [sidecar] : []), ...installers],
    sidecars: isNative ? [] : [sidecar],
    volumes: [...listVolumes(mode), ...config.sidecarTemplate.volumes],
    pullSecrets: config.imagePullSecrets,
    containers: checked.pod.containers.map((each) => (each.index === checked.container.index ? app : each.raw)),
  };
  const additions = planAdditions(checked, config);
  const undo = recordUndo({
    pod: inputs.stripped,
    container: checked.container.raw,
    planned: app,
    ...additions,
    lists: ["volumes", ...(planned.initContainers.length === 0 ? [] : ["initContainers"])],
    pullSecrets: config.imagePullSecrets,
    earlier: inputs.previous?.undo,
  });
  const policy = inputs.policy === undefined ? [] : [[keys.policy.key, inputs.policy] as const];
  const annotations = new Map([
    ...additions.annotations,
    [keys.endpoint.key, `${checked.wiring.dataPort}${checked.settings.path}`],
    ...policy,
    [keys.status.key, describeStatus(checked, config, { ...planned, undo })],
  ]);
  return {
    ...planned,
    labels: new Map([...additions.labels, [keys.injected.key, "true"], [keys.server.key, inputs.serverName]]),
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
  const moved = ports.map((item, index) => (index === port?.declared?.index ? dropName(item) : item));
  return {
    ...container,
    ...(added.length === 0 ? {} : { env: [...env, ...added] }),
    ...(settings.mode === "named-port" ? { ports: moved } : {}),
  };
}

function dropName(port: unknown): unknown {
  return Object.fromEntries(Object.entries(port ?? {}).filter(([key]) => key !== "name"));
}

/** Labels and annotations that the pod gets where it has none of that key. */
function planAdditions(
  { settings, container, pod }: Checked,
  { sidecarTemplate }: InjectionConfig,
): Record<"annotations" | "labels", ReadonlyMap<string, string>> {
  const wanted = [
    ...settings.copies,
    ...defaultContainerKeys.map((key) => [key, container.name] as const),
    ...Object.entries(sidecarTemplate.annotations),
  ];
  const isUnset = (given: JsonObject, key: string): boolean => readMember(given, key) === undefined;
  return {
    annotations: new Map(wanted.filter(([key]) => isUnset(pod.annotations, key))),
    labels: new Map(Object.entries(sidecarTemplate.labels).filter(([key]) => isUnset(pod.labels, key))),
  };
}

type Parts = Pick<Plan, "initContainers" | "sidecars" | "volumes"> & { readonly undo: Undo };

function describeStatus(checked: Checked, config: InjectionConfig, parts: Parts): string {
  const { settings, wiring, container, port } = checked;
  const namesOf = (items: readonly JsonObject[]): unknown[] => items.map((item) => item["name"]);
  const undo = encodeUndo(parts.undo);
  return JSON.stringify({
    version: config.version,
    mode: settings.mode,
    guarantee: wiring.guarantee,
    configHash: hashConfig(config),
    container: container.name,
    ...(port === undefined ? {} : { port: port.number }),
    // For strip.ts, which has to tell a command that we put in from one that we only wrapped.
    ...(settings.mode === "stdio" ? { command: hasCommand(container.raw) ? "container" : "annotation" } : {}),
    containers: namesOf([...parts.sidecars, ...parts.initContainers]),
    volumes: namesOf(parts.volumes),
    ...(undo === undefined ? {} : { undo }),
  });
}
