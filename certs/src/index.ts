/** Certificates: an authority, leaves, and the sources that a TLS server takes them from. */
export { createAuthority, issueLeaf, listServiceNames, type AuthorityOptions, type LeafOptions } from "./authority.ts";
export type { KeyedCertificate } from "./certificate.ts";
export { createFileSource, type FileSourceOptions } from "./file-source.ts";
export { createSelfSource, type SelfSource, type SelfSourceOptions } from "./self-source.ts";
export { checkPair, type CertificateSource, type CheckedPair } from "./source.ts";
