/** The kinds of objects that we use, and the paths under which the API server keeps them. */
import type {
  RawConfigMap,
  RawEndpointSlice,
  RawEvent,
  RawLease,
  RawNetworkPolicy,
  RawObject,
  RawSecret,
  RawTokenReview,
  RawWebhookConfiguration,
  RawWorkload,
} from "./object.ts";
import type { RawPod } from "./pod.ts";

/**
 * One kind of object. `group` is empty for the core group. `shape` is never there: it tells the compiler what the raw
 * JSON claims to be.
 */
export interface Resource<O extends RawObject = RawObject> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly shape?: O;
}

const core = { group: "", version: "v1" } as const;
const apps = { group: "apps", version: "v1" } as const;
const define = <O extends RawObject>(resource: Resource<O>): Resource<O> => resource;

/** The kinds that we use. */
export const resources = {
  pods: define<RawPod>({ ...core, plural: "pods", kind: "Pod" }),
  namespaces: define({ ...core, plural: "namespaces", kind: "Namespace" }),
  services: define({ ...core, plural: "services", kind: "Service" }),
  configMaps: define<RawConfigMap>({ ...core, plural: "configmaps", kind: "ConfigMap" }),
  secrets: define<RawSecret>({ ...core, plural: "secrets", kind: "Secret" }),
  events: define<RawEvent>({ group: "events.k8s.io", version: "v1", plural: "events", kind: "Event" }),
  endpointSlices: define<RawEndpointSlice>({
    group: "discovery.k8s.io",
    version: "v1",
    plural: "endpointslices",
    kind: "EndpointSlice",
  }),
  leases: define<RawLease>({ group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease" }),
  networkPolicies: define<RawNetworkPolicy>({
    group: "networking.k8s.io",
    version: "v1",
    plural: "networkpolicies",
    kind: "NetworkPolicy",
  }),
  mutatingWebhookConfigurations: define<RawWebhookConfiguration>({
    group: "admissionregistration.k8s.io",
    version: "v1",
    plural: "mutatingwebhookconfigurations",
    kind: "MutatingWebhookConfiguration",
  }),
  validatingWebhookConfigurations: define<RawWebhookConfiguration>({
    group: "admissionregistration.k8s.io",
    version: "v1",
    plural: "validatingwebhookconfigurations",
    kind: "ValidatingWebhookConfiguration",
  }),
  deployments: define<RawWorkload>({ ...apps, plural: "deployments", kind: "Deployment" }),
  statefulSets: define<RawWorkload>({ ...apps, plural: "statefulsets", kind: "StatefulSet" }),
  replicaSets: define({ ...apps, plural: "replicasets", kind: "ReplicaSet" }),
  tokenReviews: define<RawTokenReview>({
    group: "authentication.k8s.io",
    version: "v1",
    plural: "tokenreviews",
    kind: "TokenReview",
  }),
  jobs: define({ group: "batch", version: "v1", plural: "jobs", kind: "Job" }),
} as const;

/** Where an object or a set of objects is. Without `namespace`: cluster-wide; without `name`: all of them. */
export interface Place {
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** The path of a place, without a query. */
export function pathOf(resource: Resource, { namespace, name, subresource }: Place = {}): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const parts = [
    ...(namespace === undefined ? [] : ["namespaces", namespace]),
    resource.plural,
    ...(name === undefined ? [] : [name]),
    ...(name === undefined || subresource === undefined ? [] : [subresource]),
  ];
  return `${root}/${parts.map(encodeURIComponent).join("/")}`;
}

/** How the objects of a kind name their version: `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}
