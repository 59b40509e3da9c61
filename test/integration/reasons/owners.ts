/** Puts into an API server what comes of reviews, with an owner for each reason, and has the operator's own program tell the owners. */
import { keys } from "@outrigger/api/keys";
import { reasons, type Reason } from "@outrigger/api/reasons";
import { resources } from "@outrigger/kube";
import type { Operation } from "@outrigger/webhook/inject";
import { applyPatch } from "../../../webhook/src/fixtures/apply.ts";
import { startFakeKube, type FakeKube } from "../../fixtures/fake-kube/server.ts";
import type { FakePod } from "../../fixtures/fake-kube/store.ts";
import { makePolicy, setNamespace, startOperatorProgram } from "../../fixtures/operator.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import type { Asked } from "./doors.ts";
import { namespaceOf, type Way } from "./ways.ts";

/** A review and its answer. */
interface Result {
  readonly way: Way;
  readonly asked: Asked;
}

/** One Event of the operator about injection. */
export interface Told {
  readonly reason: Reason;
  readonly type: string;
  readonly action: string;
  readonly note: string;
}

/** The Events that each reason's owner got, once the operator has told everything. */
export async function tellOwners(results: readonly Result[]): Promise<ReadonlyMap<Reason, readonly Told[]>> {
  const kube = await startFakeKube();
  setNamespace(kube, namespaceOf.pod);
  setNamespace(kube, namespaceOf.namespace, { [keys.inject.key]: "enabled" });
  setNamespace(kube, namespaceOf.enforced, { [keys.enforce.key]: "required" });
  setNamespace(kube, "kube-system", { [keys.inject.key]: "enabled" });
  const operator = await startOperatorProgram(kube, makePolicy(kube, "{}").name);
  try {
    for (const { way, asked } of results) putResult(kube, way, asked);
    await untilAllIsTold(kube);
    return new Map(
      results.map(({ way: { reason, namespace } }) => [reason, listTold(kube, { owner: reason, namespace })]),
    );
  } finally {
    await operator.close();
    await kube.close();
  }
}

function putResult(kube: FakeKube, { reason, namespace, pod }: Way, { response }: Asked): void {
  const isCreation = response.auditAnnotations["reason"] !== "NotApplicable";
  if (!response.allowed) putRefusal(kube, { owner: reason, namespace }, response.status?.message ?? "");
  else if (isCreation) putPod(kube, { owner: reason, namespace }, patch(pod, response.patch));
}

function patch(pod: unknown, text: string | undefined): FakePod {
  const operations = JSON.parse(Buffer.from(text ?? "W10=", "base64").toString()) as Operation[];
  // The golden cases' pods are pods.
  return applyPatch(pod, operations) as FakePod;
}

interface Place {
  readonly owner: string;
  readonly namespace: string;
}

/** The ReplicaSet of a Deployment of that name. */
function putReplicaSet(kube: FakeKube, { owner, namespace }: Place): object {
  const name = nameOf(owner);
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", name, uid: `d-${name}`, controller: true };
  const uid = `r-${name}`;
  const metadata = { name: `${name}-1`, namespace, uid, ownerReferences: [deployment] };
  kube.store.of(resources.replicaSets).set({ metadata });
  return { apiVersion: "apps/v1", kind: "ReplicaSet", name: metadata.name, uid };
}

function putPod(kube: FakeKube, place: Place, pod: FakePod): void {
  const ownerReferences = [{ ...putReplicaSet(kube, place), controller: true }];
  const { labels, annotations } = pod.metadata;
  const name = `${nameOf(place.owner)}-1-abcde`;
  const creationTimestamp = new Date().toISOString();
  const metadata = { name, namespace: place.namespace, creationTimestamp, labels, annotations, ownerReferences };
  kube.store.set({ ...pod, metadata: JSON.parse(JSON.stringify(metadata)) as FakePod["metadata"] });
}

/** What the controller writes whose pod was refused: recorders keep 1,024 characters of a note. */
function putRefusal(kube: FakeKube, place: Place, message: string): void {
  const note = `Error creating: admission webhook "pod.inject.outrigger.dev" denied the request: ${message}`.slice(
    0,
    1_024,
  );
  const { owner, namespace } = place;
  kube.store.of(resources.events).set({
    metadata: { name: `${nameOf(owner)}-failed`, namespace, creationTimestamp: new Date().toISOString() },
    reason: "FailedCreate",
    regarding: { ...putReplicaSet(kube, place), namespace },
    note,
  });
}

/** Names of objects have no capitals. */
function nameOf(reason: string): string {
  return reason.replace(/(?<!^)([A-Z])/g, "-$1").toLowerCase();
}

const plainSpec = { containers: [{ name: "app", image: "app:1" }] };

/**
 * Waits for Events about something that came last on every watch, and then for one more: a run of the operator tells all that it has seen
 * before the next one starts, and Events are written in their order.
 */
async function untilAllIsTold(kube: FakeKube): Promise<void> {
  const injected = { metadata: { name: "", labels: { [keys.injected.key]: "true" } }, spec: plainSpec };
  const missed = { metadata: { name: "" }, spec: plainSpec };
  const asking = { metadata: { name: "", labels: { [keys.inject.key]: "enabled" } }, spec: plainSpec };
  const lasts: readonly (readonly [owner: string, namespace: string, pod: FakePod])[] = [
    ["LastInjected", namespaceOf.pod, injected],
    ["LastAsking", namespaceOf.pod, asking],
    ["LastMissed", namespaceOf.namespace, missed],
    ["LastEnforced", namespaceOf.enforced, missed],
  ];
  for (const [owner, namespace, pod] of lasts) putPod(kube, { owner, namespace }, pod);
  putRefusal(kube, { owner: "LastRefused", namespace: namespaceOf.pod }, "1 problem in pod: (1) none [NoPort]");
  const untilTold = (owner: string, namespace: string): Promise<boolean> =>
    waitFor(`an Event on ${owner}`, () => listTold(kube, { owner, namespace }).length > 0);
  for (const [owner, namespace] of lasts) await untilTold(owner, namespace);
  await untilTold("LastRefused", namespaceOf.pod);
  putPod(kube, { owner: "Last", namespace: namespaceOf.pod }, injected);
  await untilTold("Last", namespaceOf.pod);
}

/** Events about probes and policies are other duties'. */
function listTold(kube: FakeKube, { owner, namespace }: Place): readonly Told[] {
  return kube.store
    .of(resources.events)
    .list()
    .filter(
      (event) => event["reportingController"] === "outrigger.dev/operator" && event.metadata.namespace === namespace,
    )
    .filter((event) => (event["regarding"] as { readonly name: string }).name === nameOf(owner))
    .map((event) => event as unknown as Told)
    .filter(({ reason }) => reasons[reason].area === "injection" || reason === "NotInjected");
}
