/** Namespaces, and which of them are ours to guard. Pure. */
import { keys } from "@outrigger/api/keys";
import type { RawObject } from "@outrigger/kube";
import type { InjectedPod } from "./injected-pod.ts";
import type { AsleepFacts } from "./own-objects.ts";

/** What is kept of a namespace. `isOptedIn`: its label asks for injection or requires it. */
export interface NamespaceFacts {
  readonly name: string;
  readonly uid: string;
  readonly isOptedIn: boolean;
  readonly isLeaving: boolean;
}

/** Reads a namespace; undefined where it has no name. */
export function readNamespace({ metadata }: RawObject): NamespaceFacts | undefined {
  if (metadata?.name === undefined) return undefined;
  const { name, uid = "", labels = {}, deletionTimestamp } = metadata;
  return {
    name,
    uid,
    isOptedIn: labels[keys.inject.key] === "enabled" || labels[keys.enforce.key] === "required",
    isLeaving: deletionTimestamp !== undefined,
  };
}

/** Namespaces that nobody injects into. */
export function listSystemNamespaces(own: string, further: readonly string[]): ReadonlySet<string> {
  return new Set(["kube-system", "kube-public", "kube-node-lease", own, ...further]);
}

/** Namespaces with injected pods, or with servers that sleep: their pods come back, and are to find everything as they left it. */
export function listInjected(pods: readonly InjectedPod[], asleep: readonly AsleepFacts[]): ReadonlySet<string> {
  const sleeping = asleep.flatMap(({ identity }) => (identity.ok ? [identity.value.namespace] : []));
  return new Set([...pods.map(({ namespace }) => namespace), ...sleeping]);
}

/** What {@link findGuarded} looks at. `withInjected`: namespaces of injected pods. */
export interface GuardedInput {
  readonly namespaces: readonly NamespaceFacts[];
  readonly withInjected: ReadonlySet<string>;
  readonly system: ReadonlySet<string>;
}

/** The namespaces that get policy and isolation: those that are opted in, and those that hold injected pods all the same. */
export function findGuarded({ namespaces, withInjected, system }: GuardedInput): readonly NamespaceFacts[] {
  return namespaces.filter(
    ({ name, isOptedIn, isLeaving }) => !isLeaving && !system.has(name) && (isOptedIn || withInjected.has(name)),
  );
}
