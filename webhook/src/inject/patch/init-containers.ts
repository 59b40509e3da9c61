/** Operations on the pod's init containers: ours put in, put right or put first. Nobody else's container is touched. */
import { sidecarName } from "@outrigger/api/containers";
import type { InjectionConfig } from "../config.ts";
import type { Operation } from "../outcome.ts";
import { readText, type JsonObject } from "../read/json.ts";
import { isNativeSidecar, type ContainerView, type PodView } from "../read/pod.ts";
import { isSameContainer } from "./subset.ts";

const list = "/spec/initContainers";
const testName = (index: number, name: string): Operation => ({
  op: "test",
  path: `${list}/${index}/name`,
  value: name,
});

/** What the wanted state is compared with. `ours` are the names that an earlier round put in. */
export interface InitContext {
  readonly ours: ReadonlySet<string>;
  readonly config: InjectionConfig;
}

/** The init containers as they stand after the operations so far; one that was just added has no view. */
interface Progress {
  readonly operations: readonly Operation[];
  readonly order: readonly (ContainerView | undefined)[];
}

/** Brings the init containers to the wanted state: the sidecar first, each other of ours after the one before it. */
export function diffInitContainers(pod: PodView, wanted: readonly JsonObject[], context: InitContext): Operation[] {
  const names = wanted.map((container) => readText(container, "name"));
  const mine = pod.initContainers.filter((container) => context.ours.has(container.name));
  // Of two that bear one name the first counts; it is put right in any case.
  const kept = names.map((name) => mine.find((container) => container.name === name));
  let progress = removeAll(
    pod.initContainers,
    mine.filter((container) => !kept.includes(container)),
  );
  let after = 0;
  for (const [index, container] of wanted.entries()) {
    const existing = kept[index];
    progress =
      existing === undefined
        ? insert(progress, container, after)
        : bringTo(progress, { existing, container }, context.config);
    after = (existing === undefined ? after : progress.order.indexOf(existing)) + 1;
  }
  return [...progress.operations];
}

/** From the end, so that the places before stay right. */
function removeAll(all: readonly ContainerView[], obsolete: readonly ContainerView[]): Progress {
  const operations = obsolete
    .toReversed()
    .flatMap((container): Operation[] => [
      testName(container.index, container.name),
      { op: "remove", path: `${list}/${container.index}` },
    ]);
  return { operations, order: all.filter((container) => !obsolete.includes(container)) };
}

function insert({ operations, order }: Progress, container: JsonObject, at: number): Progress {
  return {
    operations: [...operations, { op: "add", path: `${list}/${at}`, value: container }],
    order: order.toSpliced(at, 0, undefined),
  };
}

function bringTo(
  { operations, order }: Progress,
  { existing, container }: { readonly existing: ContainerView; readonly container: JsonObject },
  config: InjectionConfig,
): Progress {
  const from = order.indexOf(existing);
  const isLate = order.slice(0, from).some((each) => each !== undefined && mustFollow(each, config));
  const moves = existing.name === sidecarName && isLate;
  const to = moves ? 0 : from;
  const changes = !isSameContainer(existing.raw, container, config);
  if (!moves && !changes) return { operations, order };
  const done: Operation[] = [
    testName(from, existing.name),
    ...(moves ? [{ op: "move", from: `${list}/${from}`, path: `${list}/0` } as const] : []),
    ...(changes ? [{ op: "replace", path: `${list}/${to}`, value: container } as const] : []),
  ];
  return {
    operations: [...operations, ...done],
    order: order.filter((each) => each !== existing).toSpliced(to, 0, existing),
  };
}

/**
 * True for a container that has to wait for the sidecar: a plain init container that does not set up the network.
 * Other native sidecars may stand first, so that two injectors do not swap places for ever.
 */
function mustFollow(container: ContainerView, config: InjectionConfig): boolean {
  return !isNativeSidecar(container) && !config.foreign.networkInits.includes(container.name);
}
