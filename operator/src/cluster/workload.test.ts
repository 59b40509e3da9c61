import { keys } from "@outrigger/api/keys";
import type { RawWorkload } from "@outrigger/kube";
import { expect, it } from "vitest";
import { createWorkloadReader } from "./workload.ts";

const raw: RawWorkload = {
  metadata: {
    name: "search",
    namespace: "tools",
    uid: "u",
    resourceVersion: "7",
    generation: 3,
    annotations: { [keys.idleTtl.key]: "10m" },
  },
  spec: { replicas: 2 },
  status: { observedGeneration: 3, replicas: 2, readyReplicas: 2 },
};
const read = createWorkloadReader("Deployment");

it("keeps of a workload with the annotation what sleeping needs, of others nothing", () => {
  expect(read(raw)).toEqual({
    kind: "Deployment",
    namespace: "tools",
    name: "search",
    uid: "u",
    resourceVersion: "7",
    idleTtl: { ok: true, ms: 600_000 },
    replicas: 2,
    isSettled: true,
  });
  expect(read({ ...raw, metadata: { ...raw.metadata, annotations: {} } })).toBeUndefined();
  expect(read({})).toBeUndefined();
});

it("says what the annotation should be where it is wrong", () => {
  const annotations = { [keys.idleTtl.key]: "10 minutes" };
  expect(read({ ...raw, metadata: { ...raw.metadata, annotations } })?.idleTtl).toEqual({
    ok: false,
    text: "10 minutes",
    expected: keys.idleTtl.form,
  });
});

it.each<[string, RawWorkload["status"]]>([
  ["its controller has not seen what it wants", { observedGeneration: 2, replicas: 2, readyReplicas: 2 }],
  ["a pod is not ready", { observedGeneration: 3, replicas: 2, readyReplicas: 1 }],
  ["it has a pod too many", { observedGeneration: 3, replicas: 3, readyReplicas: 2 }],
  ["it has no status yet", undefined],
])("does not stand still while %s", (_name, status) => {
  const { metadata, spec } = raw;
  expect(read(status === undefined ? { metadata: metadata!, spec: spec! } : { ...raw, status })?.isSettled).toBe(false);
});

it("wants one pod where it does not say how many", () => {
  const { metadata, status } = raw;
  expect(read({ metadata: metadata!, status: status! })).toMatchObject({ replicas: 1, isSettled: false });
});
