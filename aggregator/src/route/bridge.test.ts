import { expect, it } from "vitest";
import { asksForInput, bridgeError, bridgeResult, type BridgedTo } from "./bridge.ts";

const toLegacy: BridgedTo = { callerEra: "legacy", method: "tools/call" };
const toModern: BridgedTo = { callerEra: "modern", method: "tools/call" };
const content = [{ type: "hologram", beam: 7 }];

it("keeps unknown members and content types for both eras", () => {
  const result = { content, structuredContent: { a: 1 }, vendor: { deep: [1] }, _meta: { x: 1 } };
  expect(bridgeResult(result, toLegacy)).toEqual({ ok: true, result });
  expect(bridgeResult(result, toModern)).toEqual({ ok: true, result: { ...result, resultType: "complete" } });
});

it("takes away what the legacy era does not know", () => {
  const result = { content, resultType: "complete", ttlMs: 1, cacheScope: "public", structuredContent: [1, 2] };
  expect(bridgeResult(result, toLegacy)).toEqual({ ok: true, result: { content } });
});

it("passes questions of the methods that may ask, and refuses them of others and results that stand for a task", () => {
  const asking = { resultType: "input_required", inputRequests: {} };
  expect(bridgeResult(asking, toModern)).toEqual({ ok: true, result: asking });
  expect(asksForInput(asking)).toBe(true);
  const refused = { ok: false, resultType: '"input_required"' };
  expect(bridgeResult(asking, { ...toModern, method: "completion/complete" })).toEqual(refused);
  expect(bridgeResult({ resultType: "task", taskId: "t" }, toLegacy)).toEqual({ ok: false, resultType: '"task"' });
});

it("tells modern callers how long a resource may be kept, and as little as the server says", () => {
  const toReader: BridgedTo = { callerEra: "modern", method: "resources/read" };
  expect(bridgeResult({ contents: [] }, toReader)).toEqual({
    ok: true,
    result: { contents: [], ttlMs: 0, cacheScope: "private", resultType: "complete" },
  });
  expect(bridgeResult({ contents: [], ttlMs: 5, cacheScope: "public" }, toReader)).toMatchObject({
    result: { ttlMs: 5, cacheScope: "public" },
  });
});

it("gives modern callers the code of their era for a resource that is not there", () => {
  const absent = { code: -32_002, message: "no such resource", data: { uri: "a:b" } };
  expect(bridgeError(absent, toModern)).toEqual({ ...absent, code: -32_602 });
  expect(bridgeError(absent, toLegacy)).toEqual(absent);
  expect(bridgeError({ code: 7, message: "other" }, toModern)).toEqual({ code: 7, message: "other" });
});
