/** Whether a client that trusts some certificates takes one that it is shown. Decides nothing about names and times. */
import { X509Certificate } from "node:crypto";
import { splitPem } from "./pem.ts";

/**
 * True where the first certificate of a text, or one that leads up from it in that text, is trusted or signed by a trusted one.
 * Texts are PEM. Errors: what can't be read is trusted by nobody.
 * Source: RFC 5280 section 6.1, as Go's crypto/x509 does it: what is trusted need not be self-signed.
 */
export function isChainTrusted(chainPem: string, trustedPem: readonly string[]): boolean {
  try {
    const [leaf, ...between] = splitPem(chainPem).map((pem) => new X509Certificate(pem));
    const trusted = trustedPem.map((pem) => new X509Certificate(pem));
    let [current, left] = [leaf, between];
    while (current !== undefined) {
      const shown: X509Certificate = current;
      if (trusted.some((each) => each.raw.equals(shown.raw) || isIssuer(each, shown))) return true;
      current = left.find((each) => isIssuer(each, shown));
      left = left.filter((each) => each !== current);
    }
    return false;
  } catch {
    return false;
  }
}

function isIssuer(issuer: X509Certificate, issued: X509Certificate): boolean {
  return issued.checkIssued(issuer) && issued.verify(issuer.publicKey);
}
