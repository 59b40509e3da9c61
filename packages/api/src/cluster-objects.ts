/**
 * The objects by which programs are told of each other, of policy and of servers: their labels, annotations and the members of
 * their data. Names of the objects are settings; keys that stand on pods and namespaces are in keys.ts.
 */
import { keyPrefix } from "./keys.ts";

/** ConfigMap with the signed policy of a namespace: found by its label, not by its name. */
export const bundleObject = {
  label: `${keyPrefix}bundle`,
  labelValue: "namespace",
  /** Whose policy it is. */
  namespaceMember: "namespace",
  /** The bundle: a compact JWS. */
  policyMember: "policy",
  /** Annotation: what the policy of the namespace and its servers was when the version was made. */
  state: `${keyPrefix}policy-state`,
} as const;

/** ConfigMap with the installation's policy, as people write it. */
export const policyObject = { member: "policy.yaml" } as const;

/** ConfigMap with a list of servers that no watch on pods finds: a server file, as people write it. */
export const serverListObject = { member: "servers.json" } as const;

/**
 * A Service whose addresses are sidecars. Kubernetes copies its labels to the EndpointSlices that hold the addresses. The port of this name is that of MCP;
 * where no other is named for the control port, that is where sidecars have it.
 */
export const sidecarService = {
  label: `${keyPrefix}source`,
  labelValue: "sidecars",
  port: "mcp",
  controlPort: "outrigger-control",
  defaultPath: "/mcp",
} as const;

/** Secret and ConfigMap with the keys that sign policy. */
export const trustObject = {
  /** Secret: the private key as JWK, and the id of the key. */
  privateMember: "private.jwk",
  idMember: "kid",
  /** Secret: when that key was made (RFC 3339), and the key before it while pods need it. */
  createdMember: "created",
  previousMember: "previous.jwk",
  /** ConfigMap: the public keys as JWKS, newest first. */
  publicMember: "jwks.json",
} as const;

/** Secret with the keys by which aggregators seal sessions. The aggregator's pods alone mount it. */
export const sessionKeysObject = {
  /** What `--session-keys` reads: base64, one per line; the first seals, all open. */
  keysMember: "keys",
  /** When the youngest was made (RFC 3339). */
  createdMember: "created",
  /** Whether the youngest seals already, or is announced only. */
  phaseMember: "phase",
  announced: "announced",
  sealing: "sealing",
} as const;

/** Secret with the keys that vouch for callers: the members of {@link trustObject}, and beside them what the aggregator reads. */
export const assertionObject = {
  /** The private keys as JWKS, newest first. */
  keysMember: "keys.json",
} as const;

/** Secret with the webhook's certificate authority. All values are PEM. */
export const authorityObject = {
  /** Every authority that is to be trusted, newest first. */
  trustedMember: "ca.crt",
  /** The authority that signs now. */
  certificateMember: "tls.crt",
  keyMember: "tls.key",
  /** The authority that will sign next, while there is one. */
  nextCertificateMember: "next.crt",
  nextKeyMember: "next.key",
  /** Annotations: the phase of a rotation, and since when (RFC 3339). */
  phase: `${keyPrefix}phase`,
  phaseSince: `${keyPrefix}phase-since`,
} as const;

/** Every entry of the webhook configuration that is ours has a name that ends like this. */
export const admissionEntrySuffix = ".inject.outrigger.dev";

/** The same of the validating configuration, whose entries tell of problems and refuse nothing. */
export const validationEntrySuffix = ".validate.outrigger.dev";

/**
 * The webhook configuration. An annotation on it says who says there whom API servers trust, so that a change of that takes effect
 * for everybody at one moment: whoever is not named writes no `caBundle`, nor puts one back.
 */
export const registrationObject = {
  trustFrom: `${keyPrefix}trust-from`,
  /** The operator, its own authority. */
  self: "self",
  /** The operator, certificates that it is given. */
  files: "files",
} as const;
