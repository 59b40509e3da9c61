/** Which object `KIND/NAME` means: kinds that hold pods, by the words that kubectl takes for them. Pure. */
import type { Resource } from "@outrigger/kube";

/** The object's kind and name. */
export interface ObjectName {
  readonly resource: Resource;
  readonly name: string;
}

const core = { group: "", version: "v1" } as const;
const apps = { group: "apps", version: "v1" } as const;
const batch = { group: "batch", version: "v1" } as const;

const kinds: readonly { readonly words: readonly string[]; readonly resource: Resource }[] = [
  { words: ["po"], resource: { ...core, plural: "pods", kind: "Pod" } },
  { words: ["deploy"], resource: { ...apps, plural: "deployments", kind: "Deployment" } },
  { words: ["sts"], resource: { ...apps, plural: "statefulsets", kind: "StatefulSet" } },
  { words: ["ds"], resource: { ...apps, plural: "daemonsets", kind: "DaemonSet" } },
  { words: ["rs"], resource: { ...apps, plural: "replicasets", kind: "ReplicaSet" } },
  { words: [], resource: { ...batch, plural: "jobs", kind: "Job" } },
  { words: ["cj"], resource: { ...batch, plural: "cronjobs", kind: "CronJob" } },
  { words: ["rc"], resource: { ...core, plural: "replicationcontrollers", kind: "ReplicationController" } },
];

/** Reads `pod/NAME`, `deploy/NAME`, `deployments.apps/NAME`; undefined with what was expected otherwise. */
export function readObjectName(
  text: string,
): { readonly ok: true; readonly value: ObjectName } | { readonly ok: false; readonly expected: string } {
  const [, word = "", name = ""] = /^([A-Za-z.]+)\/([a-z0-9][a-z0-9.-]*)$/.exec(text) ?? [];
  const short = word.toLowerCase().replace(/\..*$/, "");
  const known = kinds.find(
    ({ words, resource }) => [...words, resource.plural, resource.kind.toLowerCase()].includes(short) && short !== "",
  );
  if (known !== undefined) return { ok: true, value: { resource: known.resource, name } };
  const list = kinds.map(({ resource }) => resource.kind.toLowerCase()).join(", ");
  return { ok: false, expected: `KIND/NAME, where KIND is ${list}, or: tool NAME; got ${JSON.stringify(text)}` };
}
