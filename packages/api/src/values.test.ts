import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as values from "./values.ts";

const value = <T>(parsed: values.Parsed<T>): T | undefined => (parsed.ok ? parsed.value : undefined);

describe("values in manifests", () => {
  it.each([
    ["60/m", { count: 60, periodMs: 60_000 }],
    ["1/s", { count: 1, periodMs: 1_000 }],
    ["9999999/h", { count: 9_999_999, periodMs: 3_600_000 }],
    ["0/m", undefined],
    ["60/sec", undefined],
    ["60/m ", undefined],
    ["10000000/s", undefined],
  ])("reads the rate %s", (text, expected) => expect(value(values.parseRate(text))).toEqual(expected));

  it.each([
    ["1024", 1024],
    ["4Mi", 4 * 1024 ** 2],
    ["500k", 500_000],
    ["1Gi", 1024 ** 3],
    ["0", undefined],
    ["1.5Mi", undefined],
    ["4MB", undefined],
    ["-1", undefined],
    ["999999999999Gi", undefined],
  ])("reads the size %s", (text, expected) => expect(value(values.parseSize(text))).toBe(expected));

  it.each([
    ["1h30m", 5_400_000],
    ["500ms", 500],
    ["30", undefined],
    ["", undefined],
    ["1d", undefined],
  ])("reads the duration %s", (text, expected) => expect(value(values.parseDuration(text))).toBe(expected));

  it.each([
    ["65535", 65_535],
    ["0", undefined],
    ["65536", undefined],
    ["080", undefined],
  ])("reads the port %s", (text, expected) => expect(value(values.parsePort(text))).toBe(expected));

  it.each([
    ["a,b_*", ["a", "b_*"]],
    [" a , b ", ["a", "b"]],
    ["a,,b", undefined],
    ["", undefined],
    ["with space", undefined],
    ["\u200b", undefined],
  ])("reads the tool list %j", (text, expected) => expect(value(values.parseGlobList(text))).toEqual(expected));

  it("refuses lists of more than 256 entries and globs of more than 128 characters", () => {
    expect(values.parseGlobList(Array(257).fill("a").join(",")).ok).toBe(false);
    expect(values.parseGlob("a".repeat(129)).ok).toBe(false);
    expect(values.parseGlob("a".repeat(128)).ok).toBe(true);
  });

  it("reads an argv as strings only", () => {
    expect(value(values.parseArgv('["node","server.js"]'))).toEqual(["node", "server.js"]);
    for (const bad of ["node server.js", "[]", '["node",1]', '{"0":"node"}'])
      expect(values.parseArgv(bad).ok).toBe(false);
  });

  it("reads a variable with and without a value", () => {
    expect(value(values.parseVariable("HOST=127.0.0.1"))).toEqual({ name: "HOST", value: "127.0.0.1" });
    expect(value(values.parseVariable("PORT"))).toEqual({ name: "PORT" });
    expect(values.parseVariable("1X").ok).toBe(false);
  });

  it("every parser either returns a value or says what it expected, for any text", () => {
    const parsers = [
      values.parseRate,
      values.parseSize,
      values.parseCpu,
      values.parseMemory,
      values.parseDuration,
      values.parsePort,
      values.parseGlobList,
      values.parseDnsLabel,
      values.parseServerName,
      values.parsePath,
      values.parseArgv,
      values.parseVariable,
    ];
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...parsers), (text, parse) => {
        const parsed = parse(text);
        expect(parsed.ok || parsed.expected.length > 10).toBe(true);
      }),
    );
  });
});
