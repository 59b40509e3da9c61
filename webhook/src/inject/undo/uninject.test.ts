/** The way back: pods that were injected come out as they were. */
import { keyList } from "@outrigger/api/keys";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPatch } from "../../fixtures/apply.ts";
import { anyPod, labelledPod } from "../../fixtures/pods.ts";
import { run, withMode } from "../../fixtures/random-runs.ts";
import { defaultConfig, type InjectionConfig } from "../config.ts";
import type { Operation } from "../outcome.ts";
import { toPointer } from "../patch/pointer.ts";
import { isObject, readList, readMember, readObject, readText } from "../read/json.ts";
import { uninject } from "./uninject.ts";

/** Configurations that differ in what they put where. */
const configs: readonly InjectionConfig[] = [
  { ...defaultConfig, imagePullSecrets: ["pull"] },
  { ...defaultConfig, sidecarKind: "container" },
  {
    ...defaultConfig,
    sidecarTemplate: {
      container: {
        env: [{ name: "REGION", value: "north" }],
        volumeMounts: [{ name: "outrigger-ca", mountPath: "/etc/ssl/corp" }],
        resources: { limits: { "ephemeral-storage": "64Mi" } },
      },
      volumes: [{ name: "outrigger-ca", configMap: { name: "ca", defaultMode: 0o644 } }],
      annotations: { "example.com/scrape": "no", "example.com/note": "ours" },
      labels: { team: "platform" },
    },
  },
];
const anyConfig = fc.constantFrom(...configs);

describe("the way back from injection", () => {
  it("F-015 gives every pod back as it was, whatever its mode, empty lists and nulls", () => {
    fc.assert(
      fc.property(labelledPod, anyConfig, (given, config) => {
        const pod = withExactNumbers(given);
        const admission = run(pod, { config });
        fc.pre(admission.action === "inject");
        const injected = applyPatch(pod, admission.patch);
        expect(applyPatch(injected, uninject(injected))).toEqual(withoutOwnKeys(pod));
      }),
      { numRuns: 250 },
    );
  });

  it("F-015 leads back from a second injection by another configuration or mode as well", () => {
    fc.assert(
      fc.property(
        labelledPod,
        fc.tuple(anyConfig, anyConfig),
        fc.constantFrom("same", "sidecar-port", "loopback", "named-port", "stdio"),
        (given, [first, second], mode) => {
          const pod = withExactNumbers(given);
          const change = (value: unknown): unknown => (mode === "same" ? value : withMode(value, mode));
          const before = run(pod, { config: first });
          fc.pre(before.action === "inject");
          const changed = change(applyPatch(pod, before.patch));
          const after = run(changed, { config: second });
          fc.pre(after.action === "inject");
          const injected = applyPatch(changed, after.patch);
          expect(run(injected, { config: second })).toMatchObject({ reason: "AlreadyInjected", patch: [] });
          // A change of mode takes a null away, which says the same.
          expect(withoutNulls(applyPatch(injected, uninject(injected)))).toEqual(
            withoutNulls(withoutOwnKeys(change(pod))),
          );
        },
      ),
      { numRuns: 250 },
    );
  });

  it("changes nothing of a pod that was never injected, nor twice, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(anyPod, labelledPod), (pod) => {
        const once = uninject(pod);
        const bare = once.length === 0 ? pod : applyPatch(pod, once);
        expect(uninject(bare)).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(fc.sample(labelledPod, 200).flatMap((pod) => uninject(pod))).toEqual([]);
  });

  it("keeps what others changed and added since", () => {
    fc.assert(
      fc.property(labelledPod, anyConfig, (pod, config) => {
        const admission = run(pod, { config });
        fc.pre(admission.action === "inject");
        const injected = applyPatch(pod, [...admission.patch, ...byOthers]);
        const bare = applyPatch(injected, uninject(injected));
        const spec = readObject(bare, "spec");
        const names = (key: string): unknown[] => readList(spec, key).map((each) => readText(each, "name"));
        expect(names("volumes")).toContain("late");
        expect(names("containers")).toContain("late-agent");
        expect(readObject(readObject(bare, "metadata"), "annotations")).toMatchObject({
          "kubectl.kubernetes.io/default-container": "late-agent",
        });
      }),
      { numRuns: 100 },
    );
  });
});

/** What a later webhook and a person did. */
const byOthers: readonly Operation[] = [
  { op: "add", path: "/spec/containers/0", value: { name: "late-agent", image: "registry.example.com/late:1" } },
  { op: "add", path: "/spec/volumes/-", value: { name: "late", emptyDir: {} } },
  { op: "add", path: "/metadata/annotations/kubectl.kubernetes.io~1default-container", value: "late-agent" },
];

/** Numbers that JSON does not hold exactly can't be recorded, and no field of Kubernetes has such. */
function withExactNumbers(pod: unknown): unknown {
  const text = JSON.stringify(pod, (_key, value: unknown) =>
    typeof value === "number" && !Number.isSafeInteger(value) ? 7 : value,
  );
  return JSON.parse(text) as unknown;
}

/** Members of objects that hold null, left out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (member === null ? [] : [[key, withoutNulls(member)]])),
  );
}

/** The pod without the annotations that are Outrigger's alone: a user's value there is not kept. */
function withoutOwnKeys(pod: unknown): unknown {
  const annotations = readObject(readMember(pod, "metadata"), "annotations");
  const own = keyList.filter(({ setBy }) => setBy === "outrigger").map(({ key }) => key);
  const operations = own
    .filter((key) => Object.hasOwn(annotations, key))
    .map((key): Operation => ({ op: "remove", path: toPointer(["metadata", "annotations", key]) }));
  return operations.length === 0 ? pod : applyPatch(pod, operations);
}
