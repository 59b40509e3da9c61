/**
 * The namespaces of the cluster by watch, or, where Roles are all that the webhook has, by the names of those that have a policy.
 * One that was made a moment ago may not be known yet: its first pods wait for it a little, since its annotations may narrow what
 * they are allowed.
 */
import { keyPrefix } from "@outrigger/api/keys";
import {
  createNamedNamespaces,
  createObjects,
  resources,
  type NamedNamespaces,
  type ObjectWatch,
  type RawObject,
} from "@outrigger/kube";
import { readObject, readText, type JsonObject } from "../inject/read/json.ts";
import type { NamespaceFacts } from "../inject/registration.ts";
import type { NamespaceSource } from "../server/namespaces.ts";
import { watch, type ClusterContext } from "./context.ts";

/** How long a pod of an unknown namespace waits, in ms; the API server itself waits for seconds. */
const defaultWaitMs = 500;

/** How late a change of a namespace may be seen where it has to be asked for, in ms. */
const askEveryMs = 5_000;

/** A source over a watch. */
export interface WatchedNamespaces extends Pick<ObjectWatch<unknown>, "isSynced" | "stop"> {
  readonly source: NamespaceSource;
  /** The namespaces that have a policy: those that are asked for where not all may be listed. */
  readonly keep: NamedNamespaces<unknown>["keep"];
}

/** Starts watching all namespaces; where that is forbidden, asks for those that it is told of. */
export function watchNamespaces(context: ClusterContext, waitMs = defaultWaitMs): WatchedNamespaces {
  let index: ReadonlyMap<string, NamespaceFacts> | undefined;
  let isForbidden = false;
  const looking = new Set<() => void>();
  const lookAgain = (): void => {
    index = undefined;
    for (const look of [...looking]) look();
  };
  const named = createNamedNamespaces({
    objects: createObjects(context.access, { attempts: 1 }),
    everyMs: askEveryMs,
    read: ({ metadata }: RawObject) => readFacts(metadata),
    // One that may not be read keeps nobody from knowing the others.
    forbidden: "absent",
    onChange: lookAgain,
  });
  const all = watch(context, "namespaces", {
    resource: resources.namespaces,
    read: ({ metadata }) => [readText(metadata, "name") ?? "", readFacts(metadata)] as const,
    onChange: () => {
      isForbidden = false;
      lookAgain();
    },
    onForbidden: (problem) => {
      // Told once: it is how this installation is meant, or a ClusterRole that somebody took away.
      if (!isForbidden) context.onFailure("namespaces", problem);
      isForbidden = true;
      named.start();
    },
  });
  const lookUp = (name: string): NamespaceFacts | undefined => {
    index ??= new Map(all.list());
    return (isForbidden ? named.get(name) : undefined) ?? index.get(name);
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
  return {
    source: { find },
    keep: named.keep,
    isSynced: () => all.isSynced() || named.isSynced(),
    stop: async () => {
      await Promise.all([all.stop(), named.stop()]);
    },
  };
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
