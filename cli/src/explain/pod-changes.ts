/** What injection adds to a pod and changes in it, in words, by comparing the pod before and after. Pure. */
import { isObject, readInteger, readList, readMember, readObject, readText } from "@outrigger/webhook/inject";

/** Phrases, one per kind of thing; both are empty where nothing is done. */
export interface PodChanges {
  readonly adds: readonly string[];
  readonly changes: readonly string[];
}

/** Compares. Names and keys are told, never values of variables. */
export function compare(before: unknown, after: unknown): PodChanges {
  const [specBefore, specAfter] = [readObject(before, "spec"), readObject(after, "spec")];
  const [metaBefore, metaAfter] = [readObject(before, "metadata"), readObject(after, "metadata")];
  const added = (list: string): readonly string[] => without(namesOf(specAfter, list), namesOf(specBefore, list));
  const keysOf = (metadata: unknown, map: string): readonly string[] => Object.keys(readObject(metadata, map));
  const pairs = pairContainers(specBefore, specAfter);
  return {
    adds: [
      ...phrase("init container", added("initContainers")),
      ...phrase("container", added("containers")),
      ...phrase("volume", added("volumes")),
      ...phrase("pull secret", added("imagePullSecrets")),
      ...pairs.flatMap(describeAdditions),
      ...phrase("label", without(keysOf(metaAfter, "labels"), keysOf(metaBefore, "labels"))),
      ...phrase("annotation", without(keysOf(metaAfter, "annotations"), keysOf(metaBefore, "annotations"))),
    ],
    changes: [
      ...pairs.flatMap(describeChanges),
      ...describeMetadata(metaBefore, metaAfter),
      ...phrase(
        "init container taken out:",
        without(namesOf(specBefore, "initContainers"), namesOf(specAfter, "initContainers")),
      ),
    ],
  };
}

interface Pair {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Containers that stand in both, by name; ours among them, where the pod was injected before. */
function pairContainers(before: unknown, after: unknown): readonly Pair[] {
  return ["initContainers", "containers"].flatMap((list) =>
    readList(before, list).flatMap((container) => {
      const name = readText(container, "name") ?? "";
      const match = readList(after, list).find((each) => readText(each, "name") === name);
      return match === undefined ? [] : [{ name, before: container, after: match }];
    }),
  );
}

function describeAdditions({ name, before, after }: Pair): readonly string[] {
  const variables = without(namesOf(after, "env"), namesOf(before, "env"));
  const mounts = without(textsOf(after, "volumeMounts", "mountPath"), textsOf(before, "volumeMounts", "mountPath"));
  const on = (phrases: readonly string[]): readonly string[] => phrases.map((each) => `${each} in container ${name}`);
  return [...on(phrase("variable", variables)), ...on(phrase("mount", mounts))];
}

function describeChanges({ name, before, after }: Pair): readonly string[] {
  if (!isObject(before) || !isObject(after)) return [];
  const members = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !["env", "volumeMounts"].includes(key) && !isSame(before[key], after[key]),
  );
  const replaced = namesOf(before, "env").filter((each) => !isSame(findNamed(before, each), findNamed(after, each)));
  return [
    ...members.flatMap((key) => describeMember(`container ${name}: ${key}`, before[key], after[key])),
    ...phrase(`container ${name}: variable`, replaced),
  ];
}

/** A lifecycle holds two hooks, which are told apart. */
function describeMember(what: string, before: unknown, after: unknown): readonly string[] {
  if (!what.endsWith(": lifecycle")) return [`${what} ${describeValue(before)} becomes ${describeValue(after)}`];
  return ["postStart", "preStop"]
    .map((hook) => [hook, readMember(before, hook), readMember(after, hook)] as const)
    .filter(([, was, is]) => !isSame(was, is))
    .map(([hook, was, is]) => `${what}.${hook} ${describeValue(was)} becomes ${describeValue(is)}`);
}

const handlerKinds = ["httpGet", "tcpSocket", "grpc", "exec"] as const;

/** A handler as one phrase; anything else by its kind, since it may be long. */
function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "(none)";
  const kind = handlerKinds.find((each) => isObject(readMember(value, each)));
  if (kind !== undefined) return describeHandler(kind, readMember(value, kind));
  if (Array.isArray(value)) return `(${value.length} ${value.length === 1 ? "entry" : "entries"})`;
  return isObject(value) ? "(other fields)" : JSON.stringify(value);
}

function describeHandler(kind: (typeof handlerKinds)[number], handler: unknown): string {
  const port = readInteger(handler, "port") ?? readText(handler, "port") ?? "";
  switch (kind) {
    case "httpGet":
      return `GET ${port}${readText(handler, "path") ?? "/"}`;
    case "tcpSocket":
      return `TCP ${port}`;
    case "grpc":
      return `gRPC ${port}`;
    case "exec":
      return `exec ${readList(handler, "command").slice(0, 3).map(String).join(" ").slice(0, 60)}`;
  }
}

function describeMetadata(before: unknown, after: unknown): readonly string[] {
  return (["labels", "annotations"] as const).flatMap((map) => {
    const [was, is] = [readObject(before, map), readObject(after, map)];
    const word = map === "labels" ? "label" : "annotation";
    return [
      ...phrase(
        word,
        Object.keys(was).filter((key) => Object.hasOwn(is, key) && was[key] !== is[key]),
      ),
      ...phrase(`${word} taken away:`, without(Object.keys(was), Object.keys(is))),
    ];
  });
}

const findNamed = (container: unknown, name: string): unknown =>
  readList(container, "env").find((each) => readText(each, "name") === name);
const namesOf = (holder: unknown, list: string): readonly string[] => textsOf(holder, list, "name");
const textsOf = (holder: unknown, list: string, member: string): readonly string[] =>
  readList(holder, list).flatMap((item) => readText(item, member) ?? []);
const without = (all: readonly string[], known: readonly string[]): readonly string[] =>
  all.filter((each) => !known.includes(each));
const phrase = (word: string, names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`${word}${names.length === 1 || word.endsWith(":") ? "" : "s"} ${names.join(", ")}`];

/** Manifests hold whole numbers of any size, which JSON has no text for. */
function isSame(a: unknown, b: unknown): boolean {
  const write = (value: unknown): string | undefined =>
    JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each));
  return write(a) === write(b);
}
