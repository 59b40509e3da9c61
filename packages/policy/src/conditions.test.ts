import { run } from "@bufbuild/cel";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkConditions, compileCondition, conditionBounds } from "./conditions.ts";
import { openDocument } from "./document/document.ts";

const evaluate = (expression: string, args: unknown, more: object = {}): boolean | "error" => {
  const compiled = compileCondition(expression);
  if (!compiled.ok) throw new Error(compiled.expected);
  return compiled.condition.evaluate({ tool: { kind: "tool", name: "t" }, server: { name: "s" }, args, ...more });
};
const expectedOf = (expression: string): string => {
  const compiled = compileCondition(expression);
  return compiled.ok ? "" : compiled.expected;
};

/** What another implementation of the language says, which follows the specification's own tests. */
const oracle = (expression: string, args: unknown): unknown => {
  try {
    // JSON values are values of the language: objects are maps, numbers are doubles.
    const bindings = { args, tool: { kind: "tool", name: "t" }, server: { name: "s" } } as Parameters<typeof run>[1];
    const value: unknown = run(expression, bindings);
    return typeof value === "boolean" ? value : "error";
  } catch {
    return "error";
  }
};

describe("a condition", () => {
  it("says yes, no or error as the language's reference implementation does, for any arguments", () => {
    const expressions = [
      'args.path.startsWith("/tmp/")',
      'has(args.path) && args.path != ""',
      "args.n > 5",
      "args.n == 5 || args.n == 7",
      "!(args.n < 3)",
      "size(args.list) <= 2",
      'args.list.all(x, x != "b")',
      "args.list.exists(x, x == 1)",
      '"k" in args.map',
      "args.missing == 1",
      "args.n == null",
      'args.path.contains("a") ? args.n > 1 : args.n < 1',
      'tool.name == "t" && server.name == "s"',
      'args["path"].endsWith("z")',
    ];
    const args = fc.record(
      {
        path: fc.oneof(fc.constantFrom("/tmp/a", "/etc/z", ""), fc.integer()),
        n: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ noNaN: true }), fc.string(), fc.constant(null)),
        list: fc.array(fc.oneof(fc.constantFrom("a", "b"), fc.integer({ min: 0, max: 2 })), { maxLength: 4 }),
        map: fc.dictionary(fc.constantFrom("k", "l"), fc.integer()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...expressions), args, (expression, made) => {
        // As a body gives them.
        const value: unknown = JSON.parse(JSON.stringify(made));
        expect(evaluate(expression, value)).toBe(oracle(expression, value));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['args.a.matches("(a+)+$")', "only these functions"],
    ["args.a.all(x, args.b.all(y, x == y))", "no all, exists, exists_one, map, filter inside another"],
    ["args.a +", "a CEL expression"],
    ["nobody.name == 'x'", "a CEL expression"],
    ["'text'", "an expression that is true or false"],
    [Array.from({ length: 300 }, () => "true").join(" && "), "a CEL expression"],
  ])("that is %s is refused before it is used", (expression, expected) => {
    expect(expectedOf(expression)).toContain(expected);
  });

  it("may go through a list that another macro made", () => {
    expect(evaluate("args.list.filter(x, x > 1).exists(x, x == 2)", { list: [1, 2] })).toBe(true);
  });

  it("errs on what is larger than its bounds, in no more time", () => {
    const text = "a".repeat(conditionBounds.text + 1);
    expect(evaluate('args.a != "b"', { a: text })).toBe("error");
    expect(evaluate("size(args.a) > 0", { a: Array.from({ length: conditionBounds.entries + 1 }, () => 1) })).toBe(
      "error",
    );
    const wide = Array.from({ length: 11 }, () => Array.from({ length: 1_000 }, () => 1));
    expect(evaluate("size(args.a) > 0", { a: wide })).toBe("error");
  });

  it("that names what is not known is an error, not a no", () => {
    expect(evaluate('caller.name == "bob"', {})).toBe("error");
    expect(evaluate('caller.name == "bob"', {}, { caller: { name: "bob" } })).toBe(true);
    expect(evaluate("args.__proto__ == null", {})).toBe("error");
    expect(evaluate("has(args.constructor)", {})).toBe(false);
  });

  it("knows whether it looks at arguments, however deep they are named", () => {
    const usesArgs = (expression: string): boolean => {
      const compiled = compileCondition(expression);
      return compiled.ok && compiled.condition.usesArgs;
    };
    expect(usesArgs('tool.name == "a"')).toBe(false);
    expect(usesArgs('tool.name == "a" || ["x"].exists(v, v == args.b)')).toBe(true);
  });

  it("that is wrong is told with the place of its rule", () => {
    const rule = { name: "a", action: "Deny", subjects: [], methods: [], hints: {} } as const;
    const document = { ...openDocument, rules: [rule, { ...rule, name: "b", when: "args.x +" }] };
    expect(checkConditions(document)).toMatchObject([{ path: ["rules", 1, "when"] }]);
  });
});
