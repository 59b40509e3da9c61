import { expect, it } from "vitest";
import type { ClusterView } from "../cluster/view.ts";
import { observeIsolation } from "../isolation/observe.ts";
import { makePod } from "../testing/pod.ts";
import { observeBundles, type BundleSources } from "./observe.ts";

const namespaces = ["opted", "holding", "sleeping", "plain", "leaving"].map((name) => ({
  name,
  uid: name,
  isOptedIn: name === "opted",
  isLeaving: name === "leaving",
}));
const view = {
  namespaces: () => namespaces,
  pods: () => [makePod("a", { namespace: "holding" })],
  asleep: () => [
    { name: "kept", uid: "k", identity: { ok: true, value: { namespace: "sleeping" } } },
    { name: "broken", uid: "b", identity: { ok: false, problem: "no JSON" } },
  ],
  bundles: () => [],
  policies: () => [],
};

/** Neither policy nor keys are looked into at this stage. */
const observe = (chosen: readonly string[]) =>
  observeBundles({
    view: view as unknown as ClusterView,
    system: new Set(),
    chosen,
    policy: () => ({}) as ReturnType<BundleSources["policy"]>,
    keys: () => ({}) as ReturnType<BundleSources["keys"]>,
    nowMs: () => 0,
  })?.guarded;

it("guards namespaces that are opted in, or hold injected pods or servers that sleep, in policy and in isolation", () => {
  expect(observe([])).toEqual(["opted", "holding", "sleeping"]);
  const { guarded } = observeIsolation(view as unknown as ClusterView, new Set());
  expect(guarded).toEqual(["opted", "holding", "sleeping"]);
});

it("guards every namespace that the installation is limited to, as long as it stays", () => {
  expect(observe(["plain", "leaving", "missing"])).toEqual(["opted", "holding", "sleeping", "plain"]);
});
