/**
 * What labels and annotations of a namespace would do to the pods in it: keys that nobody reads there, values that would have every
 * pod with a sidecar refused. Pure.
 */
import { keys } from "@outrigger/api/keys";
import { isSystemNamespace, type InjectionConfig } from "../inject/config.ts";
import { readObject, readText } from "../inject/read/json.ts";
import { findWrongValues, listOwnKeys, warnOfNamespace } from "../inject/read/places.ts";
import { silence, type Line, type Remarks } from "./remarks.ts";
import { count } from "./workload.ts";

/** A namespace as it is to be, and as it was where it is changed. */
export interface NamespaceChange {
  readonly object: unknown;
  readonly oldObject: unknown;
}

const labels: readonly string[] = [keys.inject.key, keys.enforce.key];

/** Says what is to be said; nothing where neither labels nor annotations have changed. */
export function remarkOnSettings({ object, oldObject }: NamespaceChange, config: InjectionConfig): Remarks {
  const metadata = readObject(object, "metadata");
  const name = readText(metadata, "name") ?? "";
  if (oldObject !== undefined && read(object) === read(oldObject)) return silence;
  if (isSystemNamespace(name, config)) return { action: "skip", reason: "SystemNamespace", lines: [] };
  const wrong = findWrongValues(metadata, "namespace");
  const reasonOf = (key: string): "InvalidInjectValue" | "InvalidAnnotation" =>
    labels.includes(key) ? "InvalidInjectValue" : "InvalidAnnotation";
  const lines: Line[] = [
    ...wrong.map(({ key, text }) => ({ reason: reasonOf(key), text })),
    ...warnOfNamespace(metadata),
  ];
  const refusing = wrong.filter(({ key }) => !labels.includes(key)).length;
  const [first] = wrong;
  if (first === undefined) return { action: "skip", reason: "NotApplicable", lines };
  return {
    action: "deny",
    reason: reasonOf(first.key),
    lines,
    ...(refusing === 0
      ? {}
      : { headline: `Outrigger will refuse pods in namespace "${name}" for ${count(refusing)} of its annotations:` }),
  };
}

const read = (object: unknown): string => JSON.stringify(listOwnKeys(readObject(object, "metadata")));
