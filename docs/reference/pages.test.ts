import { readFileSync } from "node:fs";
import { keyList } from "@outrigger/api/keys";
import { reasonList } from "@outrigger/api/reasons";
import { describe, expect, it } from "vitest";
import { pages } from "./pages.ts";

const textOf = (file: string): string => pages.find((page) => page.file === file)?.text ?? "";

describe("reference pages", () => {
  it("say of every key what the table says, and of no other key", () => {
    const text = textOf("labels-and-annotations.md");
    for (const key of keyList) expect(text).toContain(`| \`${key.key}\` |`);
    expect(text.match(/^\| `outrigger\.dev\//gm)).toHaveLength(keyList.length);
  });

  it("F-224 name every reason once with the metric label that is made from it", () => {
    const text = textOf("reasons.md");
    for (const reason of reasonList) expect(text.split(`| \`${reason}\` |`)).toHaveLength(2);
  });

  it("stand in the repository as they are generated", () => {
    for (const page of pages) expect(readFileSync(new URL(page.file, import.meta.url), "utf8")).toBe(page.text);
  });
});
