/**
 * What the operator sees of the cluster, kept up to date by watches. It runs on every replica, so that a new leader starts from
 * full knowledge. Decides nothing: it says what is there and that something changed.
 */
import { asleepObject } from "@outrigger/api/asleep";
import { bundleObject } from "@outrigger/api/cluster-objects";
import { keys } from "@outrigger/api/keys";
import {
  createNamedNamespaces,
  createObjects,
  resources,
  watchObjects,
  type ApiFailure,
  type BackoffBounds,
  type ClusterAccess,
  type ObjectWatch,
  type RawObject,
  type Resource,
} from "@outrigger/kube";
import { readRefusal, type RefusalFacts } from "../events/read-refusal.ts";
import { readMissedPod, type MissedPod } from "../events/read-missed.ts";
import { watchByNamespace } from "./watch-by-namespace.ts";
import { readInjectedPod, type InjectedPod } from "./injected-pod.ts";
import { readNamespace, type NamespaceFacts } from "./namespaces.ts";
import { readNetworkPolicy, type NetworkPolicyFacts } from "./network-policy.ts";
import {
  readAsleepObject,
  readBundleObject,
  readPublishedKeys,
  readRegistration,
  registrationKinds,
  type AsleepFacts,
  type BundleFacts,
  type RegistrationFacts,
} from "./own-objects.ts";
import { createWorkloadReader, type WorkloadFacts } from "./workload.ts";

/** What can change. */
export const topics = [
  "namespaces",
  "pods",
  "missed",
  "policies",
  "bundles",
  "trust",
  "entries",
  "refusals",
  "deployments",
  "statefulsets",
  "asleep",
] as const;

export type Topic = (typeof topics)[number];

/** The cluster as it was seen last. */
export interface ClusterView {
  readonly namespaces: () => readonly NamespaceFacts[];
  readonly pods: () => readonly InjectedPod[];
  /** Pods that ask for the sidecar by their own label, or live where it is injected, and do not have it. */
  readonly missed: () => readonly MissedPod[];
  readonly policies: () => readonly NetworkPolicyFacts[];
  readonly bundles: () => readonly BundleFacts[];
  /** The public keys as they are published; undefined where they are not. */
  readonly publishedKeys: () => string | undefined;
  /** The webhook configurations that exist, one of a kind. */
  readonly registrations: () => readonly RegistrationFacts[];
  readonly refusals: () => readonly RefusalFacts[];
  /** Workloads that may sleep. */
  readonly workloads: () => readonly WorkloadFacts[];
  /** Servers that sleep. */
  readonly asleep: () => readonly AsleepFacts[];
  /** True once all of these were listed completely; before that, what is missing may only not have been seen yet. */
  readonly isSynced: (topics: readonly Topic[]) => boolean;
}

/** Where to look, and who hears of what. */
export interface ClusterWatchOptions {
  readonly access: ClusterAccess;
  readonly ownNamespace: string;
  readonly trustName: string;
  /** Undefined: whom API servers trust is somebody else's. */
  readonly webhookConfiguration: string | undefined;
  /** Whether servers may sleep; if not, neither they nor their workloads are looked at. */
  readonly sleep: "enabled" | "disabled";
  /** Namespaces to be limited to: only there is anything looked at, beside the own one. Empty: all. */
  readonly only: readonly string[];
  readonly onChange: (topic: Topic) => void;
  readonly onFailure: (topic: Topic, failure: ApiFailure) => void;
  readonly onHandlerError: (error: unknown) => void;
  readonly backoff?: BackoffBounds;
}

/** A view with its end. */
export interface ClusterWatches extends ClusterView {
  readonly stop: () => Promise<void>;
}

interface Selected<O extends RawObject, T> {
  readonly resource: Resource<O>;
  readonly read: (object: O) => T;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly namespaces?: readonly string[];
}

const injected = `${keys.injected.key}=true`;
const notInjected = `${keys.injected.key}!=true`;
const asksItself = `${keys.inject.key}=enabled,${notInjected}`;

/** How late a change of a namespace's labels may be seen where it has to be asked for, ms. */
const askEveryMs = 5_000;

/** Starts all watches. */
export function watchCluster(options: ClusterWatchOptions): ClusterWatches {
  const { access, ownNamespace, trustName, only, onChange, onFailure, onHandlerError, backoff } = options;
  const started = new Map<Topic, ObjectWatch<unknown>>();
  const open = <O extends RawObject, T>(topic: Topic, selected: Selected<O, T>): ObjectWatch<T> =>
    watchObjects({
      access,
      namespaces: only,
      ...selected,
      onChange: () => onChange(topic),
      onFailure: (failure) => onFailure(topic, failure),
      onHandlerError,
      ...(backoff === undefined ? {} : { backoff }),
    });
  const start = <O extends RawObject, T>(topic: Topic, selected: Selected<O, T>): ObjectWatch<T> => {
    const watch = open(topic, selected);
    started.set(topic, watch);
    return watch;
  };
  const own = { namespaces: [ownNamespace] };
  const { webhookConfiguration: name } = options;
  const namespaces = openNamespaces(options, () => {
    dwelling.keep(listOptedIn(namespaces));
    onChange("namespaces");
  });
  started.set("namespaces", namespaces);
  // All pods of a large cluster would be a great many; those of opted-in namespaces are few.
  const dwelling = watchByNamespace((namespace) =>
    open("missed", {
      resource: resources.pods,
      labelSelector: notInjected,
      read: readMissedPod,
      namespaces: [namespace],
    }),
  );
  const pods = start("pods", { resource: resources.pods, labelSelector: injected, read: readInjectedPod });
  const asking = start("missed", { resource: resources.pods, labelSelector: asksItself, read: readMissedPod });
  const policies = start("policies", { resource: resources.networkPolicies, read: readNetworkPolicy });
  const bundles = start("bundles", {
    resource: resources.configMaps,
    labelSelector: `${bundleObject.label}=${bundleObject.labelValue}`,
    read: readBundleObject,
    ...own,
  });
  const trust = start("trust", {
    resource: resources.configMaps,
    fieldSelector: `metadata.name=${trustName}`,
    read: readPublishedKeys,
    ...own,
  });
  const refusals = start("refusals", {
    resource: resources.events,
    fieldSelector: "reason=FailedCreate",
    read: readRefusal,
  });
  const registrations = name === undefined ? undefined : watchRegistrations(open, name);
  if (registrations !== undefined) started.set("entries", registrations);
  const sleeping = options.sleep === "enabled" ? watchSleeping(start, ownNamespace) : nobodySleeps;
  return {
    ...sleeping,
    namespaces: () => present(namespaces),
    pods: () => present(pods),
    missed: () => [...new Map([...present(asking), ...dwelling.list()].map((pod) => [pod.uid, pod])).values()],
    policies: () => present(policies),
    bundles: () => present(bundles),
    publishedKeys: () => trust.list()[0],
    registrations: () => registrations?.list() ?? [],
    refusals: () => present(refusals),
    isSynced: (topics) => topics.every((topic) => started.get(topic)?.isSynced() ?? true),
    stop: async () => {
      await Promise.all([...[...started.values()].map((watch) => watch.stop()), dwelling.stop()]);
    },
  };
}

type Open = Start;

/** The configurations of all kinds as one. */
function watchRegistrations(open: Open, name: string): ObjectWatch<RegistrationFacts> {
  const watches = registrationKinds.map((resource) =>
    open("entries", {
      resource,
      fieldSelector: `metadata.name=${name}`,
      read: (configuration) => readRegistration(resource, configuration),
      namespaces: [],
    }),
  );
  return {
    list: () => watches.flatMap((watch) => watch.list()),
    isSynced: () => watches.every((watch) => watch.isSynced()),
    stop: async () => {
      await Promise.all(watches.map((watch) => watch.stop()));
    },
  };
}

type Start = <O extends RawObject, T>(topic: Topic, selected: Selected<O, T>) => ObjectWatch<T>;

const nobodySleeps: Pick<ClusterView, "workloads" | "asleep"> = { workloads: () => [], asleep: () => [] };

function watchSleeping(start: Start, ownNamespace: string): Pick<ClusterView, "workloads" | "asleep"> {
  const deployments = start("deployments", {
    resource: resources.deployments,
    read: createWorkloadReader("Deployment"),
  });
  const statefulSets = start("statefulsets", {
    resource: resources.statefulSets,
    read: createWorkloadReader("StatefulSet"),
  });
  const asleep = start("asleep", {
    resource: resources.configMaps,
    labelSelector: `${asleepObject.label}=${asleepObject.labelValue}`,
    read: readAsleepObject,
    namespaces: [ownNamespace],
  });
  return {
    workloads: () => [...present(deployments), ...present(statefulSets)],
    asleep: () => present(asleep),
  };
}

/** By watch, or, where Roles are all there is, by name. */
function openNamespaces(
  { access, only, onFailure, onHandlerError, backoff }: ClusterWatchOptions,
  onChange: () => void,
): ObjectWatch<NamespaceFacts | undefined> {
  const parts = {
    read: readNamespace,
    onChange,
    onFailure: (failure: ApiFailure): void => onFailure("namespaces", failure),
  };
  if (only.length > 0) {
    const objects = createObjects(access, { attempts: 1 });
    // A Role that is not there yet must not look like a namespace that is gone.
    const named = createNamedNamespaces({ ...parts, objects, everyMs: askEveryMs, forbidden: "unanswered" });
    named.keep(only);
    named.start();
    return named;
  }
  return watchObjects({
    ...parts,
    access,
    resource: resources.namespaces,
    onHandlerError,
    ...(backoff === undefined ? {} : { backoff }),
  });
}

function listOptedIn(namespaces: ObjectWatch<NamespaceFacts | undefined>): readonly string[] {
  return present(namespaces).flatMap(({ name, isOptedIn, isLeaving }) => (isOptedIn && !isLeaving ? [name] : []));
}

function present<T>(watch: ObjectWatch<T | undefined>): readonly T[] {
  return watch.list().filter((item) => item !== undefined);
}
