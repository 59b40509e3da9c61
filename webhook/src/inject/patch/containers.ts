/** Operations on a list of containers of the pod: ours put in, put right or put first. Nobody else's container is touched. */
import { sidecarName } from "@outrigger/api/containers";
import type { InjectionConfig } from "../config.ts";
import type { Operation } from "../outcome.ts";
import { readText, type JsonObject } from "../read/json.ts";
import { isNativeSidecar, type ContainerView } from "../read/pod.ts";
import { isSameContainer, leaveToAgents } from "./subset.ts";

/** What the wanted state is compared with. */
export interface ListContext {
  readonly list: ContainerView["list"];
  /** Names that an earlier round put in. */
  readonly ours: ReadonlySet<string>;
  /** True for a container before which the sidecar must stand. */
  readonly mustFollow: (container: ContainerView) => boolean;
  readonly config: InjectionConfig;
}

const testName = ({ list }: ListContext, index: number, name: string): Operation => ({
  op: "test",
  path: `/spec/${list}/${index}/name`,
  value: name,
});

/** The containers as they stand after the operations so far; one that was just added has no view. */
interface Progress {
  readonly operations: readonly Operation[];
  readonly order: readonly (ContainerView | undefined)[];
}

/** Brings a list to the wanted state: the sidecar first, each other of ours after the one before it. */
export function diffContainers(
  all: readonly ContainerView[],
  wanted: readonly JsonObject[],
  context: ListContext,
): Operation[] {
  const names = wanted.map((container) => readText(container, "name"));
  const mine = all.filter((container) => context.ours.has(container.name));
  // Of two that bear one name the first counts; it is put right in any case.
  const kept = names.map((name) => mine.find((container) => container.name === name));
  let progress = removeAll(
    all,
    mine.filter((container) => !kept.includes(container)),
    context,
  );
  let after = 0;
  for (const [index, container] of wanted.entries()) {
    const existing = kept[index];
    progress =
      existing === undefined
        ? insert(progress, { container, at: after }, context)
        : bringTo(progress, { existing, container }, context);
    after = (existing === undefined ? after : progress.order.indexOf(existing)) + 1;
  }
  return [...progress.operations];
}

/** From the end, so that the places before stay right. */
function removeAll(all: readonly ContainerView[], obsolete: readonly ContainerView[], context: ListContext): Progress {
  const operations = obsolete
    .toReversed()
    .flatMap((container): Operation[] => [
      testName(context, container.index, container.name),
      { op: "remove", path: `/spec/${context.list}/${container.index}` },
    ]);
  return { operations, order: all.filter((container) => !obsolete.includes(container)) };
}

function insert(
  { operations, order }: Progress,
  { container, at }: { readonly container: JsonObject; readonly at: number },
  { list }: ListContext,
): Progress {
  return {
    operations: [...operations, { op: "add", path: `/spec/${list}/${at}`, value: container }],
    order: order.toSpliced(at, 0, undefined),
  };
}

function bringTo(
  { operations, order }: Progress,
  { existing, container }: { readonly existing: ContainerView; readonly container: JsonObject },
  context: ListContext,
): Progress {
  const { list, config } = context;
  const from = order.indexOf(existing);
  const isLate = order.slice(0, from).some((each) => each !== undefined && context.mustFollow(each));
  const moves = existing.name === sidecarName && isLate;
  const to = moves ? 0 : from;
  const changes = !isSameContainer(existing.raw, container, config);
  const value = leaveToAgents(existing.raw, container, config);
  if (!moves && !changes) return { operations, order };
  const done: Operation[] = [
    testName(context, from, existing.name),
    ...(moves ? [{ op: "move", from: `/spec/${list}/${from}`, path: `/spec/${list}/0` } as const] : []),
    ...(changes ? [{ op: "replace", path: `/spec/${list}/${to}`, value } as const] : []),
  ];
  return {
    operations: [...operations, ...done],
    order: order.filter((each) => each !== existing).toSpliced(to, 0, existing),
  };
}

/**
 * True for an init container that has to wait for the sidecar: a plain init container that does not set up the network.
 * Other native sidecars may stand first, so that two injectors do not swap places for ever.
 */
export function mustFollow(container: ContainerView, config: InjectionConfig): boolean {
  return !isNativeSidecar(container) && !config.foreign.networkInits.includes(container.name);
}
