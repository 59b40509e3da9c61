import { describe, expect, it } from "vitest";
import { quantile } from "./load.ts";
import { formatReport } from "./report.ts";
import { spread } from "./sidecar.ts";

describe("benchmark report", () => {
  it("takes the median with least and most of a series", () => {
    expect(spread([3, 1, 2])).toEqual({ med: 2, min: 1, max: 3 });
    expect(quantile([10, 20, 30, 40], 0.9)).toBe(40);
  });

  it("aligns every column and says that runs can't be compared", () => {
    const one = { med: 40, min: 38.5, max: 41.2 };
    const text = formatReport(
      { node: "v24", cpu: "cpu x 2", kernel: "6", commit: "abc", pinned: true, loadBefore: 0.1, loadAfter: 1 },
      {
        cases: [
          {
            case: "call of 300 bytes",
            subject: "bare passthrough",
            callsPerSecond: one,
            cpuUs: one,
            callsPerCpuSecond: 25_000,
            ratioToBare: 1,
          },
          {
            case: "call of 300 bytes",
            subject: "sidecar",
            callsPerSecond: one,
            cpuUs: { ...one, med: 50 },
            callsPerCpuSecond: 20_000,
            ratioToBare: 0.8,
          },
        ],
        latency: [{ subject: "no proxy", p50us: 70, p90us: 90, addedP50us: 0 }],
        memory: [{ subject: "sidecar", rssMiB: 60, anonMiB: 20 }],
      },
    );
    expect(text).toContain("compare within this run only");
    expect(text).toContain("0.80x");
    const table = text.split("\n\n")[1]?.split("\n") ?? [];
    const secondColumn = ["subject", "---", "bare passthrough", "sidecar"].map((text, at) =>
      table[at]?.indexOf(text, 6),
    );
    expect(secondColumn[0]).toBeGreaterThan(6);
    expect([secondColumn[2], secondColumn[3]]).toEqual([secondColumn[0], secondColumn[0]]);
    expect(table[2]?.length).toBe(table[3]?.length);
  });
});
