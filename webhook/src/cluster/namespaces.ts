/**
 * The namespaces of the cluster by watch. One that was made a moment ago may not be known yet: its first pods wait for it a
 * little, since its annotations may narrow what they are allowed.
 */
import { keyPrefix } from "@outrigger/api/keys";
import { resources, type ObjectWatch } from "@outrigger/kube";
import { readObject, readText, type JsonObject } from "../inject/read/json.ts";
import type { NamespaceFacts } from "../inject/registration.ts";
import type { NamespaceSource } from "../server/namespaces.ts";
import { watch, type ClusterContext } from "./context.ts";

/** How long a pod of an unknown namespace waits, in ms; the API server itself waits for seconds. */
const defaultWaitMs = 500;

/** A source over a watch. */
export interface WatchedNamespaces extends Pick<ObjectWatch<unknown>, "isSynced" | "stop"> {
  readonly source: NamespaceSource;
}

/** Starts watching all namespaces. */
export function watchNamespaces(context: ClusterContext, waitMs = defaultWaitMs): WatchedNamespaces {
  let index: ReadonlyMap<string, NamespaceFacts> | undefined;
  const looking = new Set<() => void>();
  const { list, isSynced, stop } = watch(context, "namespaces", {
    resource: resources.namespaces,
    read: ({ metadata }) => [readText(metadata, "name") ?? "", readFacts(metadata)] as const,
    onChange: () => {
      index = undefined;
      for (const look of [...looking]) look();
    },
  });
  const lookUp = (name: string): NamespaceFacts | undefined => {
    index ??= new Map(list());
    return index.get(name);
  };
  const waitFor = (name: string): Promise<NamespaceFacts | undefined> =>
    new Promise((resolve) => {
      const finish = (facts: NamespaceFacts | undefined): void => {
        clearTimeout(timer);
        looking.delete(look);
        resolve(facts);
      };
      const look = (): void => {
        const facts = lookUp(name);
        if (facts !== undefined) finish(facts);
      };
      const timer = setTimeout(() => finish(lookUp(name)), waitMs);
      looking.add(look);
    });
  const find = (name: string): Promise<NamespaceFacts | undefined> => {
    const facts = lookUp(name);
    return facts === undefined ? waitFor(name) : Promise.resolve(facts);
  };
  return { source: { find }, isSynced, stop };
}

/** Ours alone: a cluster has many namespaces, and their other annotations can be long. */
function readFacts(metadata: unknown): NamespaceFacts {
  const keepOurs = (given: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(given).filter(([key]) => key.startsWith(keyPrefix)));
  return {
    labels: keepOurs(readObject(metadata, "labels")),
    annotations: keepOurs(readObject(metadata, "annotations")),
  };
}
