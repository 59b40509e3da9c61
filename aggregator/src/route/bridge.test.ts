import { expect, it } from "vitest";
import { bridgeResult } from "./bridge.ts";

const content = [{ type: "hologram", beam: 7 }];

it("keeps unknown members and content types for both eras", () => {
  const result = { content, structuredContent: { a: 1 }, vendor: { deep: [1] }, _meta: { x: 1 } };
  expect(bridgeResult(result, "legacy")).toEqual({ ok: true, result });
  expect(bridgeResult(result, "modern")).toEqual({ ok: true, result: { ...result, resultType: "complete" } });
});

it("takes away what the legacy era does not know", () => {
  const result = { content, resultType: "complete", ttlMs: 1, cacheScope: "public", structuredContent: [1, 2] };
  expect(bridgeResult(result, "legacy")).toEqual({ ok: true, result: { content } });
});

it("refuses results that ask for input or stand for a task", () => {
  expect(bridgeResult({ resultType: "input_required", inputRequests: {} }, "modern")).toEqual({
    ok: false,
    resultType: '"input_required"',
  });
  expect(bridgeResult({ resultType: "task", taskId: "t" }, "legacy")).toEqual({ ok: false, resultType: '"task"' });
});
