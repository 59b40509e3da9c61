import { describe, expect, it } from "vitest";
import { buildClientConfig, clientNames, listAddresses } from "./clients.ts";

const endpoint = "http://127.0.0.1:7777/mcp";

describe("buildClientConfig", () => {
  it.each(clientNames)("writes exactly the known good file of %s", async (name) => {
    await expect(buildClientConfig(name, endpoint).content).toMatchFileSnapshot(`testdata/${name}.json`);
  });

  it("F-174 gives Cursor an mcpServers file with the endpoint's url, for one project or for all", () => {
    const { content, places } = buildClientConfig("cursor", endpoint);
    expect(JSON.parse(content)).toEqual({ mcpServers: { outrigger: { url: endpoint } } });
    expect(places.map((place) => place.linux)).toEqual(["~/.cursor/mcp.json", ".cursor/mcp.json"]);
  });

  it("F-175 gives VS Code a servers file, with the paths of each system and of Insiders", () => {
    const { content, places } = buildClientConfig("vscode", endpoint);
    expect(JSON.parse(content)).toEqual({ servers: { outrigger: { type: "http", url: endpoint } } });
    expect(places).toContainEqual({
      use: "all projects",
      linux: "~/.config/Code/User/mcp.json",
      macos: "~/Library/Application Support/Code/User/mcp.json",
      windows: "%APPDATA%\\Code\\User\\mcp.json",
    });
    expect(places.find((place) => place.use === "Insiders")?.macos).toBe(
      "~/Library/Application Support/Code - Insiders/User/mcp.json",
    );
  });

  it("F-176 gives Claude Code HTTP, and Claude Desktop, whose file knows stdio only, a bridge from stdio", () => {
    const code = buildClientConfig("claude-code", endpoint);
    expect(JSON.parse(code.content)).toEqual({ mcpServers: { outrigger: { type: "http", url: endpoint } } });
    expect(code.note).toContain(`claude mcp add --transport http outrigger ${endpoint}`);
    const desktop = buildClientConfig("claude-desktop", endpoint);
    expect(JSON.parse(desktop.content)).toEqual({
      mcpServers: { outrigger: { command: "npx", args: ["-y", "mcp-remote@0.15.1", endpoint] } },
    });
    expect(desktop.places[0]?.macos).toBe("~/Library/Application Support/Claude/claude_desktop_config.json");
  });

  it("lets the bridge speak plain HTTP to another host, which it refuses by itself", () => {
    expect(buildClientConfig("claude-desktop", "http://mcp.example:7777/mcp").content).toContain('"--allow-http"');
    expect(buildClientConfig("claude-desktop", "https://mcp.example/mcp").content).not.toContain("--allow-http");
  });
});

describe("listAddresses", () => {
  it("tells where each transport is, of all servers and of a group", () => {
    expect(listAddresses(endpoint)).toEqual([
      ["Streamable HTTP", "http://127.0.0.1:7777/mcp"],
      ["HTTP+SSE, older", "http://127.0.0.1:7777/mcp/sse"],
    ]);
    expect(listAddresses(`${endpoint}/g/code`)[1]?.[1]).toBe("http://127.0.0.1:7777/mcp/g/code/sse");
  });
});
