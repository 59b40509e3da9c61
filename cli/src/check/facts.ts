/** What the check knows of the cluster before it judges: plain data, read in cluster/, judged in findings/. */
import type { Enforced } from "@outrigger/api/enforced";
import type { NeededRight } from "@outrigger/api/rights";
import type { Owner } from "@outrigger/webhook/inject";
import type { ListedCatalogue } from "../rest.ts";
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

/** A Deployment of the installation. `variables`: its container's environment, as far as it is literal. */
export interface ProgramFacts {
  readonly component: string;
  readonly name: string;
  readonly version: string;
  readonly wanted: number;
  readonly ready: number;
  readonly account: string;
  readonly variables: Readonly<Record<string, string>>;
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

/** What makes a pod's place known, and how it is made anew. No `owner`: nobody makes it again. */
export interface PodPlace {
  readonly namespace: string;
  readonly name: string;
  readonly owner?: Owner;
}

/**
 * Why a pod is not Ready. `cause` is the kubelet's or the scheduler's word where it has one; `isFresh`: it may only be starting.
 * `container` and `hasEnded` say whose log tells more, and of which run.
 */
export interface Unready {
  readonly cause: string;
  readonly message: string;
  readonly isFresh: boolean;
  readonly container?: string;
  readonly hasEnded?: boolean;
}

/** A port of a container. */
export interface PodPort {
  readonly number: number;
  readonly name: string;
}

/** How traffic is led to a server, as its pod's status says: `appPort` is the server's own, none for stdio. */
export interface Wiring {
  readonly mode: string;
  readonly dataPort: number;
  readonly appPort: number | undefined;
}

/** A pod with the sidecar. `denied`: tools that an annotation of it denies by their full names. */
export interface InjectedPod extends PodPlace {
  readonly server: string;
  readonly image: string;
  readonly version: string;
  readonly enforced: Enforced | undefined;
  readonly denied: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly unready: Unready | undefined;
  readonly wiring: Wiring | undefined;
  /** Ports by which a Service may name its target. */
  readonly ports: readonly PodPort[];
  /** Annotations of the pod that narrow which tools there are: key and value. */
  readonly narrowing: readonly string[];
}

/** A pod that should have the sidecar and lacks it, with the reason as far as the objects say it. */
export interface MissedPod extends PodPlace {
  readonly why: string;
  /** True where a new pod of the same kind would be refused, too. */
  readonly isRefused: boolean;
}

/** A label or an annotation that does not do what it is there for. `mend`: the command; empty where only a person knows. */
export interface KeyFault {
  readonly object: string;
  readonly text: string;
  readonly mend: string;
}

/** A workload of a user, and what the webhook would make of its next pods. */
export interface WorkloadFacts {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  /** `asked`: the webhook is asked about its pods; `out`: they opt out; `unlabelled`: nothing opts them in. */
  readonly opting: "asked" | "out" | "unlabelled";
  /** What its next pods would be refused with; empty where they would not. */
  readonly refusal: string;
  /** What its controller says of pods that it could not make; empty where it could. */
  readonly failure: string;
  readonly faults: readonly KeyFault[];
  /** Where its manifest says that it is an MCP server, such as `image ghcr.io/example/mcp-search`; empty where nothing says so. */
  readonly hint: string;
  /** What the sidecar of its next pods would ask for, beside the other containers. */
  readonly resources: PodResources | undefined;
}

/** Amounts by the names of resources, as manifests write them. */
export type Amounts = Readonly<Record<string, string | number>>;

/** What a container asks for. */
export interface ContainerResources {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** The sidecar, and every other container that runs beside it. */
export interface PodResources {
  readonly sidecar: ContainerResources;
  readonly others: readonly ContainerResources[];
}

/** One item of a LimitRange. */
export interface LimitItem {
  readonly object: string;
  readonly type: string;
  readonly min: Amounts;
  readonly max: Amounts;
  readonly default: Amounts;
  readonly ratio: Amounts;
}

/** A ResourceQuota that counts pods with requests. */
export interface QuotaFacts {
  readonly object: string;
  readonly hard: Amounts;
  readonly used: Amounts;
}

/** What bounds the containers of a namespace. */
export interface NamespaceBounds {
  readonly namespace: string;
  readonly limits: readonly LimitItem[];
  readonly quotas: readonly QuotaFacts[];
}

/** A port of a Service. */
export interface ServicePort {
  readonly port: number;
  readonly target: number | string;
  readonly isTcp: boolean;
}

/** A Service that selects pods. */
export interface ServiceFacts {
  readonly namespace: string;
  readonly name: string;
  readonly isHeadless: boolean;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
}

/** One right that a program needs, and whether it has it. `account`: as the API server names it. */
export interface ReviewedRight {
  readonly right: NeededRight;
  readonly account: string;
  readonly allowed: Look<boolean>;
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
  /** How reading its lists went; absent where its sidecar was not heard. */
  readonly catalogue?: ListedCatalogue;
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
  readonly workloads: Look<readonly WorkloadFacts[]>;
  /** Namespaces whose label opts their pods in. */
  readonly optedIn: Look<readonly string[]>;
  /** Of namespaces, and of pods where their workloads do not have the same. */
  readonly keyFaults: Look<readonly KeyFault[]>;
  readonly services: Look<readonly ServiceFacts[]>;
  readonly bounds: Look<readonly NamespaceBounds[]>;
  readonly rights: Look<readonly ReviewedRight[]>;
}
