/** Judges the webhook: its pods, its configuration, and the certificate by which API servers know it. Pure. */
import type { EntryFacts, Facts, ProgramFacts, Release, ServedCertificate } from "../facts.ts";
import { createFinding, type Finding } from "../finding.ts";
import { judgeLook } from "../look.ts";
import { judgeReady } from "./programs.ts";

const dayMs = 86_400_000;
/** Whoever renews does so long before this part of the lifetime is left. */
const leastPartLeft = 0.15;

/** Everything about the webhook. */
export function judgeWebhook({ programs, entries, certificate, release, nowMs }: Facts): readonly Finding[] {
  const webhook = programs.ok ? programs.value.find(({ component }) => component === "webhook") : undefined;
  return [
    ...judgeLook("webhook", programs, () => judgeReady("webhook", webhook, release)),
    ...(entries === undefined ? [] : judgeLook("webhook", entries, (value) => judgeEntries(value, webhook, release))),
    ...(certificate === undefined
      ? []
      : judgeLook("certificate", certificate, (value) => judgeCertificate(value, nowMs))),
  ];
}

function judgeEntries(
  entries: readonly EntryFacts[],
  webhook: ProgramFacts | undefined,
  release: Release,
): readonly Finding[] {
  const upgrade = `helm upgrade ${release.instance} charts/outrigger --namespace ${release.namespace} --reset-then-reuse-values`;
  if (entries.length === 0) {
    const message = "no webhook configuration: API servers ask nobody, so no pod gets a sidecar";
    return [createFinding("webhook", "problem", { message, next: upgrade })];
  }
  const untrusted = entries.filter(({ caBundle }) => caBundle === "").map(({ name }) => name);
  const fails = entries.some(({ failurePolicy }) => failurePolicy === "Fail");
  const isAlone = fails && webhook?.wanted === 1;
  return [
    ...(untrusted.length === 0
      ? []
      : [
          createFinding("webhook", "problem", {
            message: "the webhook configuration has no caBundle, so API servers can't ask the webhook",
            objects: untrusted,
            next: `kubectl logs --namespace ${release.namespace} deployment/${release.name}-operator`,
          }),
        ]),
    ...(isAlone
      ? [
          createFinding("webhook", "warning", {
            message: "failurePolicy Fail with fewer than 2 replicas: labelled pods are refused while it restarts",
            next: `${upgrade} --set webhook.replicas=2`,
          }),
        ]
      : []),
    ...(fails
      ? []
      : [
          createFinding(
            "webhook",
            "note",
            "failurePolicy Ignore: pods start without a sidecar while no webhook answers",
          ),
        ]),
  ];
}

/** The certificate. Its renewal is the webhook's, cert-manager's or the user's own affair, so no command is named for it. */
function judgeCertificate(served: ServedCertificate, nowMs: number): readonly Finding[] {
  const leftMs = served.untilMs - nowMs;
  const until = new Date(served.untilMs).toISOString().slice(0, 10);
  if (leftMs <= 0) {
    const next = "renew it: the webhook's log says why it was not";
    return [createFinding("certificate", "problem", { message: `ended on ${until}`, next })];
  }
  if (!served.trusted) {
    return [
      createFinding("certificate", "problem", {
        message: `what the webhook serves is not trusted by its caBundle: ${served.fault}`,
        next: "the operator (or cert-manager) writes the caBundle: see its log",
      }),
    ];
  }
  const left = leftMs < 2 * dayMs ? `${Math.floor(leftMs / 3_600_000)} hours` : `${Math.floor(leftMs / dayMs)} days`;
  const isLate = leftMs < (served.untilMs - served.fromMs) * leastPartLeft;
  const message = `trusted, ends on ${until}: ${left} left`;
  return isLate
    ? [
        createFinding("certificate", "warning", {
          message: `${message}, and not renewed yet`,
          next: "see the webhook's log",
        }),
      ]
    : [createFinding("certificate", "ok", message)];
}
