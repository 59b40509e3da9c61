/** What is known of the place that a pod goes to, besides the configuration. Data only; in a cluster it comes from watches. */
import type { NamespaceFacts } from "./registration.ts";

/** What an installation in a cluster says about policy. */
export interface InstallationState {
  /** The public keys that sign policy, as the text of a JWK Set. Absent where policy is not signed: outside a cluster. */
  readonly trustKeys?: string;
  /** The signed policy of the pod's namespace, a compact JWS. Absent where there is none (yet). */
  readonly bundle?: string;
}

/** What {@link admit} is told about a pod's surroundings. Undefined members are not known (yet), and nothing is injected then. */
export interface Surroundings {
  readonly namespace: NamespaceFacts | undefined;
  readonly installation: InstallationState | undefined;
}
