/** The tool that the sidecar judges is the tool that the server's own parser calls: servers of both SDKs, thousands of bodies each. */
import { describe, expect, it } from "vitest";
import { findUnjudged } from "../fuzz/differential/compare.ts";
import { expectOnlyJudged } from "../fuzz/differential/expect-judged.ts";
import { startSdkV1App, startSdkV2App } from "../fuzz/differential/sdk-apps.ts";

describe.each([
  { sdk: "SDK v1", start: startSdkV1App },
  { sdk: "SDK v2", start: startSdkV2App },
])("$sdk", ({ start }) => {
  it("runs nothing but what the sidecar judged and allowed, of 2,000 bodies that mean one thing, nothing, or two", async () => {
    await expectOnlyJudged(await start());
  }, 300_000);
});

it.each([
  { judged: ["a", "b", "c"], ran: ["a", "c"], at: undefined },
  { judged: ["a", "b"], ran: ["a", "c"], at: 1 },
  { judged: ["a", "b"], ran: ["b", "a"], at: 1 },
  { judged: ["a"], ran: ["a", "a"], at: 1 },
])("finds in $ran what is not in $judged at its place", ({ judged, ran, at }) => {
  expect(findUnjudged(judged, ran)).toBe(at);
});
