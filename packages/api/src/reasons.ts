/**
 * The one vocabulary of reasons. The same word stands in responses, status, events, metrics, logs and documents.
 * A reason says why something was decided; it never carries data.
 */

/** Where a reason is used. */
export type ReasonArea =
  "injection" | "decision" | "health" | "catalogue" | "policy" | "enforcement" | "sleep" | "certificates";

interface ReasonDefinition {
  readonly area: ReasonArea;
  readonly sentence: string;
}

/** Every reason with the sentence that explains it to a person. */
export const reasons = {
  // Admission: what happened to a pod.
  Injected: { area: "injection", sentence: "The sidecar was added to the pod." },
  AlreadyInjected: {
    area: "injection",
    sentence: "The pod already carries exactly this sidecar; nothing was changed.",
  },
  Reinjected: { area: "injection", sentence: "The pod's sidecar differed from the plan and was brought back to it." },
  NotApplicable: { area: "injection", sentence: "Only the creation of pods is looked at." },
  MirrorPod: { area: "injection", sentence: "The pod mirrors a static pod of a node; it can't be changed." },
  SystemNamespace: {
    area: "injection",
    sentence: "Pods of system namespaces and of Outrigger's own namespace are left alone.",
  },
  NotOptedIn: { area: "injection", sentence: "Neither the pod nor its namespace asks for injection." },
  OptedOut: { area: "injection", sentence: "The pod's label opts out of injection." },
  RelayPod: { area: "injection", sentence: "The pod is a relay: its only container is the sidecar itself." },
  InvalidPod: { area: "injection", sentence: "The object is not shaped as a pod." },
  NamespaceNotSynced: {
    area: "injection",
    sentence: "The pod's namespace is not known yet, and its annotations may narrow policy.",
  },
  TrustNotSynced: {
    area: "injection",
    sentence: "The keys that sign policy are not known yet, and a sidecar without them would enforce none.",
  },
  OptOutRefused: { area: "injection", sentence: "The namespace requires injection, so a pod can't opt out." },
  InvalidInjectValue: { area: "injection", sentence: "The inject label has a value other than enabled or disabled." },
  InvalidAnnotation: { area: "injection", sentence: "An annotation's value does not have the form that is expected." },
  UnknownAnnotation: {
    area: "injection",
    sentence: "A label or annotation under Outrigger's prefix is not one that is read where it stands.",
  },
  HostNetwork: { area: "injection", sentence: "A pod on the host's network can't be guarded by a sidecar." },
  WindowsPod: { area: "injection", sentence: "The sidecar runs on Linux nodes only." },
  NativeSidecarNeeded: {
    area: "injection",
    sentence: "The pod is to end, and the installation adds sidecars that would keep it running.",
  },
  ReservedName: { area: "injection", sentence: "A container, volume or port name is reserved for Outrigger." },
  AmbiguousContainer: {
    area: "injection",
    sentence: "The pod has several containers and none is named as the server.",
  },
  ContainerNotFound: { area: "injection", sentence: "The container named as the server does not exist." },
  NoPort: { area: "injection", sentence: "The server's container declares no TCP port." },
  AmbiguousPort: {
    area: "injection",
    sentence: "The server's container declares several TCP ports and none is named.",
  },
  PortNotFound: { area: "injection", sentence: "The named port does not exist in the server's container." },
  PortClash: { area: "injection", sentence: "A container uses a port that the sidecar needs." },
  HostPort: { area: "injection", sentence: "A host port leads to the server past the sidecar." },
  PrivilegedPort: { area: "injection", sentence: "The sidecar runs without root and can't bind a port below 1024." },
  EnvConflict: {
    area: "injection",
    sentence: "The variables for the listening address are not named, or are set to something else already.",
  },
  PortNotNamed: { area: "injection", sentence: "Port mode named-port needs a port with a name." },
  NamedPortUnsupported: {
    area: "injection",
    sentence: "This Kubernetes does not resolve port names of sidecars; port mode named-port needs 1.32.",
  },
  ProbeHost: { area: "injection", sentence: "A probe names a host of its own and can't be led through the sidecar." },
  StdioCommandUnknown: {
    area: "injection",
    sentence: "The server's command stands in its image only, and the shim has to know what to run.",
  },
  StdioNetworkProbe: {
    area: "injection",
    sentence: "A stdio server listens nowhere, so a hook over the network can't reach it.",
  },
  PolicyPending: {
    area: "injection",
    sentence: "The namespace has no signed policy yet; the sidecar denies everything until one comes.",
  },
  LoopbackHint: { area: "injection", sentence: "The server must listen on 127.0.0.1 or [::1] in this port mode." },
  SharedProcessNamespace: {
    area: "injection",
    sentence: "The pod shares its process namespace, so another container may be able to signal the sidecar.",
  },
  ServerSpeaksTls: {
    area: "injection",
    sentence: "The server's probes use HTTPS at its own port, and the sidecar speaks plain HTTP to it.",
  },
  ForwardsPastSidecar: {
    area: "injection",
    sentence: "Another container of the pod forwards to the server, so what it lets in passes no sidecar.",
  },
  ReservedKeyOverwritten: {
    area: "injection",
    sentence: "A label or annotation that only Outrigger sets was given by the user and is not kept.",
  },
  InjectionRefused: { area: "injection", sentence: "The webhook refused the pod, or could not be asked." },
  Uninjected: { area: "injection", sentence: "What injection had added was taken out." },
  NothingInjected: {
    area: "injection",
    sentence: "Nothing in the pod comes from injection, so nothing was taken out.",
  },
  UnsupportedKind: { area: "injection", sentence: "The manifest is of a kind that holds no pod template." },

  // Decisions about calls.
  Allowed: { area: "decision", sentence: "Policy allows it." },
  ToolDenied: { area: "decision", sentence: "Policy hides and denies this tool." },
  ToolNotReadOnly: {
    area: "decision",
    sentence: "Only tools are served whose approved definition declares them read-only.",
  },
  ToolChanged: { area: "decision", sentence: "The tool's definition has changed since it was approved." },
  ToolUnapproved: { area: "decision", sentence: "The tool's definition is not approved." },
  ArgumentsDenied: { area: "decision", sentence: "A rule of the policy refuses these arguments." },
  ArgumentsInvalid: {
    area: "decision",
    sentence: "The arguments do not fit the tool's approved schema or the policy's bounds.",
  },
  ArgumentsSecret: { area: "decision", sentence: "The arguments hold a secret." },
  PromptDenied: { area: "decision", sentence: "Policy hides and denies this prompt." },
  ResourceDenied: { area: "decision", sentence: "Policy hides and denies this resource." },
  MethodDenied: {
    area: "decision",
    sentence: "The method is not known, and a restricted policy passes known methods only.",
  },
  RateLimited: { area: "decision", sentence: "The call exceeds a rate limit." },
  ConcurrencyLimited: { area: "decision", sentence: "Too many calls are under way." },
  RequestTooLarge: { area: "decision", sentence: "The request is larger than allowed." },
  ResponseTooLarge: { area: "decision", sentence: "The answer is larger than allowed." },
  RequestMalformed: {
    area: "decision",
    sentence: "The request can't be read in exactly one way, so it is not passed on.",
  },
  HeaderMismatch: { area: "decision", sentence: "Headers and body of the request disagree." },
  HostNotAllowed: { area: "decision", sentence: "The Host header names somebody else." },
  OriginNotAllowed: { area: "decision", sentence: "The Origin header names a site that is not allowed." },
  PathNotServed: { area: "decision", sentence: "The path is not the server's MCP endpoint." },
  FloodLimited: { area: "decision", sentence: "Too many requests or streams are open." },
  CallerUnverified: { area: "decision", sentence: "The assertion of who calls can't be verified." },
  CredentialsMissing: { area: "decision", sentence: "The request does not say who makes it." },
  CredentialsInvalid: { area: "decision", sentence: "What the request says of who makes it can't be verified." },
  InsufficientScope: { area: "decision", sentence: "The token lacks a scope that is needed here." },
  IdentityUnavailable: {
    area: "decision",
    sentence: "Who makes the request can't be verified now, because whoever could tell does not answer.",
  },
  QueueFull: { area: "decision", sentence: "Too many calls are under way, and too many wait for their end." },
  QueueTimeout: { area: "decision", sentence: "The call waited as long as it may for others to end." },
  SlowClient: { area: "decision", sentence: "The client sent its request, or read its answer, too slowly." },
  TooManyConnections: { area: "decision", sentence: "Too many connections are open, in all or from one address." },
  TaskUnknown: { area: "decision", sentence: "The task is not one that came from an allowed call of this caller." },
  SessionUnknown: { area: "decision", sentence: "The session is not known or has ended." },
  UpstreamUnavailable: { area: "decision", sentence: "The server can't be reached." },
  UpstreamStarting: { area: "decision", sentence: "The server is starting." },
  UpstreamTimeout: { area: "decision", sentence: "The server did not answer in time." },
  UpstreamBroken: { area: "decision", sentence: "The server's answer ended early or is not MCP." },
  UpstreamCredentialsUnavailable: {
    area: "decision",
    sentence: "The sidecar's own credentials for the server can't be had now.",
  },
  UpstreamCredentialsRefused: {
    area: "decision",
    sentence: "The sidecar's own credentials for the server are refused, by it or by who issues them.",
  },
  ReplicaLost: {
    area: "decision",
    sentence: "The server's replica was lost while it worked on the call; whether the call took effect is not known.",
  },
  CircuitOpen: { area: "decision", sentence: "Calls to the server failed too often, so it is left alone for a while." },
  Internal: { area: "decision", sentence: "Something went wrong inside Outrigger." },

  // Policy in force.
  PolicyMissing: { area: "policy", sentence: "There is no policy, so nothing is allowed." },
  PolicyInvalid: { area: "policy", sentence: "The policy can't be used; the last good one stays in force." },
  PolicyApplied: { area: "policy", sentence: "The policy is in force." },
  BundleMalformed: { area: "policy", sentence: "The policy bundle can't be read; the last good one stays in force." },
  BundleSignatureInvalid: {
    area: "policy",
    sentence: "The policy bundle is not signed by a trusted key; the last good one stays in force.",
  },
  BundleAudienceWrong: {
    area: "policy",
    sentence: "The policy bundle is meant for another server; the last good one stays in force.",
  },
  BundleOutdated: {
    area: "policy",
    sentence: "The policy bundle is older than the one in force, which stays.",
  },
  BundleTooLarge: {
    area: "policy",
    sentence: "The signed policy is larger than a pod can carry; the last good one stays in force.",
  },

  // Whether the sidecar can be passed by.
  LoopbackBound: {
    area: "enforcement",
    sentence: "The server listens on loopback alone; nothing leads round the sidecar.",
  },
  NothingListens: { area: "enforcement", sentence: "Nothing but the sidecar listens; nothing leads round it." },
  PolicyEnforced: { area: "enforcement", sentence: "The cluster's network policy closes every way round the sidecar." },
  BypassReachable: { area: "enforcement", sentence: "The server can be reached past the sidecar." },
  ProbeInconclusive: {
    area: "enforcement",
    sentence: "The sidecar itself could not be reached, so a closed port proves nothing.",
  },
  NotProbed: { area: "enforcement", sentence: "Nobody has looked for a way round the sidecar yet." },
  ForeignPolicyOpens: {
    area: "enforcement",
    sentence: "A network policy that is not Outrigger's opens a way round the sidecar.",
  },
  PolicyNameTaken: {
    area: "enforcement",
    sentence: "A network policy of somebody else bears a name that Outrigger needs, so ours is not there.",
  },
  PortWithheld: {
    area: "enforcement",
    sentence: "A sidecar's port stays closed, since older pods of the server have the server itself there.",
  },

  // Health of a server.
  Starting: { area: "health", sentence: "The server has not answered yet." },
  Serving: { area: "health", sentence: "The server answers." },
  ProbeFailed: { area: "health", sentence: "The server did not answer a health check." },
  Unauthorized: { area: "health", sentence: "The server answers, but asks for credentials." },
  Slow: { area: "health", sentence: "The server answers much more slowly than it usually does." },
  ProcessExited: { area: "health", sentence: "The server's process ended." },
  BackingOff: {
    area: "health",
    sentence: "The server's process ended several times and is started again after a pause.",
  },
  CommandNotFound: { area: "health", sentence: "The server's command does not exist." },
  SidecarUnreachable: { area: "health", sentence: "The server's sidecar can't be reached." },

  // Catalogue of a server.
  CatalogueListed: { area: "catalogue", sentence: "The server's tools were read and indexed." },
  ListFailed: { area: "catalogue", sentence: "The server's list could not be read; what was known stays." },
  CatalogLimited: { area: "catalogue", sentence: "The server lists more than is indexed; the first part is served." },
  EntriesHeldBack: {
    area: "catalogue",
    sentence:
      "Entries of the server's list that clients can't read, or people can't see, are held back; the others are served.",
  },
  ReplicasDisagree: { area: "catalogue", sentence: "Replicas of the server list different tools." },
  NotInjected: { area: "catalogue", sentence: "The pod is labelled for injection but carries no sidecar." },
  ToolUnknown: { area: "catalogue", sentence: "No server that is known lists a tool of this name." },
  PodDeleted: { area: "catalogue", sentence: "The API server told that the pod was deleted." },
  PodNotListed: { area: "catalogue", sentence: "A complete list of the API server lacks the pod." },
  PodEnded: { area: "catalogue", sentence: "The pod has finished, or is being deleted." },
  EntryRemoved: { area: "catalogue", sentence: "The list of servers no longer names it." },
  EndpointInvalid: { area: "catalogue", sentence: "The pod's endpoint annotation can't be read." },

  // Servers that sleep until they are called.
  Asleep: { area: "sleep", sentence: "The server had no call for a while, so it runs on no pod until the next one." },
  Woken: { area: "sleep", sentence: "The server was asleep and is started." },
  ServerWaking: { area: "sleep", sentence: "The server was asleep and has not started in time; it may do so yet." },
  WakeFailed: { area: "sleep", sentence: "The server is asleep and can't be woken." },
  WakeQueueFull: { area: "sleep", sentence: "The server is being woken, and too many calls wait for it already." },
  NotAsleep: { area: "sleep", sentence: "No server of this name is asleep." },
  WakerUnverified: { area: "sleep", sentence: "Who asks for a server to be woken can't be verified." },
  WakerNotAllowed: { area: "sleep", sentence: "Only the aggregator may ask for a server to be woken." },
  SidecarsMissing: {
    area: "sleep",
    sentence: "Not every pod of the workload carries the sidecar, so nobody knows whether it is used.",
  },
  ActivityUnknown: {
    area: "sleep",
    sentence: "A sidecar of the workload does not say how much it is used, so the workload runs on.",
  },
  CatalogueUnknown: {
    area: "sleep",
    sentence: "The server's tools have not been read yet; asleep, it could not be found.",
  },
  CatalogueTooLarge: {
    area: "sleep",
    sentence: "The server lists more than can be kept of it while it is asleep, so it runs on.",
  },
  SleepFailed: { area: "sleep", sentence: "The workload can't be scaled to zero." },

  // The webhook's certificates, and whom API servers trust.
  AuthorityMade: { area: "certificates", sentence: "The authority that signs the webhook's certificates was made." },
  AuthorityAnnounced: {
    area: "certificates",
    sentence: "The webhook's next authority is trusted, and does not sign yet.",
  },
  AuthoritySwitched: {
    area: "certificates",
    sentence: "The webhook's next authority signs, and the one before is still trusted.",
  },
  AuthorityRetired: { area: "certificates", sentence: "The webhook's authority of before is trusted no more." },
  TrustRepaired: {
    area: "certificates",
    sentence: "Somebody had changed whom API servers trust for the webhook, and it was put right.",
  },
  CertificateEnding: { area: "certificates", sentence: "A certificate is near its end and was not renewed." },
} as const satisfies Record<string, ReasonDefinition>;

/** One word of the vocabulary. */
export type Reason = keyof typeof reasons;

/** All reasons in the order of the table. */
// Object.keys of a const object yields exactly its keys.
export const reasonList: readonly Reason[] = Object.keys(reasons) as Reason[];

/** The snake_case twin of a reason, as metric labels spell it: `RateLimited` gives `rate_limited`. */
export function toMetricLabel(reason: Reason): string {
  return reason.replace(/(?<!^)([A-Z])/g, "_$1").toLowerCase();
}
