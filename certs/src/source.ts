/** Where a TLS server gets its certificate from, whoever made it. The one interface between sources and servers. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyedCertificate } from "./certificate.ts";

/** A certificate that may be replaced while it is served. */
export interface CertificateSource {
  readonly current: () => KeyedCertificate;
  /** Sets who is told of each new certificate, after it has been checked. One listener; a second one replaces it. */
  readonly onChange: (listener: (certificate: KeyedCertificate) => void) => void;
  /** Ends watching; the current certificate stays. */
  readonly close: () => void;
}

/** Outcome of checking a pair: what it is, or one sentence that says what is wrong with it. */
export type CheckedPair =
  | { readonly ok: true; readonly fingerprint: string; readonly notBeforeMs: number; readonly notAfterMs: number }
  | { readonly ok: false; readonly problem: string };

/** Checks that a certificate can be read, is still valid, and belongs to its key. Never throws. */
export function checkPair(pair: KeyedCertificate, nowMs: number): CheckedPair {
  try {
    const certificate = new X509Certificate(pair.certificatePem);
    const notAfterMs = certificate.validToDate.getTime();
    if (!certificate.checkPrivateKey(createPrivateKey(pair.privateKeyPem)))
      return { ok: false, problem: "the key does not belong to the certificate" };
    if (notAfterMs <= nowMs)
      return { ok: false, problem: `the certificate ended at ${certificate.validToDate.toISOString()}` };
    const notBeforeMs = certificate.validFromDate.getTime();
    return { ok: true, fingerprint: certificate.fingerprint256, notBeforeMs, notAfterMs };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}
