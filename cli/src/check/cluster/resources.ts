/** The kinds that only the check reads, and the labels by which the chart's objects are found. */
import type { RawObject, Resource } from "@outrigger/kube";

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

/** Deployment, `apps/v1`. */
export interface RawDeployment extends RawObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number };
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

/** Service, `v1`. */
export interface RawService extends RawObject {
  readonly spec?: { readonly ports?: readonly { readonly name?: string; readonly port?: number }[] };
}

const define = <O extends RawObject>(resource: Resource<O>): Resource<O> => resource;

/** The kinds. */
export const kinds = {
  nodes: define<RawNode>({ group: "", version: "v1", plural: "nodes", kind: "Node" }),
  services: define<RawService>({ group: "", version: "v1", plural: "services", kind: "Service" }),
  deployments: define<RawDeployment>({ group: "apps", version: "v1", plural: "deployments", kind: "Deployment" }),
  configurations: define<RawConfiguration>({
    group: "admissionregistration.k8s.io",
    version: "v1",
    plural: "mutatingwebhookconfigurations",
    kind: "MutatingWebhookConfiguration",
  }),
} as const;
