/** Asks a real API server what it makes of pods, in namespaces that are made as they are needed, with what admission looks up. */
import { readObject, readText } from "../../../../webhook/src/inject/read/json.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import type { Manifest } from "../manifest.ts";
import type { PodFacts, Product } from "./product.ts";

/** A pod as it is stored, or why it is not taken. */
export interface Answer {
  readonly pod?: Pod;
  readonly refusal?: string;
}

/** A pod as the API server gives it back. */
export type Pod = PodFacts & { readonly apiVersion: string; readonly kind: string };

/** The namespace that a pod is sent to. */
export interface Place {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What the tests ask for. */
export interface AdmissionClient {
  /** Makes the classes and accounts that pods name. */
  readonly prepare: (pods: readonly unknown[]) => Promise<void>;
  /** Sends a pod with dry run. */
  readonly send: (pod: unknown, place: Place) => Promise<Answer>;
  /** A stored pod as somebody would send it again. */
  readonly forget: (pod: Pod) => unknown;
  /** The pod where it does not ask for the sidecar. */
  readonly unlabel: (pod: unknown) => unknown;
  /** Runs tasks, eight at a time, and gives what they give. */
  readonly inRows: <T, R>(items: readonly T[], task: (item: T) => Promise<R>) => Promise<readonly R[]>;
  readonly clean: () => Promise<void>;
}

const setByTheServer = ["uid", "namespace", "resourceVersion", "generation", "creationTimestamp", "managedFields"];

/** Creates the client. */
export function createAdmissionClient(product: Product): AdmissionClient {
  const namespaces = new Map<string, Promise<string>>();
  const classes: string[] = [];
  const accounts = new Set<string>();
  const create = async (path: string, body: object): Promise<boolean> =>
    sendToCluster(product.kubeconfig, { method: "POST", path, body }).then(
      () => true,
      (error: unknown) => {
        // Somebody else's, who needs it still.
        if (/answers 409/.test(String(error))) return false;
        throw error;
      },
    );
  const open = async ({ labels, annotations }: Place): Promise<string> => {
    const name = await product.makeNamespace(labels, annotations);
    for (const account of accounts)
      await create(`/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: account } });
    return name;
  };
  const find = (place: Place): Promise<string> => {
    const key = JSON.stringify(place);
    const opened = namespaces.get(key) ?? open(place);
    namespaces.set(key, opened);
    return opened;
  };
  return {
    prepare: async (pods) => {
      const specs = pods.map((pod) => readObject(pod, "spec"));
      for (const spec of specs) accounts.add(readText(spec, "serviceAccountName") ?? "default");
      accounts.delete("default");
      for (const object of specs.flatMap(listClasses))
        if (await create(object.path, object.body)) classes.push(`${object.path}/${object.body.metadata.name}`);
    },
    send: async (pod, place) => {
      const namespace = await find(place);
      const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
      const body = { apiVersion: "v1", kind: "Pod", ...(pod as object) };
      return sendToCluster(product.kubeconfig, { method: "POST", path, body }).then(
        (text) => ({ pod: JSON.parse(text) as Pod }),
        (error: unknown) => ({ refusal: String(error) }),
      );
    },
    forget: ({ apiVersion, kind, metadata, spec }) => {
      const known = Object.entries(metadata).filter(([key]) => !setByTheServer.includes(key));
      return { apiVersion, kind, metadata: Object.fromEntries(known), spec };
    },
    unlabel: (pod) => ({ ...(pod as object), metadata: { ...readObject(pod, "metadata"), labels: {} } }),
    inRows: async (items, task) => {
      const results = new Map<number, Awaited<ReturnType<typeof task>>>();
      const rest = [...items.entries()];
      const row = async (): Promise<void> => {
        for (let next = rest.shift(); next !== undefined; next = rest.shift())
          results.set(next[0], await task(next[1]));
      };
      await Promise.all(Array.from({ length: 8 }, row));
      return [...results].sort(([one], [other]) => one - other).map(([, result]) => result);
    },
    clean: async () => {
      for (const path of classes) await product.remove(path);
    },
  };
}

interface Class {
  readonly path: string;
  readonly body: Pick<Manifest, "metadata"> & Readonly<Record<string, unknown>>;
}

/** The classes that a pod's spec names. Those of the system are there already. */
function listClasses(spec: object): readonly Class[] {
  const priority = readText(spec, "priorityClassName");
  const runtime = readText(spec, "runtimeClassName");
  const path = (group: string, kind: string): string => `/apis/${group}/v1/${kind}`;
  return [
    ...(priority === undefined || priority.startsWith("system-")
      ? []
      : [
          {
            path: path("scheduling.k8s.io", "priorityclasses"),
            body: { metadata: { name: priority }, value: 1_000, preemptionPolicy: "Never" },
          },
        ]),
    ...(runtime === undefined
      ? []
      : [{ path: path("node.k8s.io", "runtimeclasses"), body: { metadata: { name: runtime }, handler: runtime } }]),
  ];
}
