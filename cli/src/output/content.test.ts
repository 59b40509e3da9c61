import { describe, expect, it } from "vitest";
import { formatContent, makeSafe } from "./content.ts";

describe("formatContent", () => {
  it("prints text plainly, one block after the other", () => {
    expect(
      formatContent({
        content: [
          { type: "text", text: "a\nb" },
          { type: "text", text: "c" },
        ],
      }),
    ).toBe("a\nb\nc");
  });

  it("says of everything else what it is", () => {
    const content = [
      { type: "image", mimeType: "image/png", data: Buffer.alloc(2048).toString("base64") },
      { type: "resource_link", uri: "file:///a", name: "a" },
      { type: "resource", resource: { uri: "file:///b", text: "inside" } },
      { type: "resource", resource: { uri: "file:///c", blob: "AAAA" } },
      { type: "novel", x: 1 },
    ];
    expect(formatContent({ content })).toBe(
      '[image image/png, 2.0 KiB]\n[link file:///a]\ninside\n[resource file:///c, 3 bytes]\n{"type":"novel","x":1}',
    );
  });

  it("prints structured content where that is all there is", () => {
    expect(formatContent({ content: [], structuredContent: { a: 1 } })).toBe('{\n  "a": 1\n}');
    expect(formatContent({})).toBe("");
  });
});

describe("makeSafe", () => {
  it("takes out what would steer a terminal and keeps lines and tabs", () => {
    expect(makeSafe("a\u001b[2Jb\u0007\tc\nd\u009b1m\u001b]0;title\u0007e")).toBe("ab\tc\nde");
  });
});
