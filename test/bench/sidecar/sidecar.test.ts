import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { listBars } from "./bars.ts";
import { shippedFlags } from "./lineup.ts";
import { checkAnswer, loadNamed } from "./loads.ts";
import { caseNames } from "./run.ts";
import { withStage } from "./stage.ts";

describe("what is measured", () => {
  it("runs with the flags with which the webhook starts the sidecar", () => {
    const source = readFileSync(new URL("../../../webhook/src/inject/build/environment.ts", import.meta.url), "utf8");
    expect(source).toContain(`setLiteral("NODE_OPTIONS", "${shippedFlags.join(" ")}")`);
  });

  it("has a case behind each bar, and each figure once", () => {
    const bars = listBars([1_000, 5_000]);
    expect(bars.filter(({ case: name }) => !caseNames.includes(name))).toEqual([]);
    expect(new Set(bars.map(({ figure }) => figure)).size).toBe(bars.length);
    expect(bars.filter(({ atLeast, atMost }) => (atLeast === undefined) === (atMost === undefined))).toEqual([]);
  });

  it("answers rightly through everybody who needs no package of others, and refusals and filters are seen", async () => {
    await withStage(async (stage) => {
      for (const name of ["bare passthrough", "SDK v1 relay", "SDK v2 relay", "sidecar, stdio"] as const) {
        const subject = await stage.subject(name);
        for (const load of ["call-300B", "call-1MB-in", "call-1MB-out", "call-sse"] as const)
          await checkAnswer(loadNamed(load), subject, stage.direct);
      }
      const sidecar = await stage.subject("sidecar");
      for (const load of ["denied", "limited", "list-20-filtered"] as const) {
        await checkAnswer(loadNamed(load), sidecar, stage.direct);
        const bare = await stage.subject("bare passthrough");
        await expect(checkAnswer(loadNamed(load), bare, stage.direct)).rejects.toThrow("bare passthrough");
      }
      expect(stage.ended()).toEqual([]);
    });
  });
});
