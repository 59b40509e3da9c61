import { describe, expect, it } from "vitest";
import { readEndpoint } from "./endpoint.ts";

const urlsOf = (flag: string | undefined, env: Record<string, string> = {}): string[] => {
  const read = readEndpoint(flag, env);
  return read.ok ? [read.endpoint.base, read.endpoint.mcpUrl] : [read.expected];
};

describe("readEndpoint", () => {
  it("takes the flag before the variable before the default", () => {
    const env = { OUTRIGGER_ENDPOINT: "http://env:1" };
    expect(urlsOf("http://flag:2", env)).toEqual(["http://flag:2", "http://flag:2/mcp"]);
    expect(urlsOf(undefined, env)).toEqual(["http://env:1", "http://env:1/mcp"]);
    expect(urlsOf(undefined)).toEqual(["http://127.0.0.1:7777", "http://127.0.0.1:7777/mcp"]);
  });

  it("takes an MCP address as it is, also that of a group behind a base path", () => {
    expect(urlsOf("http://a:1/mcp/")).toEqual(["http://a:1", "http://a:1/mcp"]);
    expect(urlsOf("https://a/tools/mcp/g/dev")).toEqual(["https://a/tools", "https://a/tools/mcp/g/dev"]);
    expect(urlsOf("https://a/tools")).toEqual(["https://a/tools", "https://a/tools/mcp"]);
  });

  it("knows the narrower endpoint to which an address leads", () => {
    const pathOf = (flag: string): string | undefined => {
      const read = readEndpoint(flag, {});
      return read.ok ? read.endpoint.path : read.expected;
    };
    const paths = ["/mcp/g/dev", "/mcp/g/tools/dev", "/mcp/s/tools/git", "/mcp/v/reviews"];
    expect(paths.map((path) => pathOf(`https://a/base${path}/`))).toEqual(paths);
    expect(["http://a", "http://a/mcp", "http://a/g/dev"].map(pathOf)).toEqual(Array(3).fill(undefined));
  });

  it("refuses what is no address and names where it came from", () => {
    expect(urlsOf("127.0.0.1:7777")[0]).toMatch(/^--endpoint: expected an address/);
    expect(urlsOf(undefined, { OUTRIGGER_ENDPOINT: "http://a/?q=1" })[0]).toMatch(/^OUTRIGGER_ENDPOINT: /);
  });
});
