/** What can be said of certificates and of a rotation without any private key; loads nothing that makes certificates. */
export { isChainTrusted } from "./chain.ts";
export { splitPem } from "./pem.ts";
export { authorityPhases, dueMs, isLate, madeAtMs, type AuthorityPhase, type RotationTimes } from "./phase.ts";
