/**
 * Objects as the API server sends them, as far as readers rely on them. Everything is optional: raw JSON is a claim, not a
 * fact. Unknown members are neither named nor kept; whoever reads an object picks what it needs and lets the rest go.
 */

/** Who made an object. `controller` marks the one that manages it. */
export interface RawOwner {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

/** What every object has. Times are RFC 3339. */
export interface RawMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly RawOwner[];
  readonly managedFields?: readonly { readonly manager?: string }[];
}

/** Any object; the shapes below say more. */
export interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: RawMetadata;
}

/** ConfigMap, `v1`. */
export interface RawConfigMap extends RawObject {
  readonly data?: Readonly<Record<string, string>>;
  /** Values are base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** Secret, `v1`. The values of `data` are base64. */
export interface RawSecret extends RawObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** TokenReview, `authentication.k8s.io/v1`: asks the API server whose token it is. Without `audiences` in its answer nobody looked at them. */
export interface RawTokenReview extends RawObject {
  readonly spec?: { readonly token: string; readonly audiences: readonly string[] };
  readonly status?: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[];
    readonly error?: string;
    readonly user?: {
      readonly username?: string;
      readonly groups?: readonly string[];
      readonly extra?: Readonly<Record<string, readonly string[]>>;
    };
  };
}

/** EndpointSlice, `discovery.k8s.io/v1`. `conditions` that are absent are unknown, which readers take for yes. */
export interface RawEndpointSlice extends RawObject {
  readonly addressType?: string;
  readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[];
  readonly endpoints?: readonly {
    readonly targetRef?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
    readonly addresses?: readonly string[];
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  }[];
}

/** Lease, `coordination.k8s.io/v1`. Times are RFC 3339 with microseconds. */
export interface RawLease extends RawObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** Deployment or StatefulSet, `apps/v1`, as far as it says how many pods there are. Absent `replicas` are one. */
export interface RawWorkload extends RawObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
  };
}

/** Scale, `autoscaling/v1`: the subresource of workloads. Its version is the workload's. */
export interface RawScale extends RawObject {
  readonly spec?: { readonly replicas?: number };
}

/** One term of a label selector that is more than equality. */
export interface RawSelectorTerm {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

/** A label selector; an empty one selects everything. */
export interface RawSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly RawSelectorTerm[];
}

/** One ingress rule of a network policy. Absent `ports` are all ports, absent `from` is everybody. */
export interface RawIngressRule {
  readonly ports?: readonly {
    readonly port?: number | string;
    readonly endPort?: number;
    readonly protocol?: string;
  }[];
  readonly from?: readonly object[];
}

/** NetworkPolicy, `networking.k8s.io/v1`. */
export interface RawNetworkPolicy extends RawObject {
  readonly spec?: {
    readonly podSelector?: RawSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly RawIngressRule[];
  };
}

/** MutatingWebhookConfiguration and ValidatingWebhookConfiguration, `admissionregistration.k8s.io/v1`. `caBundle` is base64 of PEM. */
export interface RawWebhookConfiguration extends RawObject {
  readonly webhooks?: readonly {
    readonly name?: string;
    readonly clientConfig?: { readonly caBundle?: string };
  }[];
}

/** What an event is about, or who an object belongs to. */
export interface RawReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
}

/** Event, `events.k8s.io/v1`. */
export interface RawEvent extends RawObject {
  readonly eventTime?: string | null;
  /** Set where the event was written in the older form. */
  readonly deprecatedLastTimestamp?: string | null;
  readonly reportingController?: string;
  readonly reportingInstance?: string;
  readonly type?: string;
  readonly reason?: string;
  readonly action?: string;
  readonly note?: string;
  readonly regarding?: RawReference;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
}

/** The identity of an object in a store: its uid, else `namespace/name`; undefined where it has neither. */
export function readObjectKey({ metadata }: RawObject): string | undefined {
  if (metadata?.uid !== undefined) return metadata.uid;
  return metadata?.name === undefined ? undefined : `${metadata.namespace ?? ""}/${metadata.name}`;
}
