/** What a chaos run needs of an API server: pods as a cluster would write them, and the ways in which it can be away. */
import { keys } from "@outrigger/api/keys";

/** A pod with a sidecar, as far as discovery reads it. `port` is where its sidecar takes calls. */
export interface PodFacts {
  readonly name: string;
  readonly server: string;
  readonly host: string;
  readonly port: number;
  readonly isReady: boolean;
}

/** An API server. What is written while it is away is refused, as by any. */
export interface ApiServer {
  /** Flags and environment by which an aggregator finds it. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Writes a pod as it is now; one of a new name is a new pod. */
  readonly putPod: (pod: PodFacts) => Promise<void>;
  readonly removePod: (name: string) => Promise<void>;
  /** It answers nothing more, and says so to nobody. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** It is gone with its store's process, until it is started again. */
  readonly kill: () => Promise<void>;
  /** `store`: as it was, or a new one without any pod and with younger versions, as after a restore from an early backup. */
  readonly start: (store: "same" | "new") => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The namespace of all pods of a run. */
export const podNamespace = "tools";

/** What the webhook and the workload's author have written. */
export function describePod({ name, server, port }: PodFacts) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: podNamespace,
      labels: { [keys.injected.key]: "true", [keys.server.key]: server },
      annotations: { [keys.endpoint.key]: `${port}/mcp` },
    },
    spec: { containers: [{ name: "app", image: `registry.example/${server}:1` }] },
  };
}

/** What a kubelet has written. */
export function describeStatus({ host, isReady }: PodFacts) {
  const conditions = [{ type: "Ready", status: isReady ? "True" : "False" }];
  return { phase: "Running", podIP: host, podIPs: [{ ip: host }], conditions };
}
