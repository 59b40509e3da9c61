import { describe, expect, it } from "vitest";
import type { ToolDefinition } from "../catalog/entry.ts";
import { listed, mergeAll } from "../catalog/example-servers.ts";
import { readServerTexts, readToolTexts } from "./fields.ts";

const textsOf = (tool: ToolDefinition, siblings = 1): readonly string[] => {
  const catalogue = mergeAll([listed("srv", [tool])]);
  return readToolTexts(catalogue.tools[0]!, siblings).map(([, text]) => text.trim());
};

describe("readToolTexts", () => {
  it("reads name, description, names and texts of properties, one level deep", () => {
    const inner = { type: "object", description: "the inner", properties: { hidden: { description: "deeper" } } };
    const inputSchema = {
      $defs: { far: { description: "elsewhere" } },
      properties: {
        path: { description: "the path", enum: ["up", "down", 3] },
        inner,
        ref: { $ref: "#/$defs/far" },
        any: true,
      },
    };
    expect(textsOf({ name: "move", description: "Moves it", inputSchema })).toEqual([
      "move",
      "Moves it",
      "path inner ref any",
      "the path up down the inner",
    ]);
  });

  it("caps every text, and more strictly where a server has very many tools", () => {
    const long = "word ".repeat(10_000);
    const properties = Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [`p${at}`, { description: "text ".repeat(30) }]),
    );
    const tool = { name: "n".repeat(250), description: long, inputSchema: { properties } };
    const lengths = (siblings: number): readonly number[] => textsOf(tool, siblings).map((text) => text.length);
    const [name, description, names, texts] = lengths(128);
    expect(name).toBe(128);
    expect(description).toBeLessThanOrEqual(8_192);
    expect(description).toBeGreaterThan(8_000);
    expect(names! + texts!).toBeLessThanOrEqual(8_192);
    expect(lengths(2_000)[1]).toBeLessThanOrEqual(524);
  });
});

describe("readServerTexts", () => {
  it("reads name, title and the beginning of the description", () => {
    const catalogue = mergeAll([listed("srv", ["t"], { title: "The Server", description: "d".repeat(5_000) })]);
    const [name, description] = readServerTexts([...catalogue.servers.values()][0]!).map(([, text]) => text);
    expect(name).toBe("srv The Server");
    expect(description).toHaveLength(2_048);
  });
});
