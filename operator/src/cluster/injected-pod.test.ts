import { keys } from "@outrigger/api/keys";
import type { RawPod } from "@outrigger/kube";
import fc from "fast-check";
import { expect, it } from "vitest";
import { listAppPorts, sharesPort } from "./app-ports.ts";
import { toCanonical } from "./canonical.ts";
import { readEnforced, writeEnforced } from "@outrigger/api/enforced";
import { readInjectedPod } from "./injected-pod.ts";
import { readMissedPod } from "../events/read-missed.ts";

const pod: RawPod = {
  metadata: {
    name: "search-1",
    namespace: "tools",
    uid: "u1",
    creationTimestamp: "2026-11-21T10:00:00Z",
    labels: { [keys.injected.key]: "true", [keys.server.key]: "search" },
    annotations: {
      [keys.endpoint.key]: "19080/mcp",
      [keys.status.key]: '{"guarantee":"policy"}',
      [keys.enforced.key]: writeEnforced({ status: "True", reason: "PolicyEnforced", message: "m" }),
    },
    ownerReferences: [{ kind: "Node" }, { kind: "ReplicaSet", name: "search", controller: true }],
  },
  spec: {
    initContainers: [
      {
        name: "outrigger-sidecar",
        ports: [{ containerPort: 19_080 }, { containerPort: 19_081 }, { containerPort: 19_082 }],
        env: [
          { name: "OUTRIGGER_UPSTREAM", value: "http://127.0.0.1:8080/mcp" },
          { name: "OUTRIGGER_TRUST_KEYS", value: '{"keys":[{"kid":"a"},{"kid":"b"},7]}' },
        ],
      },
    ],
    containers: [
      {
        name: "app",
        ports: [{ containerPort: 9_000 }, { containerPort: 8_080 }, { containerPort: 53, protocol: "UDP" }],
      },
    ],
  },
  status: {
    phase: "Running",
    podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }],
    conditions: [{ type: "Ready", status: "True" }],
  },
};

it("keeps of a pod what policy, isolation and probe need", () => {
  expect(readInjectedPod(pod)).toEqual({
    uid: "u1",
    namespace: "tools",
    name: "search-1",
    server: "search",
    labels: pod.metadata?.labels,
    createdAt: "2026-11-21T10:00:00Z",
    isReady: true,
    addresses: ["10.0.0.1", "fd00::1"],
    dataPort: 19_080,
    upstreamPort: 8_080,
    declaredPorts: [8_080, 9_000],
    guarantee: "policy",
    pinnedKeys: ["a", "b"],
    policy: undefined,
    enforced: { status: "True", reason: "PolicyEnforced", message: "m" },
    controller: { kind: "ReplicaSet", name: "search", controller: true },
    shown: { group: "default" },
  });
});

it("keeps what people see of a server while it sleeps: group, image, transport", () => {
  const annotations = {
    [keys.group.key]: "search",
    [keys.transport.key]: "stdio",
    [keys.container.key]: "app",
  };
  const containers = [
    { name: "log", image: "log:1" },
    { name: "app", image: "app:2" },
  ];
  const shown = readInjectedPod({ ...pod, spec: { containers }, metadata: { ...pod.metadata, annotations } })?.shown;
  expect(shown).toEqual({ group: "search", image: "app:2", transport: "stdio" });
  const wrong = { [keys.group.key]: "Not A Name", [keys.transport.key]: "pigeon" };
  expect(readInjectedPod({ ...pod, metadata: { ...pod.metadata, annotations: wrong } })?.shown).toEqual({
    group: "default",
  });
});

it("leaves out pods that are finished or on their way out", () => {
  for (const change of [
    { status: { phase: "Succeeded" } },
    { metadata: { ...pod.metadata, deletionTimestamp: "x" } },
  ]) {
    expect(readInjectedPod({ ...pod, ...change })).toBeUndefined();
  }
});

it("takes what it can't read for the weakest guarantee", () => {
  for (const status of ["", "null", "{", '{"guarantee":"total"}', "[]"]) {
    const annotations = { [keys.status.key]: status };
    expect(readInjectedPod({ ...pod, metadata: { ...pod.metadata, annotations } })).toMatchObject({
      guarantee: "policy",
    });
  }
});

it("survives any annotation and any variable", () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), (json, text) => {
      for (const value of [json, text]) {
        const annotations = { [keys.status.key]: value, [keys.policy.key]: value, [keys.enforced.key]: value };
        const env = [
          { name: "OUTRIGGER_TRUST_KEYS", value },
          { name: "OUTRIGGER_UPSTREAM", value },
        ];
        const spec = { initContainers: [{ name: "outrigger-sidecar", env }] };
        expect(readInjectedPod({ ...pod, spec, metadata: { ...pod.metadata, annotations } })).toBeDefined();
      }
    }),
  );
});

it("counts as the app's ports what the sidecar does not hold", () => {
  const facts = readInjectedPod(pod)!;
  expect(listAppPorts(facts)).toEqual([8_080, 9_000]);
  expect(listAppPorts({ ...facts, dataPort: 8_080 })).toEqual([9_000]);
  expect(listAppPorts({ ...facts, upstreamPort: 19_083 })).toEqual([8_080, 9_000, 19_083]);
  expect([sharesPort(facts), sharesPort({ ...facts, dataPort: 8_080 })]).toEqual([false, true]);
});

it("writes and reads the result of a probe, and reads nothing else as one", () => {
  const result = { status: "False", reason: "BypassReachable", message: "10.0.0.1:8080" } as const;
  expect(readEnforced(writeEnforced(result))).toEqual(result);
  for (const text of [
    undefined,
    "",
    "null",
    '{"status":"Maybe"}',
    '{"status":"True","reason":"Because","message":""}',
  ]) {
    expect(readEnforced(text)).toBeUndefined();
  }
});

it("compares what the API server keeps, not how it was written", () => {
  expect(toCanonical({ b: [], a: { d: 1, c: undefined } })).toBe(toCanonical({ a: { d: 1 } }));
  expect(toCanonical({ a: [1, 2] })).not.toBe(toCanonical({ a: [2, 1] }));
  expect(toCanonical(undefined)).toBe("null");
});

it("tells of no static pod and no finished pod that it lacks the sidecar, and tells relays apart", () => {
  const plain: RawPod = {
    metadata: { name: "a", namespace: "tools", uid: "u" },
    spec: { containers: [{ image: "app:1" }] },
  };
  expect(readMissedPod(plain)).toMatchObject({ name: "a", inject: undefined, isRelay: false });
  const mirrored = { ...plain.metadata, annotations: { "kubernetes.io/config.mirror": "x" } };
  expect(readMissedPod({ ...plain, metadata: mirrored })).toBeUndefined();
  const image = "r.example/outrigger-sidecar@sha256:1";
  const running = (change: object): RawPod => ({ ...plain, spec: { containers: [{ image, ...change }] } });
  expect(readMissedPod(running({}))).toMatchObject({ isRelay: true });
  for (const change of [{ command: ["sh"] }, { args: ["--help"] }, { image: "r.example/other" }])
    expect(readMissedPod(running(change))).toMatchObject({ isRelay: false });
  expect(readMissedPod({ ...plain, status: { phase: "Failed" } })).toBeUndefined();
});
