import type { JsonObject } from "@outrigger/mcp";
import { expect, it } from "vitest";
import { failCall } from "../route/failure.ts";
import { describeWait, tellProgress } from "./tell.ts";

it("names a reason for every end but waking, and when to try again where that may help", () => {
  const late = { kind: "late", afterMs: 60_000, detail: undefined } as const;
  const told = [
    describeWait({ kind: "awake" }),
    describeWait({ kind: "gone" }),
    describeWait({ kind: "full" }),
    describeWait({ kind: "refused", detail: "The operator says WakerNotAllowed." }),
    describeWait({ ...late, wasAsked: true }),
    describeWait({ ...late, wasAsked: false, detail: "The operator can't be asked (ECONNREFUSED)." }),
  ];
  expect(told.map((facts) => facts && [facts.reason, facts.retryAfterMs !== undefined])).toEqual([
    undefined,
    ["UpstreamUnavailable", false],
    ["WakeQueueFull", true],
    ["WakeFailed", false],
    ["ServerWaking", true],
    ["WakeFailed", true],
  ]);
  expect(told[4]?.detail).toBe("The call waited 60 s. No pod of it is there yet.");
  expect(told[5]?.detail).toContain("ECONNREFUSED");
});

it("puts the time of another try into the error's data", () => {
  const outcome = failCall("ServerWaking", { server: "a", name: "a__t", retryAfterMs: 5_000 });
  expect(outcome).toMatchObject({
    kind: "error",
    error: { code: 10_503, data: { outrigger: { reason: "ServerWaking", server: "a", retryAfterMs: 5_000 } } },
  });
});

it("tells once that a call waits, and of the server's progress only what is more than that", () => {
  const told: JsonObject[] = [];
  const { tellWaiting, onProgress } = tellProgress((params) => told.push(params));
  onProgress({ progress: 0 });
  tellWaiting();
  tellWaiting();
  for (const progress of [0, 1, 2]) onProgress({ progress });
  expect(told.map(({ progress, message }) => [progress, message !== undefined])).toEqual([
    [0, false],
    [0, true],
    [1, false],
    [2, false],
  ]);
});
