import { describe, expect, it } from "vitest";
import { maxBytesPerServer, maxToolsPerServer, readList, type ToolDefinition } from "./entry.ts";
import { listed } from "./example-servers.ts";

const plan = { qualify: "server", namespace: "tools" } as const;
const read = (tools: readonly (string | ToolDefinition)[]): ReturnType<typeof readList> =>
  readList(listed("srv", tools).catalogue, plan);

describe("readList", () => {
  it("names tools publicly and orders them by that name in byte order", () => {
    const { tools, limited } = read(["b", "a_b", "aB", "a"]);
    expect(tools.map((tool) => tool.publicName)).toEqual(["srv__a", "srv__aB", "srv__a_b", "srv__b"]);
    expect(limited).toBeUndefined();
  });

  it("keeps unknown members of a definition", () => {
    const definition = { name: "t", title: "T", "x-vendor": { any: [1, null] }, _meta: { k: "v" } };
    expect(read([definition]).tools[0]?.definition).toBe(definition);
  });

  it("serves the first 2,000 tools of a longer list and says so", () => {
    const names = Array.from({ length: maxToolsPerServer + 345 }, (_, at) => `t${String(at).padStart(5, "0")}`);
    const { tools, limited } = read(names);
    expect(tools.map((tool) => tool.name)).toEqual(names.slice(0, maxToolsPerServer));
    expect(limited).toContain("2000 of 2345 listed tools are served");
    expect(read(names.slice(0, maxToolsPerServer)).limited).toBeUndefined();
  });

  it("serves the first 16 MiB of definitions and says so", () => {
    const large = "x".repeat(128 * 1024);
    const definitions = Array.from({ length: 140 }, (_, at) => ({ name: `t${at}`, description: large }));
    const { tools, limited } = read(definitions);
    expect(tools).toHaveLength(127);
    expect(tools.length * large.length).toBeLessThan(maxBytesPerServer);
    expect(limited).toContain("16 MiB");
  });

  it("counts bytes, not characters", () => {
    const twoBytes = "é".repeat(120 * 1024);
    const definitions = Array.from({ length: 80 }, (_, at) => ({ name: `t${at}`, description: twoBytes }));
    expect(read(definitions).tools).toHaveLength(68);
  });

  it("takes the first of a repeated name, holds back what has no name, and says so", () => {
    // What a broken server sends; the type only claims that names are there.
    const broken = [
      { name: "a", v: 1 },
      { name: "a", v: 2 },
      { name: "" },
      { name: 7 },
      {},
    ] as unknown as ToolDefinition[];
    const { tools, limited, heldBack } = read(broken);
    expect(tools.map((tool) => tool.definition["v"])).toEqual([1]);
    expect(limited).toBeUndefined();
    expect(heldBack).toBe(
      "4 of 5 listed entries are held back: 1 with a name that was listed before, 3 without a usable name.",
    );
  });
});
