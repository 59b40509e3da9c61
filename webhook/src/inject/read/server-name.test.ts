/** Names of servers and owners, from metadata alone. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDnsLabel } from "@outrigger/api/values";
import { describePod, findOwner, nameServer } from "./server-name.ts";

const owned = (kind: string, name: string, labels = {}): Record<string, unknown> => ({
  labels,
  ownerReferences: [
    { kind: "Other", name: "other" },
    { kind, name, controller: true },
  ],
});

describe("server names", () => {
  it.each([
    ["ReplicaSet", "search-5d8f9c7b6", { "pod-template-hash": "5d8f9c7b6" }, "Deployment", "search"],
    ["ReplicaSet", "search-5d8f9c7b6", {}, "ReplicaSet", "search-5d8f9c7b6"],
    ["ReplicaSet", "search", { "pod-template-hash": "search" }, "ReplicaSet", "search"],
    ["StatefulSet", "search", {}, "StatefulSet", "search"],
    ["Job", "import-28931040", {}, "CronJob", "import"],
    ["Job", "import-2024", {}, "Job", "import-2024"],
    ["Rollout", "search", {}, "Rollout", "search"],
    ["ReplicaSet", "search-6c9d", { "rollouts-pod-template-hash": "6c9d" }, "Rollout", "search"],
    ["ReplicaSet", "search-6c9d", { "rollouts-pod-template-hash": "other" }, "ReplicaSet", "search-6c9d"],
  ])("take %s %s with labels %j for %s %s", (kind, name, labels, ownerKind, server) => {
    const metadata = owned(kind, name, labels);
    expect(findOwner(metadata)).toEqual({ kind: ownerKind, name: server });
    expect(nameServer(metadata, findOwner(metadata))).toBe(server);
  });

  it("stay the same over the revisions of a Knative Service, whose Deployments bear the revision's name", () => {
    const nameOf = (kind: string, labels: object): string => {
      const metadata = owned(kind, "search-00003-deployment-7c8d", { "pod-template-hash": "7c8d", ...labels });
      return nameServer(metadata, findOwner(metadata));
    };
    const revision = { "serving.knative.dev/revision": "search-00003", "serving.knative.dev/service": "search" };
    expect(nameOf("ReplicaSet", revision)).toBe("search");
    expect(nameOf("ReplicaSet", { ...revision, "serving.knative.dev/revision": "other-00001" })).toBe(
      "search-00003-deployment",
    );
    expect(nameOf("ReplicaSet", { ...revision, "serving.knative.dev/service": "" })).toBe("search-00003-deployment");
    expect(nameOf("StatefulSet", revision)).toBe("search-00003-deployment-7c8d");
  });

  it("follow the pod's own name where nobody owns it, and never fail", () => {
    expect(nameServer({ name: "search-0" }, undefined)).toBe("search-0");
    expect(nameServer({ generateName: "search-" }, undefined)).toBe("search");
    expect(nameServer({ name: "", generateName: "search-" }, undefined)).toBe("search");
    expect(nameServer({}, undefined)).toBe("server");
  });

  it("keep two names apart that only differ beyond what a label holds", () => {
    const long = "a".repeat(70);
    const names = [nameServer({ name: `${long}1` }, undefined), nameServer({ name: `${long}2` }, undefined)];
    expect(new Set(names).size).toBe(2);
    expect(nameServer({ name: "a.b" }, undefined)).not.toBe(nameServer({ name: "a-b" }, undefined));
  });

  it("are DNS labels, whatever the pod is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(parseDnsLabel(nameServer({ name }, undefined)).ok).toBe(true);
      }),
    );
  });

  it("stand in messages beside the pod", () => {
    const metadata = { ...owned("ReplicaSet", "search-1", { "pod-template-hash": "1" }), generateName: "search-1-" };
    expect(describePod(metadata, findOwner(metadata))).toBe('pod "search-1-..." (Deployment search)');
    expect(describePod({}, undefined)).toBe("pod");
  });
});
