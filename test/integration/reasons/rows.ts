/** What each reason of injection is expected to bring about: the decision, the Events on the owner, and where it is not told and why. Data only. */
import { reasonList, reasons, type Reason } from "@outrigger/api/reasons";

/** Reasons of the area of injection, and the one of a fault. */
export type AdmissionReason =
  "Internal" | { [R in Reason]: (typeof reasons)[R]["area"] extends "injection" ? R : never }[Reason];

/** All of them, as the vocabulary has them. */
export const admissionReasons: readonly AdmissionReason[] = reasonList.filter(
  (reason): reason is AdmissionReason => reasons[reason].area === "injection" || reason === "Internal",
);

/**
 * `action`: as the audit annotation has it; `warn`: beside a decision to inject; `elsewhere`: never said by the webhook.
 * `events`: reasons of all Events that the owner gets.
 */
export interface ReasonRow {
  readonly action: "inject" | "skip" | "deny" | "error" | "warn" | "elsewhere";
  readonly events: readonly Reason[];
  /** Why no Event has this reason, as docs/explanation/admission.md says it. */
  readonly noEvent?: string;
  /** Why `outrigger explain` never says it. */
  readonly noExplain?: string;
}

const carries = "the pod carries the sidecar, which its Event says as `Injected`";
const inject: ReasonRow = { action: "inject", events: ["Injected"], noEvent: carries };
const deny: ReasonRow = { action: "deny", events: ["InjectionRefused"] };
const warn: ReasonRow = {
  action: "warn",
  events: ["Injected"],
  noEvent: "it is told beside a decision, and the Event is that of the decision",
};
const ofFiles = "it is about files: only `outrigger inject` and `outrigger explain` say it";
const ofOneMoment = "what a replica has not seen yet, or does wrong, can't be known outside of it";

/** The table. */
export const reasonRows: Readonly<Record<AdmissionReason, ReasonRow>> = {
  Injected: { action: "inject", events: ["Injected"] },
  AlreadyInjected: inject,
  Reinjected: inject,
  NotApplicable: { action: "skip", events: [], noEvent: "no pod comes of it" },
  MirrorPod: { action: "skip", events: [], noEvent: "the pod is its node's, and no workload's" },
  SystemNamespace: { action: "skip", events: [], noEvent: "pods of system namespaces are not told of" },
  NotOptedIn: { action: "skip", events: [], noEvent: "nobody asked, and it holds for most pods of a cluster" },
  OptedOut: { action: "skip", events: ["OptedOut"] },
  RelayPod: { action: "skip", events: ["RelayPod"] },
  InvalidPod: deny,
  NamespaceNotSynced: { ...deny, noExplain: ofOneMoment },
  TrustNotSynced: { ...deny, noExplain: ofOneMoment },
  OptOutRefused: deny,
  InvalidInjectValue: deny,
  InvalidAnnotation: deny,
  UnknownAnnotation: warn,
  HostNetwork: deny,
  WindowsPod: deny,
  NativeSidecarNeeded: deny,
  ReservedName: deny,
  AmbiguousContainer: deny,
  ContainerNotFound: deny,
  NoPort: deny,
  AmbiguousPort: deny,
  PortNotFound: deny,
  PortClash: deny,
  HostPort: deny,
  PrivilegedPort: deny,
  EnvConflict: deny,
  PortNotNamed: deny,
  NamedPortUnsupported: deny,
  ProbeHost: deny,
  StdioCommandUnknown: deny,
  StdioNetworkProbe: deny,
  PolicyPending: warn,
  LoopbackHint: warn,
  SharedProcessNamespace: warn,
  ServerSpeaksTls: warn,
  ForwardsPastSidecar: warn,
  ReservedKeyOverwritten: warn,
  InjectionRefused: {
    action: "elsewhere",
    events: [],
    noExplain: "a refusal is explained with its own reasons",
  },
  Uninjected: { action: "elsewhere", events: [], noEvent: ofFiles },
  NothingInjected: { action: "elsewhere", events: [], noEvent: ofFiles },
  UnsupportedKind: { action: "elsewhere", events: [], noEvent: ofFiles },
  Internal: { action: "error", events: ["InjectionRefused"], noExplain: ofOneMoment },
};
