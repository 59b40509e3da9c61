/**
 * Last stage: the operations that bring the incoming pod to the plan, none where it is there already. Written by hand, in
 * a fixed order: missing maps and lists, volumes and pull secrets, init containers, the app's container, metadata.
 * Works on the incoming pod with its earlier injection still in. Stage before: plan.ts.
 */
import type { InjectionConfig } from "./config.ts";
import type { Operation } from "./outcome.ts";
import { diffApp } from "./patch/app.ts";
import { diffContainers, mustFollow } from "./patch/containers.ts";
import { toPointer } from "./patch/pointer.ts";
import { isSameVolume } from "./patch/subset.ts";
import type { Plan } from "./plan.ts";
import { readList, readMember, readText, type JsonObject } from "./read/json.ts";
import { readPod, type PodView } from "./read/pod.ts";
import type { Previous } from "./undo/previous.ts";
import { nothingDone } from "./undo/undo.ts";

/** What the diff looks at besides pod and plan. */
export interface DiffContext {
  readonly previous: Previous | undefined;
  readonly config: InjectionConfig;
}

/** The patch for a raw pod that {@link readPod} accepts. */
export function diff(raw: JsonObject, wanted: Plan, context: DiffContext): Operation[] {
  const read = readPod(raw);
  if (!read.ok) throw new Error(`a pod that was checked can't be read: expected ${read.expected}`);
  const { pod } = read;
  const { config, previous } = context;
  const { probePorts } = config.foreign;
  const ours = previous?.containers ?? new Set<string>();
  const ourVolumes = previous?.volumes ?? new Set<string>();
  const undo = previous?.undo ?? nothingDone;
  const others = pod.containers.filter(({ name }) => !ours.has(name));
  return [
    ...createMissing(raw, wanted),
    ...diffVolumes(pod, wanted.volumes, ourVolumes),
    ...diffPullSecrets(pod, wanted.pullSecrets, undo.pullSecrets),
    ...diffContainers(pod.initContainers, wanted.initContainers, {
      list: "initContainers",
      ours,
      config,
      mustFollow: (container) => mustFollow(container, config),
    }),
    // Before the containers' own list, whose operations move places.
    ...others.flatMap(({ raw: container, index }, at) =>
      diffApp(container, wanted.containers[at] ?? container, {
        path: ["spec", "containers", index],
        ours: ourVolumes,
        added: undo.env,
        probePorts,
      }),
    ),
    ...diffContainers(pod.containers, wanted.sidecars, {
      list: "containers",
      ours,
      config,
      mustFollow: ({ name }) => !config.foreign.containers.includes(name),
    }),
    ...diffMap(pod.labels, { wanted: wanted.labels, earlier: undo.labels }, ["metadata", "labels"]),
    ...diffMap(pod.annotations, { wanted: wanted.annotations, earlier: undo.annotations }, ["metadata", "annotations"]),
    ...wanted.absentAnnotations
      .filter((key) => readMember(pod.annotations, key) !== undefined)
      .map((key): Operation => ({ op: "remove", path: toPointer(["metadata", "annotations", key]) })),
  ];
}

function createMissing(raw: JsonObject, wanted: Plan): Operation[] {
  const metadata = readMember(raw, "metadata");
  const spec = readMember(raw, "spec");
  const create = (parent: unknown, path: readonly string[], value: unknown): Operation[] =>
    readMember(parent, path.at(-1) ?? "") === undefined ? [{ op: "add", path: toPointer(path), value }] : [];
  return [
    ...create(raw, ["metadata"], {}),
    ...create(metadata, ["metadata", "labels"], {}),
    ...create(metadata, ["metadata", "annotations"], {}),
    ...create(spec, ["spec", "volumes"], []),
    ...(wanted.pullSecrets.length === 0 ? [] : create(spec, ["spec", "imagePullSecrets"], [])),
    ...(wanted.initContainers.length === 0 ? [] : create(spec, ["spec", "initContainers"], [])),
  ];
}

function diffVolumes(pod: PodView, wanted: readonly JsonObject[], ours: ReadonlySet<string>): Operation[] {
  const kept = wanted.map((volume) => pod.volumes.find((each) => each.name === readText(volume, "name")));
  const obsolete = pod.volumes.filter((volume) => ours.has(volume.name) && !kept.includes(volume)).reverse();
  const test = (index: number, name: string): Operation => ({
    op: "test",
    path: `/spec/volumes/${index}/name`,
    value: name,
  });
  const updates = wanted.flatMap((volume, at): Operation[] => {
    const existing = kept[at];
    if (existing === undefined) return [{ op: "add", path: "/spec/volumes/-", value: volume }];
    if (isSameVolume(existing.raw, volume)) return [];
    return [
      test(existing.index, existing.name),
      { op: "replace", path: `/spec/volumes/${existing.index}`, value: volume },
    ];
  });
  // Updates first: they name places that removals would shift.
  const removals = obsolete.flatMap((volume): Operation[] => [
    test(volume.index, volume.name),
    { op: "remove", path: `/spec/volumes/${volume.index}` },
  ]);
  return [...updates, ...removals];
}

/** Appends what is missing, and takes away what an earlier round appended and nobody wants any more. */
function diffPullSecrets(pod: PodView, names: readonly string[], earlier: readonly string[]): Operation[] {
  const listed = readList(pod.spec, "imagePullSecrets").map((item) => readText(item, "name"));
  const missing = names.filter((name) => !listed.includes(name));
  const obsolete = listed
    .map((name, index) => ({ name, index }))
    .filter(({ name }) => name !== undefined && earlier.includes(name) && !names.includes(name))
    .reverse();
  return [
    ...obsolete.flatMap(({ name, index }): Operation[] => [
      { op: "test", path: `/spec/imagePullSecrets/${index}/name`, value: name },
      { op: "remove", path: `/spec/imagePullSecrets/${index}` },
    ]),
    ...missing.map((name): Operation => ({ op: "add", path: "/spec/imagePullSecrets/-", value: { name } })),
  ];
}

/** Sets what is wanted, and takes away what an earlier round added, nobody changed and nobody wants any more. */
function diffMap(
  actual: JsonObject,
  { wanted, earlier }: Record<"wanted" | "earlier", ReadonlyMap<string, string>>,
  path: readonly string[],
): Operation[] {
  const set = [...wanted]
    .filter(([key, value]) => readMember(actual, key) !== value)
    .map(([key, value]): Operation => ({ op: "add", path: toPointer([...path, key]), value }));
  const obsolete = [...earlier]
    .filter(([key, value]) => !wanted.has(key) && readMember(actual, key) === value)
    .map(([key]): Operation => ({ op: "remove", path: toPointer([...path, key]) }));
  return [...set, ...obsolete];
}
