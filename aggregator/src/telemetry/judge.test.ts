import { errorMetaKey } from "@outrigger/api/errors";
import { describe, expect, it } from "vitest";
import { describeFailure, judge, labelFailure, reasonOfStatus, type Course, type OperationEnd } from "./judge.ts";

const ok: OperationEnd = { kind: "result", result: { content: [] } };
const toolError: OperationEnd = { kind: "result", result: { isError: true } };
const errorOf = (code: number, data?: unknown): OperationEnd => ({
  kind: "error",
  error: { code, message: "no", ...(data === undefined ? {} : { data }) },
});
const limited = errorOf(10_429, { outrigger: { reason: "RateLimited" } });
const timedOut: OperationEnd = {
  kind: "result",
  result: { isError: true, _meta: { [errorMetaKey]: { reason: "UpstreamTimeout" } } },
};
const course: Course = { method: "tools/call", isRouted: false };
const routed: Course = { ...course, isRouted: true };

describe("the judgement of an operation", () => {
  it.each([
    ["an answer", ok, course, ["allow", "Allowed", "ok"]],
    [
      "a tool that is none of the caller's",
      toolError,
      { ...course, denied: "ToolDenied" },
      ["deny", "ToolDenied", "tool_error"],
    ],
    ["arguments of the wrong form", errorOf(-32_602), course, ["deny", "ArgumentsInvalid", "error"]],
    [
      "a cursor of the wrong form",
      errorOf(-32_602),
      { ...course, method: "tools/list" },
      ["deny", "RequestMalformed", "error"],
    ],
    ["a method that nobody has", errorOf(-32_601), { ...course, method: "x/y" }, ["deny", "MethodDenied", "error"]],
    ["a fault of ours", errorOf(-32_603), course, ["deny", "Internal", "error"]],
    ["a refusal of the sidecar", limited, routed, ["allow", "RateLimited", "error"]],
    ["a server that took too long", timedOut, routed, ["allow", "UpstreamTimeout", "tool_error"]],
    ["a server's own error", errorOf(-32_603), routed, ["allow", "Allowed", "error"]],
    [
      "a reason that a server made up",
      errorOf(1, { outrigger: { reason: "constructor" } }),
      routed,
      ["allow", "Allowed", "error"],
    ],
    ["a caller that has gone", { kind: "cancelled" }, routed, ["allow", "Allowed", "cancelled"]],
  ] as const)("of %s is told from its end", (_name, end, given, [decision, reason, outcome]) => {
    expect(judge(end, given)).toEqual({ decision, reason, outcome });
  });
});

describe("the failure of an operation", () => {
  const failureOf = (end: OperationEnd, given: Course = routed) => {
    const judgement = judge(end, given);
    return [describeFailure(end, judgement), labelFailure(end, judgement)];
  };

  it("is told by code, else by what the tool said, and by a reason where there is one", () => {
    expect(failureOf(ok)).toEqual([undefined, ""]);
    expect(failureOf(toolError)).toEqual([{ "error.type": "tool_error" }, "tool_error"]);
    expect(failureOf(limited)).toEqual([
      { "error.type": "10429", "rpc.response.status_code": "10429", "outrigger.reason": "RateLimited" },
      "rate_limited",
    ]);
    expect(failureOf({ kind: "cancelled" })).toEqual([{ "error.type": "cancelled" }, "cancelled"]);
  });

  it("is a label of one of few: codes that a server made up are one", () => {
    expect(failureOf(errorOf(-32_603))[1]).toBe("-32603");
    expect(failureOf(errorOf(123_456))[1]).toBe("_OTHER");
  });
});

it.each([
  [202, "Allowed"],
  [400, "RequestMalformed"],
  [403, "HostNotAllowed"],
  [404, "PathNotServed"],
  [405, "MethodDenied"],
  [413, "RequestTooLarge"],
  [415, "RequestMalformed"],
  [429, "FloodLimited"],
  [500, "Internal"],
  [503, "UpstreamStarting"],
])("a request that was answered %i without a message was told %s", (status, reason) => {
  expect(reasonOfStatus(status, { guard: "HostNotAllowed", hasSession: false })).toBe(reason);
});

it("a path is served where a session was named that is not known", () => {
  expect(reasonOfStatus(404, { guard: undefined, hasSession: true })).toBe("SessionUnknown");
});
