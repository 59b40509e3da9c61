import { describe, expect, it } from "vitest";
import { truncateResult, truncatedMetaKey } from "./truncate.ts";

const cut = (result: unknown, maxBytes: number): string | undefined => {
  const message = { jsonrpc: "2.0", id: 1, result };
  return truncateResult(message, { bytes: JSON.stringify(message).length, maxBytes });
};
interface Cut {
  readonly result: {
    readonly content: readonly { readonly type: string; readonly text: string }[];
    readonly structuredContent: {
      readonly rows: readonly { readonly id: number; readonly name: string }[];
      readonly total: number;
    };
    readonly _meta: Readonly<Record<string, unknown>>;
  };
}

describe("an answer that is too large", () => {
  it("is cut so that it fits, stays valid JSON, keeps its members, and says so", () => {
    const rows = Array.from({ length: 5_000 }, (_, id) => ({ id, name: "n".repeat(40) }));
    const result = {
      content: [{ type: "text", text: "t".repeat(300_000) }],
      structuredContent: { rows, total: 5_000 },
      _meta: { a: 1 },
    };
    const text = cut(result, 20_000);
    expect(Buffer.byteLength(text ?? "")).toBeLessThanOrEqual(20_000);
    const { result: after } = JSON.parse(text ?? "") as Cut;
    expect(after.structuredContent.total).toBe(5_000);
    expect(after.structuredContent.rows.length).toBeGreaterThan(0);
    for (const row of after.structuredContent.rows) expect(Object.keys(row)).toEqual(["id", "name"]);
    expect(after.content.at(-1)?.text).toMatch(/^The answer was cut: it had \d+ bytes, 20000 are allowed/);
    expect(after._meta).toMatchObject({ a: 1, [truncatedMetaKey]: { maxBytes: 20_000 } });
  });

  it("loses binary blocks whole, since half an image is none", () => {
    const text = cut({ content: [{ type: "image", data: "A".repeat(100_000), mimeType: "image/png" }] }, 10_000);
    expect(text).toContain("[image/png of 100000 characters left out]");
    expect(text).not.toContain('"data"');
  });

  it("is never cut between the halves of a character", () => {
    const text = cut({ content: [{ type: "text", text: "a" + "😀".repeat(50_000) }] }, 5_000) ?? "";
    expect(text).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    expect(text.isWellFormed()).toBe(true);
  });

  it("is refused where nothing helps, and where it is no result of a tool", () => {
    expect(
      cut(
        { content: [], structuredContent: Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`k${at}`, at])) },
        1_000,
      ),
    ).toBeUndefined();
    expect(cut({ contents: [{ text: "x".repeat(9_000) }] }, 1_000)).toBeUndefined();
  });
});
