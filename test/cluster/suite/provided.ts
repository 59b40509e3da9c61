/** What the set-up tells the tests about the cluster that they run on. It crosses a process border, so it is plain data. */
import type { ClusterCapabilities, ProviderName } from "../provider.ts";

/** The cluster, or why there is none. */
export type ProvidedCluster =
  | {
      readonly ok: true;
      readonly provider: ProviderName;
      readonly kubeconfig: string;
      readonly capabilities: ClusterCapabilities;
    }
  | { readonly ok: false; readonly reasons: readonly string[] };

declare module "vitest" {
  // The interface is vitest's own, made to be extended.
  interface ProvidedContext {
    readonly cluster: ProvidedCluster;
  }
}
