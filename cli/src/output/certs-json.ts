/** `outrigger certs status` as one JSON document; member names are public. Times are RFC 3339. */
import { tally, toExitCode } from "../check/finding.ts";
import type { Certificate, Status } from "../certs/status.ts";
import type { CertsReport } from "./certs-text.ts";

/** Writes it. `ok` is what exit code 0 says. */
export function formatCertsJson(report: CertsReport): string {
  const { address, release, status, lease, phaseUnknown, findings } = report;
  const document = {
    ok: toExitCode(tally(findings)) === 0,
    apiServer: address,
    namespace: release.namespace,
    release: release.instance,
    version: release.version,
    mode: status.mode,
    rotation: toRotation(status, phaseUnknown),
    authorities: status.authorities.map(({ trustedBy, signs, ...certificate }) => ({
      ...toCertificate(certificate),
      trustedBy,
      signs,
    })),
    configurations: status.configurations,
    replicas: status.replicas.map(({ certificate, renewsMs, ...replica }) => ({
      ...replica,
      accepted: replica.fault === undefined && replica.unknown === undefined,
      ...(certificate === undefined ? {} : { certificate: toCertificate(certificate) }),
      ...(renewsMs === undefined ? {} : { renewal: toTime(renewsMs) }),
    })),
    ...(lease === undefined ? {} : { operator: { leader: lease.holder, renewed: toTime(lease.renewedMs) } }),
    findings,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function toRotation({ rotation }: Status, unknown: string | undefined): object | undefined {
  if (unknown !== undefined) return { unknown };
  if (rotation === undefined) return undefined;
  const { phase, sinceMs, next, dueMs } = rotation;
  return {
    phase,
    ...(sinceMs === undefined ? {} : { since: toTime(sinceMs) }),
    next,
    ...(dueMs === undefined ? {} : { due: toTime(dueMs) }),
  };
}

function toCertificate({ fingerprint, subject, fromMs, untilMs }: Certificate): object {
  return { fingerprint, subject, from: toTime(fromMs), until: toTime(untilMs) };
}

const toTime = (ms: number): string => new Date(ms).toISOString();
