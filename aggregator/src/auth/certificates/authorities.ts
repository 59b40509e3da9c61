/**
 * The authorities that sign clients' certificates, and whether one of them signed a certificate that a proxy hands on in a header. A proxy may be
 * set up to hand on what it has not verified, so it is verified here as well. Time is passed in.
 */
import { X509Certificate } from "node:crypto";

/** Reads the certificates of a PEM file. Errors: a sentence where there are none or one can't be read. */
export function readAuthorities(pem: string): readonly X509Certificate[] | string {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return "there is no certificate in it";
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return "a certificate in it can't be read";
  }
}

/** Reads the value of a header: bytes as RFC 9440 writes them, or PEM in percent-encoding as nginx does. */
export function readHeaderCertificate(value: string): X509Certificate | undefined {
  if (value.length > maxHeaderChars) return undefined;
  const bytes = /^:([A-Za-z0-9+/]+=*):$/.exec(value.trim())?.[1];
  try {
    return new X509Certificate(bytes === undefined ? decodeURIComponent(value) : Buffer.from(bytes, "base64"));
  } catch {
    return undefined;
  }
}

const maxHeaderChars = 16 * 1024;

/** Says whether a certificate is in force and was signed by one of these. */
export function isSigned(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  nowMs: number,
): boolean {
  const isInForce = Date.parse(certificate.validFrom) <= nowMs && nowMs < Date.parse(certificate.validTo);
  return (
    isInForce &&
    authorities.some(
      (authority) => authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    )
  );
}
