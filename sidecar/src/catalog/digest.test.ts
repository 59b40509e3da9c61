import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestCatalogue, type CatalogueContent } from "./digest.ts";

const empty: CatalogueContent = { tools: [], prompts: [], resources: [], resourceTemplates: [], limited: false };
const withTools = (...tools: CatalogueContent["tools"]): CatalogueContent => ({ ...empty, tools });

/** The same value with the keys of every object in reverse. */
function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reverseKeys(item)]),
  );
}

describe("the digest of a catalogue", () => {
  const tool = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 3 }));

  it("does not depend on the order of keys", () => {
    fc.assert(
      fc.property(fc.array(tool, { maxLength: 4 }), (tools) => {
        const content = JSON.parse(JSON.stringify(withTools(...tools))) as CatalogueContent;
        // Reversed keys leave the shape as it is.
        expect(digestCatalogue(reverseKeys(content) as CatalogueContent)).toBe(digestCatalogue(content));
      }),
      { numRuns: 200 },
    );
  });

  it("differs where anything differs: a value, the order of tools, the list, the limit", () => {
    const [a, b] = [{ name: "a", x: 1 }, { name: "b" }];
    const contents = [
      empty,
      withTools(a, b),
      withTools(b, a),
      withTools({ name: "a", x: 2 }, b),
      withTools({ name: "a", x: "1" }, b),
      { ...empty, prompts: [a, b] },
      { ...withTools(a, b), limited: true },
    ];
    expect(new Set(contents.map(digestCatalogue)).size).toBe(contents.length);
  });

  it("is sha256 in hex, and always the same", () => {
    expect(digestCatalogue(empty)).toMatch(/^[0-9a-f]{64}$/);
    expect(digestCatalogue(empty)).toBe(digestCatalogue({ ...empty }));
  });

  it("is refused for what is nested beyond reason, without exhausting the stack", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(50_000)}1${"]".repeat(50_000)}`);
    expect(digestCatalogue(withTools({ name: "a", deep }))).toBeUndefined();
  });
});
