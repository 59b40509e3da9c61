/** Says who a pod belongs to, and the server name that follows from it, from the pod's metadata alone: no look-ups. */
import { createHash } from "node:crypto";
import { isObject, readList, readMember, readObject, readText, type JsonObject } from "./json.ts";

/** The workload that a pod comes from. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

/**
 * The workload behind a pod, as far as its metadata tells: a ReplicaSet that carries the pod's template hash stands for
 * its Deployment or Argo's Rollout, a Job with a schedule's number for its CronJob. Undefined for a bare pod.
 */
export function findOwner(metadata: JsonObject): Owner | undefined {
  const references = readList(metadata, "ownerReferences").filter(isObject);
  const controller = references.find((each) => readMember(each, "controller") === true);
  const kind = readText(controller, "kind");
  const name = readText(controller, "name");
  if (kind === undefined || name === undefined) return undefined;
  return toOwner(kind, name, readObject(metadata, "labels"));
}

/** Labels with the hash that a ReplicaSet's name ends in, by who makes such ReplicaSets. */
const hashLabels: Readonly<Record<string, string>> = {
  "pod-template-hash": "Deployment",
  "rollouts-pod-template-hash": "Rollout",
};

/** The workload that a person wrote, from the object that owns the pod. `labels` are the pod's. */
export function toOwner(kind: string, name: string, labels: JsonObject): Owner {
  for (const [label, maker] of Object.entries(hashLabels)) {
    const hash = readText(labels, label);
    if (kind === "ReplicaSet" && hash !== undefined && name.endsWith(`-${hash}`))
      return { kind: maker, name: name.slice(0, -hash.length - 1) };
  }
  // A CronJob names its Jobs after the scheduled minute: eight digits until the year 2160.
  if (kind === "Job" && /.-[0-9]{8}$/.test(name)) return { kind: "CronJob", name: name.slice(0, -9) };
  return { kind, name };
}

/** A member that may be there but empty, as the API server sends names that it has yet to make. */
const readName = (metadata: JsonObject, key: string): string | undefined => readText(metadata, key) || undefined;

/** The server's name: a DNS label, cut with a hash where the workload's name is longer or holds dots. */
export function nameServer(metadata: JsonObject, owner: Owner | undefined): string {
  const generated = readName(metadata, "generateName")?.replace(/-$/, "");
  const name = findKnativeService(metadata, owner) ?? owner?.name;
  return toDnsLabel(name ?? readName(metadata, "name") ?? generated ?? "server");
}

/** The Knative Service behind a Deployment that Knative made: each of its revisions has a Deployment, and a name, of its own. */
function findKnativeService(metadata: JsonObject, owner: Owner | undefined): string | undefined {
  const labels = readObject(metadata, "labels");
  const revision = readName(labels, "serving.knative.dev/revision") ?? "";
  const isOfRevision = owner?.kind === "Deployment" && owner.name === `${revision}-deployment`;
  return isOfRevision ? readName(labels, "serving.knative.dev/service") : undefined;
}

/** How a message names a pod: `pod "search-..." (Deployment search)`. */
export function describePod(metadata: JsonObject, owner: Owner | undefined): string {
  const generated = readName(metadata, "generateName");
  const name = readName(metadata, "name") ?? (generated === undefined ? "" : `${generated}...`);
  const pod = name === "" ? "pod" : `pod ${JSON.stringify(name.slice(0, 80))}`;
  return owner === undefined ? pod : `${pod} (${owner.kind.slice(0, 63)} ${owner.name.slice(0, 80)})`;
}

function toDnsLabel(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  if (plain !== "" && plain === name && plain.length <= 63) return plain;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${plain.slice(0, 54).replace(/-+$/, "") || "server"}-${hash}`;
}
