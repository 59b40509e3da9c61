import { describe, expect, it } from "vitest";
import { compilePins, judgePin } from "./pins.ts";

const first = { server: "s", name: "t", firstSeen: "d1" };
const approved = (tool: string, digest: string, server = "s") => ({ server, tool, digest });

describe("a pin", () => {
  it("without approvals holds a tool to the definition that was seen first", () => {
    const pins = compilePins([{ approved: [] }]);
    if (pins === undefined) throw new Error("pins are on by default");
    expect(pins.mode).toBe("Audit");
    expect(judgePin(pins, { ...first, digest: "d1" })).toBe("Approved");
    expect(judgePin(pins, { ...first, digest: "d2" })).toBe("Changed");
    expect(judgePin(pins, { ...first, firstSeen: undefined, digest: "d1" })).toBe("Unapproved");
  });

  it("with approvals for the server counts those alone, and a tool that they do not name is unapproved", () => {
    const pins = compilePins([{ mode: "Enforce", approved: [approved("t", "d2"), approved("t", "d3")] }]);
    if (pins === undefined) throw new Error("pins are on");
    expect(judgePin(pins, { ...first, digest: "d1" })).toBe("Changed");
    expect(judgePin(pins, { ...first, digest: "d2" })).toBe("Approved");
    expect(judgePin(pins, { ...first, digest: "d3" })).toBe("Approved");
    expect(judgePin(pins, { ...first, name: "new", digest: "d1" })).toBe("Unapproved");
    expect(judgePin(pins, { ...first, server: "other", digest: "d1" })).toBe("Approved");
  });

  it("of several layers needs all that name the tool", () => {
    const pins = compilePins([
      { approved: [approved("t", "d2")] },
      { approved: [approved("t", "d3"), approved("u", "d1")] },
    ]);
    if (pins === undefined) throw new Error("pins are on");
    expect(judgePin(pins, { ...first, digest: "d2" })).toBe("Changed");
    expect(judgePin(pins, { ...first, name: "u", digest: "d1" })).toBe("Approved");
  });

  it("is as strict as the strictest layer, and off where that is all that is said", () => {
    expect(compilePins([{ mode: "Off", approved: [] }])).toBeUndefined();
    expect(
      compilePins([
        { mode: "Off", approved: [] },
        { mode: "Enforce", approved: [] },
      ])?.mode,
    ).toBe("Enforce");
  });
});
