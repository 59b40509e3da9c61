/** What the check knows of the cluster before it judges: plain data, read in cluster/, judged in findings/. */
import type { Enforced } from "@outrigger/api/enforced";
import type { Look } from "./look.ts";

/** The installation: its namespace, the name that its objects begin with, the Helm release, the version of its chart. */
export interface Release {
  readonly namespace: string;
  readonly name: string;
  readonly instance: string;
  readonly version: string;
}

/** A node. */
export interface NodeFacts {
  readonly name: string;
  readonly kubelet: string;
}

/** A Deployment of the installation. */
export interface ProgramFacts {
  readonly component: string;
  readonly name: string;
  readonly version: string;
  readonly wanted: number;
  readonly ready: number;
}

/** A running pod of the installation. */
export interface ProgramPod {
  readonly component: string;
  readonly name: string;
  readonly version: string;
  readonly image: string;
}

/** An entry of the webhook configuration. `caBundle` is PEM; empty where nobody is trusted. */
export interface EntryFacts {
  readonly name: string;
  readonly failurePolicy: string;
  readonly caBundle: string;
}

/** The certificate that the webhook serves, and whether an API server would take it. */
export interface ServedCertificate {
  readonly trusted: boolean;
  /** Why it is not trusted; empty where it is. */
  readonly fault: string;
  /** Unix epoch ms. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The operator's Lease. Times in Unix epoch ms. */
export interface LeaseFacts {
  readonly name: string;
  readonly holder: string;
  readonly renewedMs: number;
  readonly holdsMs: number;
}

/** What the webhook would put into a pod now. */
export interface CurrentSidecar {
  readonly image: string;
  readonly version: string;
}

/** A pod with the sidecar. `denied`: tools that an annotation of it denies by their full names. */
export interface InjectedPod {
  readonly namespace: string;
  readonly name: string;
  readonly server: string;
  readonly image: string;
  readonly version: string;
  readonly enforced: Enforced | undefined;
  readonly denied: readonly string[];
}

/** A pod that should have the sidecar and lacks it, with the reason as far as the objects say it. */
export interface MissedPod {
  readonly namespace: string;
  readonly name: string;
  readonly why: string;
}

/** A controller whose pods the webhook refused, or could not be asked about. `at`: Unix epoch ms. */
export interface RefusedPod {
  readonly namespace: string;
  readonly controller: string;
  readonly note: string;
  readonly atMs: number;
}

/** A server as the aggregator knows it. */
export interface ServerFacts {
  readonly namespace: string;
  readonly name: string;
  readonly state: string;
  readonly reason: string;
  readonly message: string;
  readonly tools: number;
}

/** What the aggregator knows. `faults`: a sentence for each place where it can't look for servers now. */
export interface KnownServers {
  readonly servers: readonly ServerFacts[];
  readonly faults: readonly string[];
}

/** The cluster, as far as it could be seen. Members that may be absent were left out on purpose: see `--namespaces`. */
export interface Facts {
  /** The API server's own clock where it tells, Unix epoch ms. */
  readonly nowMs: number;
  readonly release: Release;
  readonly programs: Look<readonly ProgramFacts[]>;
  readonly programPods: Look<readonly ProgramPod[]>;
  readonly entries?: Look<readonly EntryFacts[]>;
  readonly certificate?: Look<ServedCertificate>;
  readonly lease: Look<LeaseFacts>;
  readonly sidecar: Look<CurrentSidecar>;
  readonly injected: Look<readonly InjectedPod[]>;
  readonly missed: Look<readonly MissedPod[]>;
  readonly refused: Look<readonly RefusedPod[]>;
  readonly known: Look<KnownServers>;
}
