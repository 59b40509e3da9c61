import { describe, expect, it } from "vitest";
import { readActivity, readCatalogue, readFeedState, type FeedState } from "./feed.ts";

const enforces = { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 };
const state: FeedState = {
  format: 1,
  server: "files",
  health: { state: "Ready", reason: "Serving", message: "ok", sinceMs: 1 },
  identity: {},
  digest: "a".repeat(64),
  catalogue: { reason: "CatalogueListed", message: "ok", atMs: 1 },
  policy: { hash: "b", reason: "PolicyApplied", message: "ok", enforces },
};

describe("feed", () => {
  it("reads a state, also one with members of a later version", () => {
    expect(readFeedState(state)).toEqual(state);
    expect(readFeedState({ ...state, later: true })).toMatchObject({ later: true });
  });

  it.each([
    ["another format", { ...state, format: 2 }],
    ["an unknown health state", { ...state, health: { ...state.health, state: "Fine" } }],
    ["a digest that is no sha256", { ...state, digest: "../../etc" }],
    ["a policy without limits", { ...state, policy: { ...state.policy, enforces: undefined } }],
    [
      "a limit without tools",
      { ...state, policy: { ...state.policy, enforces: { ...enforces, limits: [{ name: "x" }] } } },
    ],
    ["no policy", { ...state, policy: undefined }],
    ["text", "state"],
    ["null", null],
  ])("refuses %s", (_name, value) => expect(readFeedState(value)).toBeUndefined());

  it("reads a catalogue whose lists hold objects only", () => {
    const catalogue = {
      digest: "d",
      tools: [{ name: "t" }],
      prompts: [],
      resources: [],
      resourceTemplates: [],
      limited: false,
    };
    expect(readCatalogue(catalogue)).toEqual(catalogue);
    expect(readCatalogue({ ...catalogue, tools: ["t"] })).toBeUndefined();
    expect(readCatalogue({ ...catalogue, prompts: undefined })).toBeUndefined();
  });

  it("reads how much a sidecar is used, in whole numbers", () => {
    expect(readActivity({ inFlight: 0, idleMs: 12, more: 1 })).toEqual({ inFlight: 0, idleMs: 12 });
    for (const value of [null, [], {}, { inFlight: 1 }, { inFlight: -1, idleMs: 1 }, { inFlight: 0, idleMs: 1.5 }])
      expect(readActivity(value)).toBeUndefined();
  });
});
