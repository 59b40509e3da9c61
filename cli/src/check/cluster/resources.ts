/** The kinds that only the check reads, and the labels by which the chart's objects are found. */
import type { RawContainer, RawObject, RawPod, Resource } from "@outrigger/kube";

/** Labels of the chart's objects. */
export const chartLabels = {
  component: "app.kubernetes.io/component",
  instance: "app.kubernetes.io/instance",
  version: "app.kubernetes.io/version",
} as const;

/** Selects every object of an installation of ours. */
export const partOfOutrigger = "app.kubernetes.io/part-of=outrigger";

/** Node, `v1`. */
export interface RawNode extends RawObject {
  readonly status?: { readonly nodeInfo?: { readonly kubeletVersion?: string } };
}

/** One condition of an object's status. */
export interface RawCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Deployment, `apps/v1`. */
export interface RawDeployment extends RawObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: {
      readonly spec?: { readonly serviceAccountName?: string; readonly containers?: readonly RawContainer[] };
    };
  };
  readonly status?: { readonly readyReplicas?: number; readonly conditions?: readonly RawCondition[] };
}

/** StatefulSet, DaemonSet or CronJob: what of their specs matters is read by the webhook's own decision. */
export type RawTemplated = RawObject & Pick<RawDeployment, "status">;

/** How a container is, as its kubelet says it. */
export interface RawContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: RawTermination;
  };
  readonly lastState?: { readonly terminated?: RawTermination };
}

/** How a container ended. `message` is the end of its log where it wrote no message of its own. */
export interface RawTermination {
  readonly reason?: string;
  readonly exitCode?: number;
  readonly message?: string;
}

/** A pod with what its kubelet says. */
export interface RawServerPod extends RawPod {
  readonly status?: Omit<NonNullable<RawPod["status"]>, "conditions"> & {
    readonly conditions?: readonly RawCondition[];
    readonly containerStatuses?: readonly RawContainerStatus[];
    readonly initContainerStatuses?: readonly RawContainerStatus[];
  };
}

/** MutatingWebhookConfiguration, as far as the check reads it. `caBundle` is base64 of PEM. */
export interface RawConfiguration extends RawObject {
  readonly webhooks?: readonly {
    readonly name?: string;
    readonly failurePolicy?: string;
    readonly clientConfig?: {
      readonly caBundle?: string;
      readonly service?: { readonly namespace?: string; readonly name?: string };
    };
  }[];
}

/** Service, `v1`. `clusterIP` is `None` where clients are given the addresses of the pods. */
export interface RawService extends RawObject {
  readonly spec?: {
    readonly clusterIP?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly {
      readonly name?: string;
      readonly protocol?: string;
      readonly port?: number;
      readonly targetPort?: number | string;
    }[];
  };
}

/** Amounts by the names of resources. */
export type Quantities = Readonly<Record<string, string | number>>;

/** LimitRange, `v1`. */
export interface RawLimitRange extends RawObject {
  readonly spec?: {
    readonly limits?: readonly {
      readonly type?: string;
      readonly min?: Quantities;
      readonly max?: Quantities;
      readonly default?: Quantities;
      readonly defaultRequest?: Quantities;
      readonly maxLimitRequestRatio?: Quantities;
    }[];
  };
}

/** ResourceQuota, `v1`. */
export interface RawQuota extends RawObject {
  readonly spec?: { readonly hard?: Quantities; readonly scopes?: readonly string[]; readonly scopeSelector?: object };
  readonly status?: { readonly used?: Quantities };
}

/** LocalSubjectAccessReview and SubjectAccessReview, `authorization.k8s.io/v1`. */
export interface RawAccessReview extends RawObject {
  readonly spec?: object;
  readonly status?: { readonly allowed?: boolean };
}

const apps = { group: "apps", version: "v1" } as const;
const authorization = { group: "authorization.k8s.io", version: "v1" } as const;
const define = <O extends RawObject>(resource: Resource<O>): Resource<O> => resource;

/** The kinds. */
export const kinds = {
  serverPods: define<RawServerPod>({ group: "", version: "v1", plural: "pods", kind: "Pod" }),
  nodes: define<RawNode>({ group: "", version: "v1", plural: "nodes", kind: "Node" }),
  services: define<RawService>({ group: "", version: "v1", plural: "services", kind: "Service" }),
  deployments: define<RawDeployment>({ ...apps, plural: "deployments", kind: "Deployment" }),
  statefulSets: define<RawTemplated>({ ...apps, plural: "statefulsets", kind: "StatefulSet" }),
  daemonSets: define<RawTemplated>({ ...apps, plural: "daemonsets", kind: "DaemonSet" }),
  cronJobs: define<RawTemplated>({ group: "batch", version: "v1", plural: "cronjobs", kind: "CronJob" }),
  limitRanges: define<RawLimitRange>({ group: "", version: "v1", plural: "limitranges", kind: "LimitRange" }),
  quotas: define<RawQuota>({ group: "", version: "v1", plural: "resourcequotas", kind: "ResourceQuota" }),
  localReviews: define<RawAccessReview>({
    ...authorization,
    plural: "localsubjectaccessreviews",
    kind: "LocalSubjectAccessReview",
  }),
  reviews: define<RawAccessReview>({ ...authorization, plural: "subjectaccessreviews", kind: "SubjectAccessReview" }),
  configurations: define<RawConfiguration>({
    group: "admissionregistration.k8s.io",
    version: "v1",
    plural: "mutatingwebhookconfigurations",
    kind: "MutatingWebhookConfiguration",
  }),
  validatingConfigurations: define<RawConfiguration>({
    group: "admissionregistration.k8s.io",
    version: "v1",
    plural: "validatingwebhookconfigurations",
    kind: "ValidatingWebhookConfiguration",
  }),
} as const;
