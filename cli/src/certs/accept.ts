/** Whether API servers take the certificate that they are shown, as their TLS client decides it. Pure. */
import { X509Certificate } from "node:crypto";
import { isChainTrusted } from "@outrigger/certs/facts";

/** What is shown, to whom: `trusted` has one list of PEM for each entry. `host`: the name that is asked for. */
export interface Shown {
  readonly chain: readonly string[];
  readonly trusted: readonly (readonly string[])[];
  readonly host: string;
  readonly nowMs: number;
}

/** Object identifier of serverAuth. */
const serverAuth = "1.3.6.1.5.5.7.3.1";

/**
 * Why an API server refuses the chain, as the end of a sentence about it; undefined where all take it. Names count in the
 * subject alternative name alone. Source: Go's crypto/x509 Certificate.Verify, which API servers use.
 */
export function findFault({ chain, trusted, host, nowMs }: Shown): string | undefined {
  const [leaf] = chain;
  if (leaf === undefined) return "shows no certificate";
  const certificate = new X509Certificate(leaf);
  return findOwnFault(certificate, host, nowMs) ?? findTrustFault(chain, trusted, nowMs);
}

function findOwnFault(certificate: X509Certificate, host: string, nowMs: number): string | undefined {
  if (certificate.validToDate.getTime() <= nowMs)
    return `shows a certificate that ended at ${toMinute(certificate.validToDate)}`;
  if (certificate.validFromDate.getTime() > nowMs)
    return `shows a certificate that begins only at ${toMinute(certificate.validFromDate)}`;
  if (certificate.checkHost(host, { subject: "never" }) === undefined)
    return `shows a certificate that is not for ${host}`;
  // Without the extension a certificate is for everything, and Node has undefined, whatever its type says.
  const usages = certificate.keyUsage as readonly string[] | undefined;
  if (usages?.includes(serverAuth) === false) return "shows a certificate that is not for servers";
  return undefined;
}

function findTrustFault(
  chain: readonly string[],
  trusted: readonly (readonly string[])[],
  nowMs: number,
): string | undefined {
  const isTaken = (list: readonly string[]): boolean =>
    isChainTrusted(
      chain.join(""),
      list.filter((pem) => isValid(pem, nowMs)),
    );
  const refusing = trusted.filter((list) => !isTaken(list)).length;
  if (trusted.length === 0 || refusing === trusted.length) return "shows a certificate that no entry trusts";
  return refusing === 0 ? undefined : `shows a certificate that ${refusing} of ${trusted.length} entries do not trust`;
}

function isValid(pem: string, nowMs: number): boolean {
  try {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    return validFromDate.getTime() <= nowMs && nowMs < validToDate.getTime();
  } catch {
    // What can't be read is trusted by nobody.
    return false;
  }
}

/** A time to the minute, in UTC. */
export function toMinute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")}Z`;
}
