/** The ways to each reason: pods and settings out of the webhook's golden cases, the simplest for each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { applyPatch } from "../../../webhook/src/fixtures/apply.ts";
import { readGoldenCases, runCase, type GoldenCase } from "../../../webhook/src/fixtures/golden.ts";
import type { Scope } from "../../../webhook/src/inject/outcome.ts";
import { reviewOf } from "../webhook-process.ts";
import type { AdmissionReason } from "./rows.ts";

/** In which state of an installation a pod comes: which webhook is to be asked. */
export type Place = "plain" | "configured" | "cluster";

/** One way. `body` is the review as API servers send it; `config`: the webhook's configuration, where it is not the default one. */
export interface Way {
  readonly reason: AdmissionReason;
  readonly place: Place;
  readonly scope: Scope;
  readonly namespace: string;
  readonly pod: unknown;
  readonly body: string;
  readonly config: object;
}

/** The namespace of each entry's pods; none has the labels of another. */
export const namespaceOf = { pod: "by-label", namespace: "by-namespace", enforced: "by-enforcement" } as const;

/** A namespace that no API server has. */
const unseen = "unseen";

const root = fileURLToPath(new URL("../../../webhook/src/inject/testdata", import.meta.url));
const ownSettings = ["config", "namespaceUnknown", "trustUnknown", "installation"];

interface Candidate {
  readonly given: GoldenCase;
  readonly settings: Readonly<Record<string, object>>;
}

/** One way to each reason that the webhook gives. */
export function findWays(): ReadonlyMap<AdmissionReason, Way> {
  const candidates = readGoldenCases(root)
    // Written by the golden tests, in the forms that they check.
    .map((given) => ({
      given,
      settings: JSON.parse(readFileSync(join(given.folder, "config.json"), "utf8")) as Settings,
    }))
    .filter(({ settings }) => !("namespaceAnnotations" in settings))
    .sort((a, b) => weigh(a) - weigh(b));
  const ways = new Map<AdmissionReason, Way>();
  const add = (reason: AdmissionReason, candidate: Candidate, pod: unknown): void => {
    if (!ways.has(reason)) ways.set(reason, toWay(reason, candidate, pod));
  };
  for (const candidate of candidates) {
    const { pod } = candidate.given.request;
    const admission = runCase(candidate.given);
    for (const reason of admission.action === "deny" ? admission.problems : [admission])
      add(reason.reason, candidate, pod);
    if (admission.action !== "inject") continue;
    for (const { reason } of admission.warnings) add(reason, candidate, pod);
    add("AlreadyInjected", candidate, applyPatch(pod, admission.patch));
  }
  return ways;
}

type Settings = Candidate["settings"];

/** Cases without settings of their own first, then those with a single problem. */
function weigh({ given, settings }: Candidate): number {
  const admission = runCase(given);
  const problems = admission.action === "deny" ? new Set(admission.problems.map(({ reason }) => reason)).size : 1;
  return ownSettings.filter((key) => key in settings).length * 100 + problems;
}

function toWay(reason: AdmissionReason, { given: { request }, settings }: Candidate, pod: unknown): Way {
  const { scope, operation, kind, subResource, userGroups } = request;
  const others = "namespaceUnknown" in settings ? unseen : namespaceOf[scope];
  // Cases of system namespaces say which.
  const namespace = "namespace" in settings ? request.namespace : others;
  const change = { uid: `uid-${reason}`, operation, kind, subResource, namespace, userInfo: { groups: userGroups } };
  const isOfCluster = ["namespaceUnknown", "trustUnknown", "installation"].some((key) => key in settings);
  const place = isOfCluster ? "cluster" : "config" in settings ? "configured" : "plain";
  return { reason, place, scope, namespace, pod, body: reviewOf(pod, change), config: settings["config"] ?? {} };
}
