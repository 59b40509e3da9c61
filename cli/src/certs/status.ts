/** What `outrigger certs status` says: modes, authorities, rotation, replicas, made of what was seen. Pure; what is wrong is judge.ts's. */
import { X509Certificate } from "node:crypto";
import { parseDuration } from "@outrigger/api/values";
import { dueMs, isChainTrusted, madeAtMs, type AuthorityPhase } from "@outrigger/certs/facts";
import type { ProgramFacts } from "../check/facts.ts";
import { findFault } from "./accept.ts";
import type { CertsFacts, ConfigurationFacts } from "./facts.ts";

/** Who makes the certificate, as `certificates.mode` of the chart says it; unknown where nobody has written it down. */
export type Mode = "self" | "cert-manager" | "files" | "unknown";

/** A certificate. `fingerprint`: the first bytes of its SHA-256. Times in Unix epoch ms. */
export interface Certificate {
  readonly fingerprint: string;
  readonly subject: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A certificate that entries trust. `signs`: it signs what is made now; undefined where nobody knows. */
export interface Authority extends Certificate {
  readonly trustedBy: number;
  readonly signs: boolean | undefined;
}

/** An entry with the fingerprints that it trusts. */
export interface Entry {
  readonly name: string;
  readonly trusts: readonly string[];
}

/** A configuration. */
export interface Configuration extends Pick<ConfigurationFacts, "kind" | "name"> {
  readonly trustFrom: string | undefined;
  readonly entries: readonly Entry[];
}

/** A replica. `by`: the authority that its chain leads to; `renewsMs`: about when it will be renewed, where we do that. */
export interface Replica {
  readonly pod: string;
  readonly certificate?: Certificate;
  readonly by?: string;
  readonly renewsMs?: number;
  /** Why API servers refuse it; absent where they take it. */
  readonly fault?: string;
  /** Why nobody could look. */
  readonly unknown?: string;
}

/** Where a rotation stands; `next` is the next step. */
export interface Rotation {
  readonly phase: AuthorityPhase;
  readonly sinceMs: number | undefined;
  readonly next: "announce" | "switch" | "retire";
  readonly dueMs: number | undefined;
}

/** Everything. `rotation` undefined: there is none, or nobody knows. */
export interface Status {
  readonly mode: Mode;
  readonly configurations: readonly Configuration[];
  readonly authorities: readonly Authority[];
  readonly rotation: Rotation | undefined;
  readonly replicas: readonly Replica[];
}

const nextSteps = { steady: "announce", announced: "switch", switched: "retire" } as const;

/** Sums up. */
export function sumUp(facts: CertsFacts): Status {
  const configurations = facts.configurations.ok ? facts.configurations.value : [];
  const trusted = configurations.flatMap(({ entries }) => entries.map((entry) => entry.trusted));
  const signing = findSigning(facts, trusted);
  return {
    mode: readMode(configurations),
    configurations: configurations.map(({ kind, name, source, entries }) => ({
      kind,
      name,
      trustFrom: source,
      entries: entries.map((entry) => ({ name: entry.name, trusts: entry.trusted.map(toFingerprint) })),
    })),
    authorities: [...new Set(trusted.flat())].map((pem) => ({
      ...readCertificate(pem),
      trustedBy: trusted.filter((list) => list.includes(pem)).length,
      signs: signing === undefined ? undefined : signing === pem,
    })),
    rotation: readRotation(facts, signing),
    replicas: readReplicas(facts, configurations),
  };
}

function readMode(configurations: readonly ConfigurationFacts[]): Mode {
  const source = configurations[0]?.source;
  if (source === undefined) return "unknown";
  return source === "self" || source === "cert-manager" ? source : "files";
}

/** Certificates stand newest first: until the switch it is the second that signs. */
function findSigning({ phase }: CertsFacts, trusted: readonly (readonly string[])[]): string | undefined {
  if (phase?.ok !== true) return undefined;
  const [first = []] = trusted;
  return phase.value.phase === "announced" ? (first[1] ?? first[0]) : first[0];
}

function readRotation({ phase, programs }: CertsFacts, signingPem: string | undefined): Rotation | undefined {
  if (phase?.ok !== true || phase.value.phase === undefined || signingPem === undefined) return undefined;
  const { phase: name, sinceMs } = phase.value;
  const operator = programs.ok ? programs.value.find(({ component }) => component === "operator") : undefined;
  const due = findDue({ phase: name, phaseSinceMs: sinceMs, signingPem }, operator);
  return { phase: name, sinceMs, next: nextSteps[name], dueMs: due };
}

function findDue(place: Parameters<typeof dueMs>[0], operator: ProgramFacts | undefined): number | undefined {
  const read = (name: string): number | undefined => {
    const parsed = parseDuration(operator?.variables[name] ?? "");
    return parsed.ok ? parsed.value : undefined;
  };
  const [announceMs, retireMs] = [read("OUTRIGGER_CA_ANNOUNCE"), read("OUTRIGGER_CA_RETIRE")];
  return announceMs === undefined || retireMs === undefined ? undefined : dueMs(place, { announceMs, retireMs });
}

function readReplicas(facts: CertsFacts, configurations: readonly ConfigurationFacts[]): readonly Replica[] {
  const trusted = configurations.flatMap(({ entries }) => entries.map((entry) => entry.trusted));
  const authorities = [...new Set(trusted.flat())];
  const host = configurations[0]?.host ?? "";
  const isOurs = readMode(configurations) === "self";
  return (facts.replicas.ok ? facts.replicas.value : []).map(({ pod, served }) => {
    if (!served.ok) return { pod, unknown: served.why };
    const chain = served.value;
    const [leaf] = chain;
    const fault = findFault({ chain, trusted, host, nowMs: facts.nowMs });
    const by = authorities.find((pem) => isChainTrusted(chain.join(""), [pem]));
    return {
      pod,
      ...(leaf === undefined ? {} : { certificate: readCertificate(leaf) }),
      ...(by === undefined ? {} : { by: toFingerprint(by) }),
      ...(isOurs && leaf !== undefined ? { renewsMs: guessRenewal(leaf) } : {}),
      ...(fault === undefined ? {} : { fault }),
    };
  });
}

/** Each replica renews after two thirds of the life, give or take a tenth of that. */
function guessRenewal(pem: string): number {
  const certificate = new X509Certificate(pem);
  const madeMs = madeAtMs(certificate);
  return madeMs + (certificate.validToDate.getTime() - madeMs) * (2 / 3);
}

/** A text that is no certificate is shown as what it is. */
function readCertificate(pem: string): Certificate {
  try {
    const { subject, validFromDate, validToDate } = new X509Certificate(pem);
    return {
      fingerprint: toFingerprint(pem),
      subject: subject.split("\n").reverse().join(", "),
      fromMs: validFromDate.getTime(),
      untilMs: validToDate.getTime(),
    };
  } catch {
    return { fingerprint: toFingerprint(pem), subject: "can't be read", fromMs: 0, untilMs: 0 };
  }
}

function toFingerprint(pem: string): string {
  try {
    return new X509Certificate(pem).fingerprint256.slice(0, 17);
  } catch {
    return "unreadable";
  }
}
