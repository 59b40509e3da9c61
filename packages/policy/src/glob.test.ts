import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlobs, matchesAny, matchesGlob } from "./glob.ts";

/** The obvious recursive definition: slow, and right by inspection. */
function matchesByDefinition(pattern: string, text: string): boolean {
  const [head, rest] = [pattern[0], pattern.slice(1)];
  if (head === undefined) return text === "";
  if (head === "*")
    return matchesByDefinition(rest, text) || (text !== "" && matchesByDefinition(pattern, text.slice(1)));
  return text !== "" && (head === "?" || head === text[0]) && matchesByDefinition(rest, text.slice(1));
}

describe("globs", () => {
  it.each([
    ["read_*", "read_file", true],
    ["read_*", "reread_file", false],
    ["*", "", true],
    ["?", "", false],
    ["a?c", "abc", true],
    ["*_file", "write_file", true],
    ["", "x", false],
    ["a.c", "abc", false],
    ["a/*", "a/b/c", true],
  ])("%s against %s is %s", (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it("agrees with the recursive definition", () => {
    const small = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
    fc.assert(
      fc.property(small, text, (pattern, value) => matchesGlob(pattern, value) === matchesByDefinition(pattern, value)),
      { numRuns: 5_000 },
    );
  });

  it("takes a bounded number of steps for a pattern that makes backtracking explode", () => {
    const started = performance.now();
    expect(matchesGlob("a*".repeat(60) + "b", "a".repeat(20_000))).toBe(false);
    // A backtracking matcher would not return within the life of the machine; the bound is far above noise.
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("a set matches exactly when one of its globs does", () => {
    const glob = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(glob, { maxLength: 5 }),
        fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 }),
        (globs, text) => {
          expect(matchesAny(compileGlobs(globs), text)).toBe(globs.some((each) => matchesByDefinition(each, text)));
        },
      ),
    );
  });
});
