/** Resources of our containers beside those of random pods, as Kubernetes takes them: by the containers, by the pod, with huge pages and devices. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPatch } from "../../fixtures/apply.ts";
import { classes, fillIn, findClass, findProblems, type Pod } from "../../fixtures/kube-resources.ts";
import { patchOf, run } from "../../fixtures/random-runs.ts";
import { anyPodOfResources, fromSpec, toSpec } from "../../fixtures/resource-pods.ts";
import { defaultConfig } from "../config.ts";
import { readMember } from "../read/json.ts";
import { findQosClass } from "../read/qos.ts";

const settings = fc.record({
  isStdio: fc.boolean(),
  isPlain: fc.boolean(),
  annotations: fc.record(
    {
      "sidecar-cpu-request": fc.constantFrom("0", "20m"),
      "sidecar-cpu-limit": fc.constantFrom("0", "500m"),
      "sidecar-memory-limit": fc.constantFrom("64Mi", "160Mi", "1Gi"),
    },
    { requiredKeys: [] },
  ),
});
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;

/** The pod as it is stored after injection. */
function inject(pod: Pod, { isStdio, isPlain, annotations }: Settings): Pod {
  const all = { container: "app", ...(isStdio ? { transport: "stdio" } : {}), ...annotations };
  const manifest = {
    metadata: {
      name: "random",
      labels: { "outrigger.dev/inject": "enabled" },
      annotations: Object.fromEntries(Object.entries(all).map(([key, value]) => [`outrigger.dev/${key}`, value])),
    },
    spec: toSpec(pod),
  };
  const config = { ...defaultConfig, sidecarKind: isPlain ? ("container" as const) : ("native" as const) };
  const admission = run(manifest, { config });
  expect(admission.action).toBe("inject");
  return fillIn(fromSpec(readMember(applyPatch(manifest, patchOf(admission)), "spec")));
}

const rank = (pod: Pod): number => classes.indexOf(findClass(pod));
const withoutOwn = ({ containers, init }: Pod): Pod => ({ containers, init });

describe("resources of our containers", () => {
  it("F-042 leave a pod that Kubernetes takes one that it takes, of no lower class, as it comes and as a manifest", () => {
    fc.assert(
      fc.property(anyPodOfResources, settings, fc.boolean(), (pod, how, isManifest) => {
        const stored = fillIn(pod);
        const after = inject(isManifest ? pod : stored, how);
        expect(findProblems(after)).toEqual([]);
        expect(rank(after)).toBeGreaterThanOrEqual(rank(stored));
      }),
      { numRuns: 2_000 },
    );
  });

  it("F-042 keep the class by the containers, too, where the pod as a whole has room: a cluster may not read that", () => {
    const roomy = anyPodOfResources.map((pod) => {
      const most = { cpu: 8_000, memory: 8_000 };
      return { ...withoutOwn(pod), own: { limits: most, requests: most } };
    });
    fc.assert(
      fc.property(roomy, settings, (pod, how) => {
        const before = fillIn(withoutOwn(pod));
        expect(rank(fillIn(withoutOwn(inject(pod, how))))).toBeGreaterThanOrEqual(rank(before));
      }),
      { numRuns: 1_000 },
    );
  });

  it("F-042 are told by the class that Kubernetes gives", () => {
    fc.assert(
      fc.property(anyPodOfResources, (pod) => {
        expect(findQosClass(toSpec(pod))).toBe(findClass(fillIn(pod)));
      }),
      { numRuns: 1_000 },
    );
  });
});
