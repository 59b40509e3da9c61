/** The parts of a raw pod that decisions look at, found once. Says whether a value is shaped as a pod; judges nothing else. */
import { isObject, readInteger, readList, readMember, readObject, readText, type JsonObject } from "./json.ts";

/** A declared port of a container. `index` is its place in the container's list. */
export interface PortView {
  readonly index: number;
  readonly number: number;
  readonly name: string | undefined;
  readonly hostPort: number | undefined;
  readonly isTcp: boolean;
}

/** A container with its place in the pod. */
export interface ContainerView {
  readonly list: "containers" | "initContainers";
  readonly index: number;
  readonly name: string;
  readonly raw: JsonObject;
  readonly ports: readonly PortView[];
}

/** A volume with its place in the pod. */
interface VolumeView {
  readonly index: number;
  readonly name: string;
  readonly raw: JsonObject;
}

/** A pod, read. Everything borrowed from the raw value stays as it is. */
export interface PodView {
  readonly metadata: JsonObject;
  readonly labels: JsonObject;
  readonly annotations: JsonObject;
  readonly spec: JsonObject;
  readonly containers: readonly ContainerView[];
  readonly initContainers: readonly ContainerView[];
  readonly volumes: readonly VolumeView[];
}

/** Outcome of {@link readPod}: the view, or what was expected and where. */
export type ReadPod = { readonly ok: true; readonly pod: PodView } | { readonly ok: false; readonly expected: string };

/** Reads a pod. Absent, empty and null lists are the same. Never throws. */
export function readPod(value: unknown): ReadPod {
  const problem = findShapeProblem(value);
  if (problem !== undefined) return { ok: false, expected: problem };
  const metadata = readObject(value, "metadata");
  const spec = readObject(value, "spec");
  return {
    ok: true,
    pod: {
      metadata,
      labels: readObject(metadata, "labels"),
      annotations: readObject(metadata, "annotations"),
      spec,
      containers: readContainers(spec, "containers"),
      initContainers: readContainers(spec, "initContainers"),
      volumes: readList(spec, "volumes").map((raw, index) => ({
        index,
        name: readText(raw, "name") ?? "",
        raw: isObject(raw) ? raw : {},
      })),
    },
  };
}

/** True for an init container that keeps running beside the app. Source: KEP-753. */
export function isNativeSidecar(container: ContainerView): boolean {
  return readText(container.raw, "restartPolicy") === "Always";
}

/** True where a container names what it runs; an empty list leaves it to the image. */
export function hasCommand(container: JsonObject): boolean {
  return readList(container, "command").length > 0;
}

function findShapeProblem(value: unknown): string | undefined {
  if (!isObject(value) || !isObject(readMember(value, "spec"))) return "an object with spec";
  const metadata = readMember(value, "metadata");
  const objects = [metadata, readMember(metadata, "labels"), readMember(metadata, "annotations")];
  if (!objects.every((each) => each === undefined || isObject(each)))
    return "metadata, its labels and its annotations as objects";
  const spec = readObject(value, "spec");
  for (const list of ["containers", "initContainers", "volumes"]) {
    if (!isListOfNamed(readMember(spec, list))) return `spec.${list} as a list of objects with a name`;
  }
  return readList(spec, "containers").length === 0 ? "at least one entry in spec.containers" : undefined;
}

function isListOfNamed(value: unknown): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.every((item) => (readText(item, "name") ?? "") !== "");
}

function readContainers(spec: JsonObject, list: ContainerView["list"]): ContainerView[] {
  return readList(spec, list).map((raw, index) => viewContainer(isObject(raw) ? raw : {}, { list, index }));
}

/** The view of a raw container at a place of a pod. */
export function viewContainer(
  raw: JsonObject,
  { list, index }: Pick<ContainerView, "list" | "index"> = { list: "containers", index: 0 },
): ContainerView {
  return { list, index, name: readText(raw, "name") ?? "", raw, ports: readPorts(raw) };
}

function readPorts(container: unknown): PortView[] {
  return readList(container, "ports").flatMap((raw, index) => {
    const number = readInteger(raw, "containerPort") ?? 0;
    if (number < 1 || number > 65_535) return [];
    return [
      {
        index,
        number,
        name: readText(raw, "name"),
        hostPort: readInteger(raw, "hostPort"),
        isTcp: (readText(raw, "protocol") ?? "TCP") === "TCP",
      },
    ];
  });
}
