/**
 * A certificate of our own making, for a server that runs alone: authority and leaf live in memory and end with the process.
 * The leaf is renewed; the authority is not, since whoever trusts it would have to be told.
 */
import { createAuthority, issueLeaf } from "./authority.ts";
import type { KeyedCertificate } from "./certificate.ts";
import type { CertificateSource } from "./source.ts";

/** What is made and for how long. Lifetimes in milliseconds; a leaf is renewed after two thirds of its own. */
export interface SelfSourceOptions {
  /** DNS names and IP addresses of the server. */
  readonly names: readonly string[];
  readonly authorityLifetimeMs: number;
  readonly leafLifetimeMs: number;
  /** How often the clock is looked at; a suspended machine misses no renewal that way. */
  readonly checkMs: number;
  readonly nowMs: () => number;
  /** Told where a renewal failed; it is tried again at the next check. */
  readonly onProblem: (problem: string) => void;
}

/** A self-signing source. `authorityPem` is what clients must trust. */
export interface SelfSource extends CertificateSource {
  readonly authorityPem: string;
}

/** Makes authority and leaf, and keeps the leaf fresh. */
export async function createSelfSource(options: SelfSourceOptions): Promise<SelfSource> {
  const { names, nowMs, leafLifetimeMs, authorityLifetimeMs } = options;
  const authority = await createAuthority({
    commonName: "Outrigger webhook CA",
    nowMs: nowMs(),
    lifetimeMs: authorityLifetimeMs,
  });
  const makeLeaf = async (): Promise<{ readonly leaf: KeyedCertificate; readonly renewAtMs: number }> => {
    const startMs = nowMs();
    const leaf = await issueLeaf(authority, { names, nowMs: startMs, lifetimeMs: leafLifetimeMs });
    return { leaf, renewAtMs: startMs + (leafLifetimeMs * 2) / 3 };
  };
  let held = await makeLeaf();
  let listener: (certificate: KeyedCertificate) => void = () => undefined;
  let isRenewing = false;
  const renewWhenDue = async (): Promise<void> => {
    if (isRenewing || nowMs() < held.renewAtMs) return;
    isRenewing = true;
    try {
      held = await makeLeaf();
      listener(held.leaf);
    } catch (error) {
      options.onProblem(error instanceof Error ? error.message : String(error));
    } finally {
      isRenewing = false;
    }
  };
  const timer = setInterval(() => void renewWhenDue(), options.checkMs);
  timer.unref();
  return {
    authorityPem: authority.certificatePem,
    current: () => held.leaf,
    onChange: (next) => void (listener = next),
    close: () => clearInterval(timer),
  };
}
