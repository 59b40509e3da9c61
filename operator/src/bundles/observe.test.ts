import { expect, it } from "vitest";
import type { ClusterView } from "../cluster/view.ts";
import { makePod } from "../testing/pod.ts";
import { observeBundles, type BundleSources } from "./observe.ts";

const namespaces = ["opted", "holding", "plain", "leaving"].map((name) => ({
  name,
  uid: name,
  isOptedIn: name === "opted",
  isLeaving: name === "leaving",
}));
const view = { namespaces: () => namespaces, pods: () => [makePod("a", { namespace: "holding" })], bundles: () => [] };

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

it("guards namespaces that are opted in or hold injected pods", () => {
  expect(observe([])).toEqual(["opted", "holding"]);
});

it("guards every namespace that the installation is limited to, as long as it stays", () => {
  expect(observe(["plain", "leaving", "missing"])).toEqual(["opted", "holding", "plain"]);
});
