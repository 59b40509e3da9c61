import { describe, expect, it } from "vitest";
import { narrowLatency, type LatencyCase } from "./latency.ts";
import { narrowCapacity, type ThroughputCase } from "./throughput.ts";

const count = { med: 0, min: 0, max: 0, clean: true };
const capacity: ThroughputCase = {
  name: "call-300B",
  subjects: { "bare passthrough": "list-20", sidecar: "denied", "SDK v1 relay": "list-20", "SDK v2 relay": "list-20" },
  figures: {
    ours_vs_bare: { of: "bare passthrough", by: "sidecar" },
    ours_vs_v1: { of: "SDK v1 relay", by: "sidecar" },
  },
  also: { ours_vs_best: { of: ["sidecar", "SDK v1 relay", "SDK v2 relay"], find: () => count } },
  rounds: "rounds",
};
const latency: LatencyCase = {
  name: "latency",
  through: ["bare passthrough", "sidecar", "SDK v1 relay", "SDK v2 relay"],
  optional: [],
  figures: {
    ours_vs_bare: { of: ["sidecar", "p50"], by: ["bare passthrough", "p50"] },
    ours_vs_v2: { of: ["sidecar", "p50"], by: ["SDK v2 relay", "p50"] },
  },
  rounds: "rounds",
};

/** The subjects and the figures that are left of the case of capacity. */
function left(...figures: readonly string[]) {
  const { subjects, figures: ratios, also = {} } = narrowCapacity(capacity, new Set(figures));
  return [Object.keys(subjects), [...Object.keys(ratios), ...Object.keys(also)]];
}

describe("a second try of capacity", () => {
  it("has the subjects that the missed bars name, beside the bare passthrough, each with its requests", () => {
    expect(left("ours_vs_bare")).toEqual([["bare passthrough", "sidecar"], ["ours_vs_bare"]]);
    expect(left("ours_vs_v1")).toEqual([["bare passthrough", "sidecar", "SDK v1 relay"], ["ours_vs_v1"]]);
    expect(left("ours_vs_best")).toEqual([Object.keys(capacity.subjects), ["ours_vs_best"]]);
    expect(narrowCapacity(capacity, new Set(["ours_vs_bare"])).subjects).toHaveProperty("sidecar", "denied");
  });

  it("has all of them where nothing was missed yet", () => {
    expect(narrowCapacity(capacity, undefined)).toBe(capacity);
  });
});

describe("a second try of latency", () => {
  it("goes through the subjects that the missed bars name", () => {
    expect(narrowLatency(latency, new Set(["ours_vs_bare"])).through).toEqual(["bare passthrough", "sidecar"]);
    expect(narrowLatency(latency, new Set(["ours_vs_v2"]))).toMatchObject({
      through: ["sidecar", "SDK v2 relay"],
      figures: { ours_vs_v2: latency.figures["ours_vs_v2"] },
    });
    expect(narrowLatency(latency, undefined)).toBe(latency);
  });
});
