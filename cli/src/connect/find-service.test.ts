import fc from "fast-check";
import { expect, it } from "vitest";
import { orderPods, pickService, readBackingPod, readService } from "./find-service.ts";

const service = {
  metadata: { name: "outrigger-aggregator", namespace: "outrigger-system" },
  spec: { selector: { a: "1", b: "2" }, ports: [{ name: "http", port: 80, targetPort: "endpoint" }] },
};
const found = {
  namespace: "outrigger-system",
  name: "outrigger-aggregator",
  selector: "a=1,b=2",
  targetPort: "endpoint",
};

it("F-178 reads the Service that clients use, and leaves out the one for metrics", () => {
  expect(readService(service)).toEqual(found);
  expect(
    readService({ ...service, spec: { ...service.spec, ports: [{ name: "metrics", port: 9091 }] } }),
  ).toBeUndefined();
  expect(readService({})).toBeUndefined();
});

it("F-178 takes the only aggregator there is, and asks which where there are several", () => {
  expect(pickService([found], undefined)).toEqual({ ok: true, service: found });
  expect(pickService([], "team")).toEqual({
    ok: false,
    why: "There is no Service of an aggregator in namespace team: Outrigger is not installed there.",
  });
  const other = { ...found, namespace: "a" };
  expect(pickService([found, other], undefined)).toMatchObject({
    ok: false,
    why: "There is more than one aggregator: a/outrigger-aggregator, outrigger-system/outrigger-aggregator. Give --namespace.",
  });
});

const podOf = (name: string, ready: string, more: object = {}) => ({
  metadata: { name, ...more },
  spec: { containers: [{ ports: [{ name: "endpoint", containerPort: 7777 }] }] },
  status: { conditions: [{ type: "Ready", status: ready }] },
});

it("reads a pod's port by name or number, and counts one that is ending as not ready", () => {
  expect(readBackingPod(podOf("a", "True"), "endpoint")).toEqual({ name: "a", isReady: true, port: 7777 });
  expect(readBackingPod(podOf("a", "False"), 80)).toEqual({ name: "a", isReady: false, port: 80 });
  expect(readBackingPod(podOf("a", "True", { deletionTimestamp: "2026-01-01T00:00:00Z" }), 80).isReady).toBe(false);
  expect(readBackingPod({}, "endpoint")).toEqual({ name: "", isReady: false, port: undefined });
});

it("tries the pod that was used before first, then the others, and only those that are ready and have the port", () => {
  const pod = fc.record({
    name: fc.stringMatching(/^[a-c]{1,2}$/),
    isReady: fc.boolean(),
    port: fc.option(fc.constant(80), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.uniqueArray(pod, { selector: ({ name }) => name }), fc.stringMatching(/^[a-c]$/), (pods, before) => {
      const ordered = orderPods(pods, before);
      const usable = pods.filter(({ isReady, port }) => isReady && port !== undefined);
      expect(new Set(ordered)).toEqual(new Set(usable));
      const [first, ...rest] = ordered.map(({ name }) => name);
      if (usable.some(({ name }) => name === before)) expect(first).toBe(before);
      expect(rest).toEqual(rest.toSorted());
    }),
  );
});
