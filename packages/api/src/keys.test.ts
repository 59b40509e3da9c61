import { describe, expect, it } from "vitest";
import { findKey, keyList, keyPrefix, keys } from "./keys.ts";
import { parseEndpoint } from "./values.ts";
import { reasonList, reasons, toMetricLabel } from "./reasons.ts";

describe("labels and annotations", () => {
  it("are valid Kubernetes keys, each defined once", () => {
    for (const { key } of keyList) expect(key).toMatch(/^outrigger\.dev\/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    expect(new Set(keyList.map(({ key }) => key)).size).toBe(keyList.length);
  });

  it("accept their own example and default", () => {
    for (const definition of keyList) {
      expect(definition.parse(definition.example), definition.key).toMatchObject({ ok: true });
      if (definition.default !== undefined)
        expect(definition.parse(definition.default), definition.key).toMatchObject({ ok: true });
    }
  });

  it("refuse a value that is not of their form, where they are the user's", () => {
    for (const definition of keyList.filter((key) => key.setBy === "user")) {
      expect(definition.parse("\u0000 not, a value/"), definition.key).toMatchObject({ ok: false });
    }
  });

  it.each([
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["29s", undefined],
    ["0", undefined],
    ["600h", undefined],
    ["soon", undefined],
  ])("an idle-ttl of %s is taken as ms, or not at all", (text, expected) => {
    const parsed = keys.idleTtl.parse(text);
    expect(parsed.ok ? parsed.value : undefined).toBe(expected);
  });

  it("are found by their full name only", () => {
    expect(findKey(`${keyPrefix}inject`)?.kind).toBe("label");
    expect(findKey("inject")).toBeUndefined();
    expect(findKey(`${keyPrefix}injct`)).toBeUndefined();
  });

  it.each([
    ["19080/mcp", { port: 19_080, path: "/mcp" }],
    ["8080/a/b", { port: 8080, path: "/a/b" }],
    ["http://x/mcp", undefined],
    ["19080", undefined],
    ["/mcp", undefined],
    ["70000/mcp", undefined],
  ])("the endpoint %s is port and path, never an address", (text, expected) => {
    const parsed = parseEndpoint(text);
    expect(parsed.ok ? parsed.value : undefined).toEqual(expected);
  });
});

describe("reasons", () => {
  it("are PascalCase words with one sentence each", () => {
    for (const reason of reasonList) {
      expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(reasons[reason].sentence).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("have snake_case twins that are unique", () => {
    expect(toMetricLabel("RateLimited")).toBe("rate_limited");
    expect(new Set(reasonList.map(toMetricLabel)).size).toBe(reasonList.length);
  });
});
