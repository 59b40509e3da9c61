/** Certificates: an authority with its Secret and its rotation, leaves, and the sources that a TLS server takes them from. */
export { createAuthority, issueLeaf, listServiceNames, type AuthorityOptions, type LeafOptions } from "./authority.ts";
export {
  joinTrusted,
  makeAuthority,
  readAuthoritySecret,
  restoreWith,
  startWith,
  takeOver,
  toNewSecret,
  writeAuthority,
  type AuthorityState,
  type AuthorityWriting,
  type NewAuthority,
  type ReadAuthority,
} from "./ca-secret.ts";
export { ensureAuthority, pinVersion, type EnsureAuthorityOptions, type EnsuredAuthority } from "./ensure-authority.ts";
export { isChainTrusted } from "./chain.ts";
export { splitPem } from "./pem.ts";
export {
  authorityPhases,
  dueMs,
  isLate,
  renewalMs,
  type AuthorityPhase,
  type RotationPlace,
  type RotationTimes,
} from "./phase.ts";
export { announce, decideRotation, retire, switchOver, type RotationStep } from "./rotation.ts";
export type { KeyedCertificate } from "./certificate.ts";
export { createFileSource, type FileSourceOptions } from "./file-source.ts";
export { createSelfSource, type SelfSource, type SelfSourceOptions } from "./self-source.ts";
export { checkPair, type CertificateSource, type CheckedPair } from "./source.ts";
