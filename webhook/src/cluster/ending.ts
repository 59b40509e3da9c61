/**
 * Tells of the certificate that is served when it is so near its end that its renewal has failed, whoever renews it. Decides when
 * that is told; what late means is certs'.
 */
import { checkPair, isLate, type KeyedCertificate } from "@outrigger/certs";

/** What is looked at, how often (ms), and who is told in one sentence: once for each certificate and hour. */
export interface EndingOptions {
  readonly current: () => KeyedCertificate;
  readonly checkMs: number;
  readonly nowMs: () => number;
  readonly onLate: (note: string) => void;
}

const remindMs = 3_600_000;

/** Looks now and from then on; gives the way to end that. */
export function watchEnding({ current, checkMs, nowMs, onLate }: EndingOptions): () => void {
  let told: { readonly fingerprint: string; readonly atMs: number } | undefined;
  const look = (): void => {
    const checked = checkPair(current(), nowMs());
    // One that is over was told of before it was.
    if (!checked.ok || !isLate({ fromMs: checked.notBeforeMs, untilMs: checked.notAfterMs }, nowMs())) return;
    const sinceMs = told?.fingerprint === checked.fingerprint ? Math.abs(nowMs() - told.atMs) : remindMs;
    if (sinceMs < remindMs) return;
    told = { fingerprint: checked.fingerprint, atMs: nowMs() };
    const until = `${new Date(checked.notAfterMs).toISOString().slice(0, 16)}Z`;
    onLate(
      `The webhook's certificate ends at ${until} and was not renewed: SHA-256 ${checked.fingerprint.slice(0, 17)}.`,
    );
  };
  look();
  const timer = setInterval(look, checkMs);
  timer.unref();
  return () => clearInterval(timer);
}
