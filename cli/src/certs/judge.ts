/** Judges the webhook's certificates: what API servers refuse is a problem, what may become one a warning. Pure. */
import { isLate } from "@outrigger/certs/facts";
import { count, createFinding, type Finding } from "../check/finding.ts";
import { judgeLease } from "../check/findings/programs.ts";
import { judgeLook } from "../check/look.ts";
import type { CertsFacts } from "./facts.ts";
import type { Status } from "./status.ts";

/** How long a step of the rotation may be overdue before that is told: an hour, as the alert of the chart has it. */
const overdueMs = 3_600_000;

/** Everything that is wrong or could not be looked at. What is well is not told here. */
export function judgeCerts(facts: CertsFacts, status: Status): readonly Finding[] {
  const commands = createCommands(facts, status);
  return [
    ...judgeLook("webhook", facts.configurations, () => judgeEntries(status, commands)),
    ...judgeLook("certificate", facts.replicas, () => judgeReplicas(facts, status, commands)),
    ...judgeAuthorities(facts, status, commands),
    ...judgeRotation(facts, status, commands),
    ...judgeOperator(facts),
  ];
}

/** Without an operator what is served goes on until its end, so this is no problem yet. */
function judgeOperator({ lease, nowMs, release }: CertsFacts): readonly Finding[] {
  if (lease === undefined) return [];
  return judgeLook("operator", lease, (value) => judgeLease(value, nowMs, release))
    .filter(({ level }) => level !== "ok")
    .map((finding) => ({ ...finding, level: finding.level === "problem" ? "warning" : "note" }));
}

/** What mends what. */
interface Commands {
  readonly upgrade: string;
  /** The log of whoever says whom API servers trust. */
  readonly writer: string;
  readonly webhook: string;
  /** Makes whoever makes the certificate make another one. */
  readonly renew: string;
}

function createCommands({ release }: CertsFacts, { mode }: Status): Commands {
  const { namespace, name, instance } = release;
  const inNamespace = `--namespace ${namespace}`;
  const log = (component: string): string =>
    `kubectl logs ${inNamespace} --selector app.kubernetes.io/component=${component}`;
  const upgrade = `helm upgrade ${instance} charts/outrigger ${inNamespace} --reset-then-reuse-values`;
  const byCertManager = `kubectl describe certificate ${inNamespace} ${name}-webhook`;
  switch (mode) {
    case "cert-manager":
      return { upgrade, writer: byCertManager, webhook: log("webhook"), renew: byCertManager };
    case "files":
      return {
        upgrade,
        writer: `${upgrade} --set-file certificates.files.caBundle=ca.crt`,
        webhook: log("webhook"),
        renew: `put the renewed pair into the Secret that certificates.files.secretName names, in ${namespace}`,
      };
    default:
      return { upgrade, writer: log("operator"), webhook: log("webhook"), renew: log("webhook") };
  }
}

function judgeEntries({ configurations }: Status, { upgrade, writer }: Commands): readonly Finding[] {
  if (configurations.length === 0) {
    const message = "no webhook configuration: API servers ask nobody, so no pod gets a sidecar";
    return [createFinding("webhook", "problem", { message, next: upgrade })];
  }
  const entries = configurations.flatMap((each) => each.entries);
  const empty = entries.filter(({ trusts }) => trusts.length === 0);
  const kinds = new Set(entries.map(({ trusts }) => trusts.join()));
  if (empty.length > 0) {
    const message = `${count(empty.length, "entry", "entries")} without caBundle: API servers can't ask the webhook there`;
    return [createFinding("webhook", "problem", { message, objects: empty.map(({ name }) => name), next: writer })];
  }
  const message = "entries trust different certificates";
  return kinds.size > 1 ? [createFinding("webhook", "warning", { message, next: writer })] : [];
}

function judgeReplicas(
  { nowMs, release }: CertsFacts,
  { replicas }: Status,
  { writer, webhook, renew }: Commands,
): readonly Finding[] {
  if (replicas.length === 0) {
    const next = `kubectl describe --namespace ${release.namespace} deployment/${release.name}-webhook`;
    return [createFinding("certificate", "problem", { message: "no replica of the webhook is ready", next })];
  }
  return replicas.flatMap(({ pod, unknown, fault, certificate }) => {
    if (unknown !== undefined) return [createFinding("certificate", "unknown", `could not look at ${pod}: ${unknown}`)];
    if (fault !== undefined) {
      const next = fault.includes("trust") ? writer : renew;
      return [createFinding("certificate", "problem", { message: `${pod} ${fault}`, next })];
    }
    if (certificate === undefined || !isLate(certificate, nowMs)) return [];
    const message = `${pod} shows a certificate that is near its end and was not renewed`;
    return [createFinding("certificate", "warning", { message, next: renew === writer ? webhook : renew })];
  });
}

function judgeAuthorities({ nowMs }: CertsFacts, { authorities }: Status, { writer }: Commands): readonly Finding[] {
  // The one before may end: it is on its way out.
  const late = authorities.filter((each) => each.signs !== false && isLate(each, nowMs));
  return late.map(({ fingerprint, untilMs }) => {
    const message =
      untilMs <= nowMs ? `the authority ${fingerprint} has ended` : `the authority ${fingerprint} is near its end`;
    return createFinding("certificate", "warning", { message, next: writer });
  });
}

function judgeRotation({ nowMs, phase }: CertsFacts, { rotation }: Status, { writer }: Commands): readonly Finding[] {
  if (phase?.ok === false)
    return [createFinding("certificate", "note", `the phase of the rotation is not known: ${phase.why}`)];
  const isStuck = rotation?.dueMs !== undefined && nowMs - rotation.dueMs > overdueMs;
  if (!isStuck) return [];
  const message = `the rotation is ${rotation.phase}, and its next step (${rotation.next}) is overdue`;
  return [createFinding("operator", "warning", { message, next: writer })];
}
