import { describe, expect, it } from "vitest";
import { parseText, type LineProblem } from "./document.ts";

const problemsOf = (text: string): readonly LineProblem[] => {
  const read = parseText(text);
  return read.ok ? [] : read.problems;
};

describe("parseText", () => {
  it("knows the line of keys, values and list items", () => {
    const read = parseText('{\n  "a": {\n    "b": [\n      1,\n      2\n    ]\n  }\n}');
    if (!read.ok) throw new Error("expected a value");
    expect(read.parsed.value).toEqual({ a: { b: [1, 2] } });
    expect(read.parsed.lineOf(["a"])).toBe(2);
    expect(read.parsed.lineOf(["a", "b"])).toBe(3);
    expect(read.parsed.lineOf(["a", "b", 1])).toBe(5);
  });

  it("names the line of the nearest part where a part is missing", () => {
    const read = parseText('{\n  "a": {\n    "b": 1\n  }\n}');
    if (!read.ok) throw new Error("expected a value");
    expect(read.parsed.lineOf(["a", "missing", 0])).toBe(2);
    expect(read.parsed.lineOf([])).toBe(1);
  });

  it("reads tabs, trailing commas and comments as editors write them", () => {
    const read = parseText('{\n\t"a": [ // first\n\t\t"x",\n\t],\n}');
    expect(read.ok && read.parsed.value).toEqual({ a: ["x"] });
  });

  it("reads YAML", () => {
    const read = parseText("mcpServers:\n  a:\n    command: run # it\n");
    expect(read.ok && read.parsed.value).toEqual({ mcpServers: { a: { command: "run" } } });
  });

  it("speaks of commas and braces in a JSON file", () => {
    expect(problemsOf('{\n  "a": 1\n  "b": 2\n}')).toEqual([
      { line: 2, message: "expected a comma between one member and the next" },
    ]);
    expect(problemsOf('{"a": 1,\n"a": 2}')).toEqual([{ line: 2, message: "expected each name only once here" }]);
    expect(problemsOf('{"a": {"b": 1}\n')).toEqual([{ line: 2, message: 'expected a "}" that closes an object' }]);
    expect(problemsOf('{"a": [1\n')).toContainEqual({ line: 2, message: 'expected a "]" that closes a list' });
    expect(problemsOf('{"a": {"b": 1}\n"c": 2}')).toEqual([{ line: 2, message: "expected a comma before this" }]);
    expect(problemsOf('{"a" 1}')).toEqual([{ line: 1, message: 'expected ":" and a value, or a comma' }]);
  });
});
