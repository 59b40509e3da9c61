/**
 * Labels and annotations of ours that stand where nobody reads them: on a workload instead of its pod template, on a namespace
 * instead of a pod, or on a template that nothing opts in. Says where each belongs; judges values only of what is read there.
 */
import { keyList, keyPrefix, keys } from "@outrigger/api/keys";
import type { KeyDefinition } from "@outrigger/api/key-definition";
import { quote, type Warning } from "../outcome.ts";
import { explainUnknownKey } from "./annotations.ts";
import { readMember, readObject, type JsonObject } from "./json.ts";
import { toPrintableKey } from "./printable.ts";

/** Something that labels and annotations stand on, as the table of keys names it. */
export type Place = KeyDefinition["on"][number];

type Kind = KeyDefinition["kind"];

/** A value of ours that has not the form that is expected. */
export interface WrongValue {
  readonly key: string;
  readonly text: string;
}

const maps = { label: "labels", annotation: "annotations" } as const satisfies Record<Kind, string>;

/** The definition of a key, where it is one of ours. */
const findKey = (key: string): KeyDefinition | undefined => keyList.find((definition) => definition.key === key);

/** Our keys among labels or annotations. */
const ownKeys = (given: JsonObject): readonly string[] => Object.keys(given).filter((key) => key.startsWith(keyPrefix));

/** Our labels and annotations of an object, with their values: what else stands there is not ours to look at. */
export function listOwnKeys(metadata: JsonObject): readonly unknown[] {
  return Object.values(maps).flatMap((map) => {
    const given = readObject(metadata, map);
    return ownKeys(given).map((key) => [map, key, given[key]]);
  });
}

/** Keys of ours on a workload that do nothing there. `template`: where its pods are described; `pod`: what stands there. */
export function warnOfWorkload(
  workload: { readonly kind: string; readonly metadata: JsonObject },
  { pod, path }: { readonly pod: JsonObject; readonly path: readonly string[] },
): Warning[] {
  const place = workload.kind.toLowerCase();
  return (["label", "annotation"] as const).flatMap((kind) => {
    const onPod = readObject(pod, maps[kind]);
    return ownKeys(readObject(workload.metadata, maps[kind])).flatMap((key) => {
      const known = findKey(key);
      if (known === undefined) return unknown(key, kind, `${workload.kind}: `);
      if (known.on.some((each) => each === place) || known.setBy === "outrigger") return [];
      if (!known.on.includes("pod")) return [readElsewhere(known)];
      const isWell = readMember(onPod, key) !== undefined && known.kind === kind;
      return isWell ? [] : [belongs(known, [...path, "metadata", maps[known.kind]])];
    });
  });
}

/** Annotations on a template whose pods nothing opts in. */
export function warnOfIdleTemplate(pod: JsonObject, path: readonly string[]): Warning[] {
  const [first] = ownKeys(readObject(pod, "annotations")).filter((key) => findKey(key)?.setBy !== "outrigger");
  if (first === undefined) return [];
  const label = `${[...path, "metadata", "labels"].join(".")} lacks ${keys.inject.key}=enabled`;
  return [{ reason: "UnknownAnnotation", text: `${toPrintableKey(first)} does nothing: ${label}` }];
}

/** Keys of ours on a namespace that do nothing there. */
export function warnOfNamespace(metadata: JsonObject): Warning[] {
  return (["label", "annotation"] as const).flatMap((kind) =>
    ownKeys(readObject(metadata, maps[kind])).flatMap((key) => {
      const known = findKey(key);
      if (known?.setBy === "outrigger")
        return [{ reason: "UnknownAnnotation", text: `${key} is set by Outrigger, on pods` }];
      if (known?.kind !== kind) return unknown(key, kind, "namespace ");
      return known.on.includes("namespace") ? [] : [readElsewhere(known)];
    }),
  );
}

/** Values that are read at a place and have not the form that is expected. */
export function findWrongValues(metadata: JsonObject, place: Place, prefix = ""): readonly WrongValue[] {
  return keyList
    .filter((definition: KeyDefinition) => definition.setBy === "user" && definition.on.includes(place))
    .flatMap((definition: KeyDefinition) => {
      const value = readMember(readObject(metadata, maps[definition.kind]), definition.key);
      const parsed = typeof value === "string" ? definition.parse(value) : undefined;
      if (parsed?.ok !== false) return [];
      return [{ key: definition.key, text: `${prefix}${definition.key}=${quote(value)}: expected ${parsed.expected}` }];
    });
}

const unknown = (key: string, kind: Kind, prefix: string): Warning[] => {
  const text = explainUnknownKey(key, kind);
  return text === undefined ? [] : [{ reason: "UnknownAnnotation", text: `${prefix}${text}` }];
};

const readElsewhere = ({ key, on }: KeyDefinition): Warning => ({
  reason: "UnknownAnnotation",
  text: `${key} is read on ${on.join(" and ")} alone`,
});

const belongs = ({ key }: KeyDefinition, path: readonly string[]): Warning => ({
  reason: "UnknownAnnotation",
  text: `${key} belongs on ${path.join(".")}`,
});
