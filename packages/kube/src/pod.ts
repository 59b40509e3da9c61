/** A pod as the API server sends it, as far as readers rely on it. */
import type { RawObject } from "./object.ts";

/** A port that a container declares. */
export interface RawContainerPort {
  readonly name?: string;
  readonly containerPort?: number;
  readonly protocol?: string;
}

/** A container: name, image, what replaces the image's program, ports and the variables that are set to a literal value. */
export interface RawContainer {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly ports?: readonly RawContainerPort[];
  readonly env?: readonly { readonly name?: string; readonly value?: string }[];
}

/** Raw pod, `v1`. */
export interface RawPod extends RawObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly containers?: readonly RawContainer[];
    readonly initContainers?: readonly RawContainer[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip?: string }[];
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}
