import { expect, it } from "vitest";
import { createDiscovery, type Discovered } from "./discovery.ts";
import type { DiscoveredSet, DiscoveredSidecar, DiscoveryProblem, DiscoverySource } from "./source.ts";

const sidecar = (key: string): DiscoveredSidecar => ({
  key,
  namespace: "tools",
  server: key,
  group: "default",
  dataUrl: "http://127.0.0.1:1/mcp",
  controlUrl: "http://127.0.0.1:2",
  labels: {},
  createdAt: "",
  origin: "Injected",
  transport: "streamable-http",
  headers: {},
  isReady: true,
});

const problem = (key: string): DiscoveryProblem => {
  const { namespace, server, createdAt, origin, labels } = sidecar(key);
  return { key, namespace, server, createdAt, origin, labels, reason: "NotInjected", message: "" };
};

/** A source that tells what a test gives it. */
function createManualSource(name: "file" | "pods"): DiscoverySource & { tell: (set: DiscoveredSet) => void } {
  let onSet: ((set: DiscoveredSet) => void) | undefined;
  let isTold = false;
  return {
    name,
    start: (listener) => {
      onSet = listener;
      return Promise.resolve();
    },
    tell: (set) => {
      isTold = true;
      onSet?.(set);
    },
    isSynced: () => isTold,
    stop: () => Promise.resolve(),
  };
}

it("gives one set from all sources; a source that fails takes nothing from the others", async () => {
  const file = createManualSource("file");
  const pods = createManualSource("pods");
  let last: Discovered | undefined;
  const discovery = createDiscovery([file, pods], (discovered) => {
    last = discovered;
  });
  await discovery.start();
  file.tell({ sidecars: [sidecar("a")], problems: [] });
  expect(discovery.isSynced()).toBe(false);
  pods.tell({ sidecars: [sidecar("b")], problems: [], fault: "pods: 500" });
  expect(discovery.isSynced()).toBe(true);
  expect(last?.sidecars.map(({ key }) => key)).toEqual(["a", "b"]);
  expect(last?.faults).toEqual(["pods: 500"]);
});

it("says why each sidecar is gone: by its problem, by what its source knows, or by its absence", async () => {
  const file = createManualSource("file");
  const pods = createManualSource("pods");
  const gone: string[] = [];
  const whyGone: DiscoverySource["whyGone"] = (key) => (key === "b" ? "PodNotListed" : "PodDeleted");
  const discovery = createDiscovery(
    [file, { ...pods, whyGone }],
    () => undefined,
    ({ sidecar: { key }, reason }) => gone.push(`${key} ${reason}`),
  );
  await discovery.start();
  file.tell({ sidecars: [sidecar("a"), sidecar("d")], problems: [] });
  pods.tell({ sidecars: [sidecar("b"), sidecar("c"), sidecar("d")], problems: [] });
  pods.tell({ sidecars: [sidecar("c"), sidecar("d")], problems: [] });
  pods.tell({ sidecars: [], problems: [problem("c")] });
  // Another source still names d.
  file.tell({ sidecars: [], problems: [] });
  expect(gone).toEqual(["b PodNotListed", `c ${problem("c").reason}`, "a EntryRemoved", "d EntryRemoved"]);
});

it("is heard once any source was read, and synced once all were", async () => {
  const [file, pods] = [createManualSource("file"), createManualSource("pods")];
  const discovery = createDiscovery([file, pods], () => undefined);
  await discovery.start();
  expect([discovery.isHeard(), discovery.isSynced()]).toEqual([false, false]);
  file.tell({ sidecars: [], problems: [] });
  expect([discovery.isHeard(), discovery.isSynced()]).toEqual([true, false]);
});

it("counts a pod once while it moves from one watch to the other", async () => {
  const pods = createManualSource("pods");
  const discovery = createDiscovery([pods], () => undefined);
  await discovery.start();
  pods.tell({ sidecars: [sidecar("a"), sidecar("a")], problems: [problem("a"), problem("b")] });
  expect(discovery.current().sidecars).toHaveLength(1);
  expect(discovery.current().problems.map(({ key }) => key)).toEqual(["b"]);
});
