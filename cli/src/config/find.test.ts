import { describe, expect, it } from "vitest";
import { findConfig } from "./find.ts";

const find = (existing: readonly string[], named?: string): { shown: string; path: string } | undefined =>
  findConfig({ named, cwd: "/project", exists: (path) => existing.includes(path) });

describe("findConfig", () => {
  it("takes the first usual place that exists and says which", () => {
    expect(find(["/project/.cursor/mcp.json"])).toEqual({
      path: "/project/.cursor/mcp.json",
      shown: "./.cursor/mcp.json",
    });
    expect(find(["/project/.cursor/mcp.json", "/project/.mcp.json"])?.shown).toBe("./.mcp.json");
    expect(find(["/project/.mcp.json", "/project/mcp.json"])?.shown).toBe("./mcp.json");
  });

  it("takes the file that is named, whether it exists or not", () => {
    expect(find(["/project/mcp.json"], "other.json")).toEqual({ path: "/project/other.json", shown: "other.json" });
  });

  it("finds nothing where there is nothing", () => {
    expect(find([])).toBeUndefined();
  });
});
