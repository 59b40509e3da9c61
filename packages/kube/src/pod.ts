/**
 * A pod as the API server sends it, as far as readers rely on it. Everything is optional: raw JSON is a claim, not a fact.
 * Unknown members are neither named nor kept; whoever reads a pod picks what it needs and lets the rest go.
 */

/** Name and image of a container. */
export interface RawContainer {
  readonly name?: string;
  readonly image?: string;
}

/** Raw pod, `v1`. Times are RFC 3339. */
export interface RawPod {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly containers?: readonly RawContainer[];
    readonly initContainers?: readonly RawContainer[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type?: string; readonly status?: string }[];
  };
}

/** The identity of a pod in a store: its uid, else `namespace/name`; undefined where it has neither. */
export function readPodKey({ metadata }: RawPod): string | undefined {
  if (metadata?.uid !== undefined) return metadata.uid;
  return metadata?.name === undefined ? undefined : `${metadata.namespace ?? ""}/${metadata.name}`;
}
