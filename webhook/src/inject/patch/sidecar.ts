/** Operations on the pod's init containers: the sidecar put in, put right or put first. Nobody else's container is touched. */
import type { InjectionConfig } from "../config.ts";
import { sidecarName } from "../build/names.ts";
import type { Operation } from "../outcome.ts";
import { isNativeSidecar, type ContainerView, type PodView } from "../read/pod.ts";
import type { JsonObject } from "../read/json.ts";
import { isSameSidecar } from "./subset.ts";

const list = "/spec/initContainers";
const testName = (index: number, name: string): Operation => ({
  op: "test",
  path: `${list}/${index}/name`,
  value: name,
});

/** Brings the init containers to the wanted state. `ours` are the names that an earlier round put in. */
export function diffSidecar(
  pod: PodView,
  wanted: JsonObject,
  context: { readonly ours: ReadonlySet<string>; readonly config: InjectionConfig },
): Operation[] {
  const mine = pod.initContainers.filter((container) => context.ours.has(container.name));
  const kept = mine.find((container) => container.name === sidecarName);
  // From the end, so that the places before stay right.
  const obsolete = mine.filter((container) => container !== kept).reverse();
  const removals = obsolete.flatMap((container): Operation[] => [
    testName(container.index, container.name),
    { op: "remove", path: `${list}/${container.index}` },
  ]);
  if (kept === undefined) return [...removals, { op: "add", path: `${list}/0`, value: wanted }];
  const before = pod.initContainers.filter((each) => each.index < kept.index && !obsolete.includes(each));
  return [...removals, ...bringTo(kept, wanted, { before, config: context.config })];
}

function bringTo(
  kept: ContainerView,
  wanted: JsonObject,
  { before, config }: { readonly before: readonly ContainerView[]; readonly config: InjectionConfig },
): Operation[] {
  const from = before.length;
  const moves = before.some((container) => mustFollow(container, config));
  const to = moves ? 0 : from;
  const changes = !isSameSidecar(kept.raw, wanted, config);
  if (!moves && !changes) return [];
  return [
    testName(from, sidecarName),
    ...(moves ? [{ op: "move", from: `${list}/${from}`, path: `${list}/0` } as const] : []),
    ...(changes ? [{ op: "replace", path: `${list}/${to}`, value: wanted } as const] : []),
  ];
}

/**
 * True for a container that has to wait for the sidecar: a plain init container that does not set up the network.
 * Other native sidecars may stand first, so that two injectors do not swap places for ever.
 */
function mustFollow(container: ContainerView, config: InjectionConfig): boolean {
  return !isNativeSidecar(container) && !config.foreign.networkInits.includes(container.name);
}
