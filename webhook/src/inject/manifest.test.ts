/** Manifests of every kind that holds pods. */
import { describe, expect, it } from "vitest";
import { applyPatch } from "../fixtures/apply.ts";
import { defaultConfig } from "./config.ts";
import { injectManifest, type ManifestOptions, type ManifestResult } from "./manifest.ts";
import { readList, readMember, readText } from "./read/json.ts";

const options: ManifestOptions = {
  namespace: "default",
  facts: { labels: {}, annotations: {} },
  config: defaultConfig,
};
const labels = { "outrigger.dev/inject": "enabled" };
const template = {
  metadata: { labels },
  spec: { containers: [{ name: "app", image: "x", ports: [{ containerPort: 8080 }] }] },
};
const workload = (apiVersion: string, kind: string, spec: object): object => ({
  apiVersion,
  kind,
  metadata: { name: "search" },
  spec,
});

const kinds: readonly (readonly [object, readonly string[]])[] = [
  [{ apiVersion: "v1", kind: "Pod", metadata: { name: "search", labels }, spec: template.spec }, []],
  [workload("v1", "ReplicationController", { template }), ["spec", "template"]],
  [workload("apps/v1", "Deployment", { template }), ["spec", "template"]],
  [workload("apps/v1", "StatefulSet", { template }), ["spec", "template"]],
  [workload("apps/v1", "DaemonSet", { template }), ["spec", "template"]],
  [workload("apps/v1", "ReplicaSet", { template }), ["spec", "template"]],
  [workload("batch/v1", "Job", { template }), ["spec", "template"]],
  [
    workload("batch/v1", "CronJob", { jobTemplate: { spec: { template } } }),
    ["spec", "jobTemplate", "spec", "template"],
  ],
];

function only(results: readonly ManifestResult[]): ManifestResult {
  const [first, ...more] = results;
  if (first === undefined || more.length > 0) throw new Error(`expected one result, got ${results.length}`);
  return first;
}

const serverOf = (pod: unknown): string | undefined =>
  readText(readMember(readMember(pod, "metadata"), "labels"), "outrigger.dev/server");

describe("manifests", () => {
  it.each(kinds)("F-018 injects the pod inside %j", (manifest, path) => {
    const result = only(injectManifest(manifest, options));
    expect(result.admission.reason).toBe("Injected");
    const patched = applyPatch(manifest, result.patch);
    const pod = path.reduce<unknown>((value, key) => readMember(value, key), patched);
    expect(readList(readMember(pod, "spec"), "initContainers")).toMatchObject([{ name: "outrigger-sidecar" }]);
    expect(serverOf(pod)).toBe("search");
    expect(only(injectManifest(patched, options))).toMatchObject({
      admission: { reason: "AlreadyInjected" },
      patch: [],
    });
  });

  it("injects the items of a list and leaves other kinds alone", () => {
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "search", namespace: "tools" } };
    const list = { apiVersion: "v1", kind: "List", items: [service, kinds[2]?.[0]] };
    const results = injectManifest(list, options);
    expect(results.map(({ kind, name, namespace, admission }) => [kind, name, namespace, admission.reason])).toEqual([
      ["Service", "search", "tools", "UnsupportedKind"],
      ["Deployment", "search", "default", "Injected"],
    ]);
    const patched = applyPatch(
      list,
      results.flatMap((result) => result.patch),
    );
    expect(readList(patched, "items")[0]).toEqual(service);
    expect(JSON.stringify(readList(patched, "items")[1])).toContain("outrigger-sidecar");
  });

  it("asks the entry that the labels select, unless one is named", () => {
    const unlabelled = workload("apps/v1", "Deployment", { template: { spec: template.spec } });
    const enabled = { labels: { "outrigger.dev/inject": "enabled" }, annotations: {} };
    const reasonWith = (change: Partial<ManifestOptions>): string =>
      only(injectManifest(unlabelled, { ...options, ...change })).admission.reason;
    expect(reasonWith({})).toBe("NotOptedIn");
    expect(reasonWith({ facts: enabled })).toBe("Injected");
    expect(reasonWith({ scope: "enforced" })).toBe("Injected");
  });

  it("hints at the template when the label stands on the workload", () => {
    const misplaced = {
      ...workload("apps/v1", "Deployment", { template: { spec: template.spec } }),
      metadata: { name: "search", labels },
    };
    const result = only(injectManifest(misplaced, options));
    expect(result.admission.reason).toBe("NotOptedIn");
    expect(result.warnings.map((warning) => warning.text)).toEqual([
      "outrigger.dev/inject belongs on spec.template.metadata.labels",
    ]);
  });

  it.each([[null], ["x"], [[]], [{ kind: "List" }], [{ apiVersion: "apps/v1", kind: "Deployment" }]])(
    "takes %j without throwing",
    (manifest) => {
      expect(injectManifest(manifest, options)).toHaveLength(1);
    },
  );
});
