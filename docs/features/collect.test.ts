import { describe, expect, it } from "vitest";

import { collectTitles, type NumberedTitle } from "./collect.ts";

const collect = (text: string): readonly NumberedTitle[] => collectTitles({ file: "a/b.test.ts", text });
const summarise = (text: string): readonly string[] =>
  collect(text).map(({ line, numbers, title, run }) => `${line} ${numbers.join("+")} ${run.kind}: ${title}`);
const reasons = (text: string): readonly (string | undefined)[] =>
  collect(text).map(({ run }) => (run.kind === "Never" ? run.why : undefined));

describe("collectTitles", () => {
  it("reads tests and suites with file, line, numbers and words", () => {
    const text = `
      import { describe, it, test } from "vitest";
      describe("F-124 lists", () => {
        it("F-048, F-126 denied calls stay out", () => {});
        test('an allowed call passes (F-048)', async () => {});
        it("bears none", () => {});
      });`;
    expect(collect(text)[1]).toEqual({
      file: "a/b.test.ts",
      line: 4,
      numbers: ["F-048", "F-126"],
      title: "denied calls stay out",
      run: { kind: "Always" },
    });
    expect(summarise(text)).toEqual([
      "3 F-124 Always: lists",
      "4 F-048+F-126 Always: denied calls stay out",
      "5 F-048 Always: an allowed call passes",
    ]);
  });

  it.each([
    ["a template without parts", "it(`F-048 stays out`, run);", "stays out"],
    ["a template with parts", "it(`F-048 ${name} stays ${where}`, run);", "… stays …"],
    ["a joined text", 'it("F-048 " + name + " stays out", run);', "… stays out"],
    ["a text with a cast", 'it(("F-048 stays out" as string), run);', "stays out"],
    ["a table of rows", 'it.each([["a", 1]])("F-048 %s stays out", run);', "… stays out"],
    ["a table as template", "it.each`a | b\n${1} | ${2}`('F-048 $a stays out', run);", "… stays out"],
    ["a table of a suite", 'describe.for(["a"])("F-048 %s stays out", run);', "… stays out"],
    ["modifiers in a chain", 'it.concurrent.only("F-048 stays out", run);', "stays out"],
    ["options before the body", 'it("F-048 stays out", { timeout: 9, skip: false }, run);', "stays out"],
    ["a time-out behind the body", 'it("F-048 stays out", run, 9_000);', "stays out"],
    ["a suite that is a member", 'it.describe("F-048 stays out", run);', "stays out"],
    ["a property of fast-check", 'it("F-048 stays out", () => fc.assert(fc.property(fc.string(), run)));', "stays out"],
    ["a test made of a property", 'test.prop([fc.string()])("F-048 stays out", run);', "stays out"],
    [
      "an import under another name",
      'import { test as fcTest } from "x"; fcTest.prop([a])("F-048 stays out", run);',
      "stays out",
    ],
    ["a test with fixtures", 'const at = it.extend({ port: 0 }); at("F-048 stays out", run);', "stays out"],
    [
      "a function that passes the title on",
      'function both(name: string, f: F) { it(`${name} twice`, f); } both("F-048 stays out", run);',
      "stays out",
    ],
    [
      "a constant function that does",
      'const holds = (name: string) => it(name, () => fc.assert(x)); holds("F-048 stays out");',
      "stays out",
    ],
    ["a test in a loop", "for (const x of xs) { if (x) it(`F-048 ${x.name} stays out`, run); }", "… stays out"],
  ])("reads %s", (_form, text, title) => {
    expect(collect(text).map((found) => [found.numbers, found.title, found.run.kind])).toEqual([
      [["F-048"], title, "Always"],
    ]);
  });

  it.each([
    ["a comment", '// it("F-048 stays out", run);'],
    ["a text that holds source", "const text = `it(\"F-048 stays out\", run);`; it('reads it', run);"],
    ["another function's argument", 'expect(clean("F-048 stays out")).toBe("stays out");'],
    ["an expectation of a number", 'expect(number).toBe("F-048");'],
    ["a regular expression", 'const found = /F-/.test("F-048 stays out");'],
    ["a row of a table", 'it.each([["F-048", 1]])("reads one", run);'],
    ["a test without any number", 'it("stays out", run); const number = "F-048";'],
  ])("passes over %s", (_form, text) => {
    expect(collect(text)).toEqual([]);
  });

  it.each([
    ["it.skip", 'it.skip("F-048 x", run);', "a test that is skipped"],
    ["it.todo", 'it.todo("F-048 x");', "a test that is only planned (todo)"],
    ["it.skip.each", 'it.skip.each([1])("F-048 x", run);', "a test that is skipped"],
    ["it.fails", 'it.fails("F-048 x", run);', "a test that is expected to fail"],
    ["the option skip", 'it("F-048 x", { skip: true }, run);', "a test that is skipped"],
    ["the option todo", 'it("F-048 x", { todo: true }, run);', "a test that is only planned (todo)"],
    ["a test without a body", 'it("F-048 x");', "a test that is only planned (todo)"],
    ["a name for it.skip", 'const later = it.skip; later("F-048 x", run);', "a test that is skipped"],
    ["a wrapper of it.skip", 'const w = (n: string) => it.skip(n, run); w("F-048 x");', "a test that is skipped"],
    ["a test in describe.skip", 'describe.skip("later", () => { it("F-048 x", run); });', "a test that is skipped"],
    ["describe.todo", 'describe.todo("F-048 x");', "a test that is only planned (todo)"],
    [
      "a suite whose tests are all skipped",
      'describe("F-048 x", () => { it.skip("y", run); });',
      "a suite in which no test runs",
    ],
    [
      "an unknown function",
      'registerCase("F-048 x", run);',
      "a call of registerCase, which is not known to register a test",
    ],
  ])("says that a number never runs: %s", (_form, text, why) => {
    expect(reasons(text)).toEqual([why]);
  });

  it.each([
    ["skipIf", 'it.skipIf(windows)("F-048 x", run);'],
    ["runIf of an outer suite", 'describe.runIf(linux)("y", () => { it("F-048 x", run); });'],
    ["a choice", 'const here = linux ? it : it.skip; here("F-048 x", run);'],
    ["a choice the other way round", 'const here = windows ? it.skip : it; here("F-048 x", run);'],
    ["the option skip with a condition", 'it("F-048 x", { skip: windows }, run);'],
    ["the option skip by its name", 'it("F-048 x", { skip }, run);'],
    ["a suite of such tests", 'describe("F-048 x", () => { it.runIf(linux)("y", run); it.skip("z", run); });'],
  ])("says that a number runs under a condition: %s", (_form, text) => {
    expect(summarise(text)).toEqual(["1 F-048 Sometimes: x"]);
  });

  it("lets a suite run when one of its tests does", () => {
    const text = 'describe("F-048 x", () => { it.skip("y", run); describe("in", () => { it("z", run); }); });';
    expect(summarise(text)).toEqual(["1 F-048 Always: x"]);
  });

  it("keeps a number that is put together at run time, so that it is found as unknown", () => {
    expect(collect("it(`F-${n} stays out`, run);").map((found) => found.numbers)).toEqual([["F-…"]]);
  });
});
