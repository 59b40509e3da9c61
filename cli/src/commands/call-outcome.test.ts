import { errorMetaKey } from "@outrigger/api/errors";
import { describe, expect, it } from "vitest";
import { formatWait, readOutcome, type CallOutcome } from "./call-outcome.ts";

const rpcError = (code: number, message: string, data: Record<string, unknown> = {}): CallOutcome =>
  readOutcome("a__b", { kind: "error", code, message, data, status: 200 });

describe("readOutcome", () => {
  it("tells a tool that does not exist from one that was called wrongly", () => {
    expect(rpcError(-32602, "Unknown tool: a__b").code).toBe("OUTRIGGER_ERR_TOOL_UNKNOWN");
    expect(rpcError(-32602, "Invalid arguments").code).toBe("OUTRIGGER_ERR_TOOL_FAILED");
  });

  it("reads a refusal with its wait, as an error or in a result", () => {
    const detail = { reason: "RateLimited", server: "a", retryAfterMs: 12_000 };
    expect(rpcError(10_429, "Limit slow is reached.", detail)).toEqual({
      code: "OUTRIGGER_ERR_REFUSED",
      what: "Limit slow is reached. Try again in 12 s.",
    });
    const result = {
      isError: true,
      content: [{ type: "text", text: "Slow down." }],
      _meta: { [errorMetaKey]: detail },
    };
    expect(readOutcome("a__b", { kind: "result", result })).toEqual({
      code: "OUTRIGGER_ERR_REFUSED",
      what: "Slow down. Try again in 12 s.",
    });
  });

  it("does not say the wait twice", () => {
    expect(rpcError(10_429, "Retry after 3 s.", { reason: "RateLimited", retryAfterMs: 3_000 }).what).toBe(
      "Retry after 3 s.",
    );
  });

  it("takes a server that is away for a failure, not for a refusal", () => {
    const data = { reason: "UpstreamUnavailable" };
    expect(rpcError(10_503, "away", data).code).toBe("OUTRIGGER_ERR_TOOL_FAILED");
  });

  it("prints what a tool says about its own error", () => {
    const result = { isError: true, content: [{ type: "text", text: "no such file" }] };
    expect(readOutcome("a__b", { kind: "result", result })).toMatchObject({
      result,
      code: "OUTRIGGER_ERR_TOOL_FAILED",
    });
    expect(readOutcome("a__b", { kind: "result", result: { content: [] } })).toEqual({ result: { content: [] } });
  });

  it("says that it can't answer a tool that asks back", () => {
    const result = { resultType: "input_required", inputRequests: {} };
    expect(readOutcome("a__b", { kind: "result", result }).what).toMatch(/asks back for input/);
  });

  it("maps HTTP refusals and silence", () => {
    expect(readOutcome("a", { kind: "broken", status: 401, why: "" }).code).toBe("OUTRIGGER_ERR_REFUSED");
    expect(readOutcome("a", { kind: "broken", status: 200, why: "x" }).code).toBe("OUTRIGGER_ERR_TOOL_FAILED");
    expect(readOutcome("a", { kind: "broken", status: 501, why: "x" })).toEqual({
      code: "OUTRIGGER_ERR_ENDPOINT_UNREACHABLE",
      what: "HTTP 501, and x",
    });
    expect(readOutcome("a", { kind: "unreachable", message: "ECONNREFUSED" }).code).toBe(
      "OUTRIGGER_ERR_ENDPOINT_UNREACHABLE",
    );
  });
});

describe("formatWait", () => {
  it("keeps waits short and never rounds a longer one down", () => {
    expect([400, 9_900, 10_100, 119_500, 121_000].map(formatWait)).toEqual([
      "0.4 s",
      "9.9 s",
      "11 s",
      "120 s",
      "3 min",
    ]);
  });
});
