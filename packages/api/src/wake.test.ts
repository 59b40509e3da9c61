import { expect, it } from "vitest";
import { readWakeAnswer, readWakeRequest } from "./wake.ts";

it("reads a request that names one server, and nothing else", () => {
  expect(readWakeRequest({ namespace: "tools", server: "github", more: 1 })).toEqual({
    namespace: "tools",
    server: "github",
  });
  for (const value of [
    null,
    "x",
    [],
    {},
    { namespace: "tools" },
    { namespace: "a/b", server: "x" },
    { namespace: "tools", server: "a/b" },
  ])
    expect(readWakeRequest(value)).toBeUndefined();
});

it("reads an answer by its reason", () => {
  expect(readWakeAnswer({ reason: "Woken" })).toEqual({ reason: "Woken" });
  expect(readWakeAnswer({ reason: "NotAsleep", message: "no" })).toEqual({ reason: "NotAsleep", message: "no" });
  for (const value of [null, {}, { reason: "Allowed" }, { reason: "NotAsleep", message: 1 }])
    expect(readWakeAnswer(value)).toBeUndefined();
});
