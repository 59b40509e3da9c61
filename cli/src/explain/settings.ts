/** Which value of each annotation counts for a pod, and where it comes from: pod, namespace, installation or table of keys. Pure. */
import { keys, type KeyName } from "@outrigger/api/keys";
import { readMember, readText, type InjectionConfig, type JsonObject } from "@outrigger/webhook/inject";
import type { Origin, Setting } from "./explanation.ts";

/** Where values are looked for. `wasInjected`: values of the namespace were copied to the pod at admission. */
export interface SettingSources {
  readonly pod: JsonObject;
  readonly namespace: JsonObject;
  readonly defaults: InjectionConfig["defaults"];
  readonly wasInjected: boolean;
}

/** Values that narrow policy, of which each counts, and all others, of which the nearest counts. */
export interface TracedSettings {
  readonly policy: readonly Setting[];
  readonly settings: readonly Setting[];
}

/** Traces every annotation that users set on pods or namespaces. What is nowhere set and has no default is left out. */
export function traceSettings(sources: SettingSources): TracedSettings {
  // Object.keys of a const object yields exactly its keys.
  const traced = (Object.keys(keys) as KeyName[]).filter(isOfPods).map((name) => traceOne(name, sources));
  return { policy: traced.flatMap((each) => each.policy), settings: traced.flatMap((each) => each.settings) };
}

function isOfPods(name: KeyName): boolean {
  const { kind, setBy, on } = keys[name];
  return kind === "annotation" && setBy === "user" && on.some((place) => place === "pod" || place === "namespace");
}

function traceOne(name: KeyName, { pod, namespace, defaults, wasInjected }: SettingSources): TracedSettings {
  const definition = keys[name];
  const { key } = definition;
  const narrows = "narrows" in definition;
  const isOnNamespace = definition.on.some((place) => place === "namespace");
  const ofPod = show(pod, key);
  const ofNamespace = isOnNamespace ? show(namespace, key) : undefined;
  const found = (from: Origin, value: string | undefined): Setting[] =>
    value === undefined ? [] : [{ key, value, from }];
  if (narrows) return { policy: [...found("pod", ofPod), ...found("namespace", ofNamespace)], settings: [] };
  const isCopied = wasInjected && ofPod === ofNamespace;
  const [nearest] = [
    ...(isCopied ? [] : found("pod", ofPod)),
    ...found("namespace", ofNamespace),
    ...found("installation", readText(defaults, name)),
    ...found("default", "default" in definition ? definition.default : undefined),
  ];
  return { policy: [], settings: nearest === undefined ? [] : [nearest] };
}

/** A value that is no text is refused elsewhere, and shown here as what it is. */
function show(annotations: JsonObject, key: string): string | undefined {
  const value = readMember(annotations, key);
  return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
}
