import type { RawPod } from "@outrigger/kube";
import { expect, it } from "vitest";
import { readPod } from "./read-pod.ts";

type Overrides = { [K in "labels" | "annotations"]?: Record<string, string> } & { status?: RawPod["status"] };

function injectedPod({ labels, annotations, status }: Overrides = {}): RawPod {
  return {
    metadata: {
      name: "github-7d9c-x2x",
      namespace: "tools",
      uid: "u1",
      creationTimestamp: "2026-11-01T10:00:00Z",
      labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "github", team: "web", ...labels },
      annotations: { "outrigger.dev/endpoint": "19080/mcp", ...annotations },
    },
    spec: {
      containers: [
        { name: "app", image: "ghcr.io/acme/github:1" },
        { name: "logs", image: "logs:2" },
      ],
    },
    status: status ?? { phase: "Running", podIP: "10.1.2.3", conditions: [{ type: "Ready", status: "True" }] },
  };
}

function problemOf(pod: RawPod): string | undefined {
  const reading = readPod(pod);
  return reading.kind === "problem" ? reading.problem.reason : reading.kind;
}

it("F-025 reads what was measured about enforcement, and nothing out of another form", () => {
  const annotate = (text: string) => readPod(injectedPod({ annotations: { "outrigger.dev/enforced": text } }));
  const enforced = { status: "False", reason: "BypassReachable", message: "10.0.0.1:8080 answers" };
  expect(annotate(JSON.stringify(enforced))).toMatchObject({ sidecar: { enforced } });
  for (const text of ["", "null", "[]", '{"status":"Maybe","reason":"x","message":""}', '{"status":"True"}']) {
    expect(annotate(text)).not.toHaveProperty("sidecar.enforced");
  }
});

it("F-108 takes what the owner says of routing, and of what is not right the rest", () => {
  const annotate = (values: Readonly<Record<string, string>>) =>
    readPod(
      injectedPod({
        annotations: Object.fromEntries(Object.entries(values).map(([key, value]) => [`outrigger.dev/${key}`, value])),
      }),
    );
  const routing = { strategy: "Failover", affinity: "None", weight: 7, priority: 2, retry: "ReadOnly" };
  const texts = { strategy: "Failover", affinity: "None", weight: "7", priority: "2", retry: "ReadOnly" };
  expect(annotate(texts)).toMatchObject({ sidecar: { routing } });
  const broken = annotate({ ...texts, strategy: "failover", weight: "0" });
  expect(broken).toMatchObject({ sidecar: { routing: { affinity: "None", priority: 2, retry: "ReadOnly" } } });
  expect(broken).not.toHaveProperty("sidecar.routing.strategy");
});

it("F-066 takes identity from the pod and its labels: name, namespace, creation time, labels", () => {
  expect(readPod(injectedPod())).toMatchObject({
    kind: "sidecar",
    sidecar: {
      key: "pod:u1",
      namespace: "tools",
      server: "github",
      createdAt: "2026-11-01T10:00:00Z",
      labels: { team: "web" },
      group: "default",
      isReady: true,
    },
  });
});

it("F-067 takes image, transport and address; the address is the pod's, port and path are the annotation's", () => {
  const pod = injectedPod({
    annotations: {
      "outrigger.dev/endpoint": "8080/v1/mcp",
      "outrigger.dev/transport": "stdio",
      "outrigger.dev/container": "logs",
      "outrigger.dev/group": "development",
    },
  });
  expect(readPod(pod)).toMatchObject({
    sidecar: {
      dataUrl: "http://10.1.2.3:8080/v1/mcp",
      controlUrl: "http://10.1.2.3:19081",
      transport: "stdio",
      image: "logs:2",
      group: "development",
      origin: "Injected",
    },
  });
});

it("writes an IPv6 address in brackets", () => {
  const pod = injectedPod({ status: { phase: "Running", podIP: "fd00::7" } });
  expect(readPod(pod)).toMatchObject({ sidecar: { dataUrl: "http://[fd00::7]:19080/mcp", isReady: false } });
});

it("never takes an address from an annotation", () => {
  for (const text of ["http://evil.example/mcp", "evil.example:19080/mcp", "19080", "70000/mcp", ""]) {
    expect(problemOf(injectedPod({ annotations: { "outrigger.dev/endpoint": text } })), text).toBe("EndpointInvalid");
  }
});

it("names a pod that asks for the sidecar and does not carry it", () => {
  expect(problemOf({ metadata: { name: "old", labels: { "outrigger.dev/inject": "enabled" } } })).toBe("NotInjected");
  const withoutAnnotation = { metadata: { name: "forged", labels: { "outrigger.dev/injected": "true" } } };
  expect(problemOf(withoutAnnotation)).toBe("NotInjected");
});

it("waits for an address, and leaves out pods that are finished or on their way out", () => {
  expect(problemOf(injectedPod({ status: { phase: "Pending" } }))).toBe("Starting");
  expect(problemOf(injectedPod({ status: { phase: "Succeeded", podIP: "10.1.2.3" } }))).toBe("none");
  const pod = injectedPod();
  expect(problemOf({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: "2026-11-01T11:00:00Z" } })).toBe("none");
  expect(problemOf({})).toBe("none");
});

it("takes the default, or none, where an annotation has a value that is not allowed", () => {
  const pod = injectedPod({
    annotations: { "outrigger.dev/group": "Not A Label", "outrigger.dev/transport": "carrier" },
  });
  const reading = readPod(pod);
  expect(reading).toMatchObject({ sidecar: { group: "default" } });
  expect(reading).not.toHaveProperty("sidecar.transport");
});
