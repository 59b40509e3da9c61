/** Texts of policy files: JSON and YAML say the same, and what is said twice is told instead of half of it being taken. */
import { describe, expect, it } from "vitest";
import { readPolicyText } from "./read-document.ts";

/** What looks like keys and ends of strings, inside strings. */
const when = String.raw`args.a == "b\": c" || args.a == ": " || args.a == "\\"`;
const rule = { name: "odd", action: "Deny", tools: ["a"], when };

describe("a policy file", () => {
  it("says the same as JSON and as YAML", async () => {
    const yaml = `rules:\n  - name: odd\n    action: Deny\n    tools: [a]\n    when: ${JSON.stringify(when)}\n`;
    const fromJson = await readPolicyText(JSON.stringify({ rules: [rule] }, undefined, 1));
    expect(fromJson).toMatchObject({ ok: true, document: { rules: [{ when }] } });
    expect(await readPolicyText(yaml)).toEqual(fromJson);
  });

  it.each([
    ['{"tools":{"deny":["a"]},"tools":{"deny":[]}}'],
    ['{"tools":{"deny":["a"],"deny":[]}}'],
    ['{"tools":{"deny":["a: \\""],"\\u0064eny" :[]}}'],
  ])("that says a key twice is refused, also as JSON: %s", async (text) => {
    expect(await readPolicyText(text)).toMatchObject({ ok: false, problems: [expect.stringMatching(/unique/)] });
  });

  it.each(["", "null", "~"])("without anything in it, %j, is no policy", async (text) => {
    expect(await readPolicyText(text)).toMatchObject({ ok: false, problems: [expect.stringMatching(/empty/)] });
  });

  it("that is neither JSON nor YAML is refused with the line", async () => {
    expect(await readPolicyText('{"tools": [')).toMatchObject({
      ok: false,
      // A parser may see more faults than one.
      problems: expect.arrayContaining([expect.stringMatching(/line 1/)]) as string[],
    });
  });
});
