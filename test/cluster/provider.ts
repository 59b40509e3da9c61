/** What a cluster for tests is: one interface, whoever brings it. Decides nothing about which one is taken. */
import type { Progress } from "./progress.ts";

/** Names of the providers, as `OUTRIGGER_CLUSTER_PROVIDER` takes them. */
export type ProviderName = "existing" | "local" | "k3s";

/** Environment variables, as the process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a provider can be used here; `reason` is one sentence for whoever wants to change that. */
export type Availability = { readonly isAvailable: true } | { readonly isAvailable: false; readonly reason: string };

/** What tests may count on. */
export interface ClusterCapabilities {
  /** Who turns NetworkPolicy objects into rules; `unknown` where nobody told us. */
  readonly networkPolicy: string;
  /** `direct`: pod and Service addresses answer to this machine; `none`: they have to be asked from inside a pod. */
  readonly podAccess: "direct" | "none";
  /** `commands`: {@link ClusterProvider.runOnNode} works. */
  readonly nodeAccess: "commands" | "none";
  /** `imported`: archives made here get onto the nodes; `elsewhere`: somebody has put them there or into a registry. */
  readonly images: "imported" | "elsewhere";
  /** File with the API server's audit events about Secrets since its start, one per line; undefined where nobody writes one. */
  readonly secretsAudit: string | undefined;
}

/** One process of the cluster. */
export interface ProcessStatus {
  readonly name: string;
  readonly pid: number;
  readonly cpuSeconds: number;
  /** Proportional set size: pages that processes share are counted once over all. */
  readonly pssBytes: number;
}

/** What `status` shows. Versions are keyed by the name of the part, in the order of showing. */
export interface ClusterStatus {
  readonly state: string;
  readonly versions: ReadonlyMap<string, string>;
  /** Absent where the processes are not this machine's. `pssBytes` also counts the processes of pods. */
  readonly memory?: { readonly pssBytes: number; readonly processes: number };
  /** The cluster's own processes, without those of pods. */
  readonly processes: readonly ProcessStatus[];
}

/** Brings a cluster and takes it away. Methods reject with a sentence that says what to do next. */
export interface ClusterProvider {
  readonly name: ProviderName;
  readonly capabilities: ClusterCapabilities;
  /** Path of the administrator's kubeconfig; the file is there while the cluster is up. */
  readonly kubeconfig: string;
  /** Looks only: starts, installs and pulls nothing. */
  readonly checkAvailable: () => Promise<Availability>;
  readonly isUp: () => Promise<boolean>;
  /** Ends with a Ready node and DNS answering. Cleans up what an earlier start left half done. */
  readonly up: (progress: Progress) => Promise<void>;
  /** Takes away what `up` made, and nothing else. Rejects when something stays. */
  readonly down: (progress: Progress) => Promise<void>;
  /** Makes image archives known to every node. */
  readonly loadImages: (tars: readonly string[]) => Promise<void>;
  readonly readStatus: () => Promise<ClusterStatus>;
  /** Runs a command on the node with this process's streams, and gives its exit code. */
  readonly runOnNode: (command: readonly string[]) => Promise<number>;
}
