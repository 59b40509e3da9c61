/** Namespaces, and which of them are ours to guard. Pure. */
import { keys } from "@outrigger/api/keys";
import type { RawObject } from "@outrigger/kube";

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

/** What {@link findGuarded} looks at. `withInjected`: namespaces in which injected pods run. */
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
