import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { buildClientConfig, clientNames, listAddresses, type ClientConfig, type ClientName } from "./clients.ts";
import { clients } from "./table.ts";

const mcpUrl = "http://127.0.0.1:7777/mcp";
const launch = ["/usr/bin/node", "/opt/outrigger/bin/outrigger.js"];
const front = ["/opt/outrigger/bin/outrigger.js", "stdio", "--endpoint", mcpUrl];

type Choice = Partial<Parameters<typeof buildClientConfig>[1]>;

function build(name: ClientName, choice: Choice = {}): ClientConfig {
  const built = buildClientConfig(name, { mcpUrl, launch, ...choice });
  if (!built.ok) throw new Error(built.why);
  return built.config;
}

const extensions: Partial<Record<ClientName, string>> = { codex: "toml", continue: "yaml", goose: "yaml" };
const extensionOf = (name: ClientName): string => extensions[name] ?? "json";

/** The values of a file, read as its client reads it. TOML is compared as text, and read by Python's own reader in the tools tier. */
function read(name: ClientName, content: string): unknown {
  return extensionOf(name) === "yaml" ? parseYaml(content) : JSON.parse(content);
}

describe("buildClientConfig", () => {
  it.each(clientNames)(
    "F-177 writes exactly the known good file of %s, by its usual way and by stdio",
    async (name) => {
      await expect(build(name).content).toMatchFileSnapshot(`testdata/${name}.${extensionOf(name)}`);
      await expect(build(name, { wanted: "stdio" }).content).toMatchFileSnapshot(
        `testdata/${name}.stdio.${extensionOf(name)}`,
      );
    },
  );

  it("F-174 gives Cursor an mcpServers file with the endpoint's url, for one project or for all", () => {
    const { content, places } = build("cursor");
    expect(JSON.parse(content)).toEqual({ mcpServers: { outrigger: { url: mcpUrl } } });
    expect(places.map((place) => place.linux)).toEqual(["~/.cursor/mcp.json", ".cursor/mcp.json"]);
  });

  it("F-175 gives VS Code a servers file, with the paths of each system and of Insiders", () => {
    const { content, places } = build("vscode");
    expect(JSON.parse(content)).toEqual({ servers: { outrigger: { type: "http", url: mcpUrl } } });
    expect(places).toContainEqual({
      use: "all projects",
      linux: "~/.config/Code/User/mcp.json",
      macos: "~/Library/Application Support/Code/User/mcp.json",
      windows: "%APPDATA%\\Code\\User\\mcp.json",
    });
    const insiders = "~/Library/Application Support/Code - Insiders/User/mcp.json";
    expect(places.find((place) => place.use === "Insiders")?.macos).toBe(insiders);
    expect(build("vscode-insiders").places.at(-1)?.macos).toBe(insiders);
    expect(build("vscode-insiders").content).toBe(content);
  });

  it("F-176 gives Claude Code HTTP, and Claude Desktop, whose file knows stdio only, outrigger stdio", () => {
    const code = build("claude-code");
    expect(JSON.parse(code.content)).toEqual({ mcpServers: { outrigger: { type: "http", url: mcpUrl } } });
    expect(code.note).toContain(`claude mcp add --transport http outrigger ${mcpUrl}`);
    const desktop = build("claude-desktop");
    expect(JSON.parse(desktop.content)).toEqual({ mcpServers: { outrigger: { command: launch[0], args: front } } });
    expect(desktop.places[0]?.macos).toBe("~/Library/Application Support/Claude/claude_desktop_config.json");
  });

  it.each<[ClientName, object]>([
    ["windsurf", { mcpServers: { outrigger: { serverUrl: mcpUrl } } }],
    ["zed", { context_servers: { outrigger: { url: mcpUrl } } }],
    ["gemini", { mcpServers: { outrigger: { httpUrl: mcpUrl } } }],
    ["cline", { mcpServers: { outrigger: { type: "streamableHttp", url: mcpUrl, disabled: false } } }],
    ["amp", { "amp.mcpServers": { outrigger: { url: mcpUrl } } }],
    ["jetbrains", { mcpServers: { outrigger: { command: launch[0], args: front } } }],
  ])("F-177 puts the address of %s where that client looks for it", (name, expected) => {
    expect(read(name, build(name).content)).toEqual(expected);
  });

  it("F-177 writes Continue, Goose and opencode in their own forms", () => {
    expect(read("continue", build("continue").content)).toMatchObject({
      schema: "v1",
      mcpServers: [{ name: "outrigger", type: "streamable-http", url: mcpUrl }],
    });
    expect(read("goose", build("goose", { wanted: "stdio" }).content)).toMatchObject({
      extensions: { outrigger: { type: "stdio", cmd: launch[0], args: front, enabled: true } },
    });
    expect(read("opencode", build("opencode", { wanted: "stdio" }).content)).toMatchObject({
      mcp: { servers: { outrigger: { type: "local", command: [launch[0], ...front] } } },
    });
  });

  it("F-177 writes TOML for Codex, whatever stands in a path", () => {
    const odd = ["C:\\Program Files\\node.exe", 'a "b"\u007f.js'];
    expect(build("codex", { wanted: "stdio", launch: odd }).content).toBe(
      `[mcp_servers.outrigger]\ncommand = "C:\\\\Program Files\\\\node.exe"\n` +
        `args = ["a \\"b\\"\\u007f.js", "stdio", "--endpoint", "${mcpUrl}"]\n`,
    );
  });

  it("names the variable with the token as each client spells it, and never a token", () => {
    const tokenVariable = "TEAM_TOKEN";
    const spelled = clientNames.flatMap((name) => {
      const built = buildClientConfig(name, { mcpUrl, launch, tokenVariable });
      const said = built.ok ? /Bearer [^"]+|bearer_token_env_var = .+/.exec(built.config.content)?.[0] : undefined;
      return built.ok ? [[name, said]] : [];
    });
    expect(Object.fromEntries(spelled)).toEqual({
      cursor: "Bearer ${env:TEAM_TOKEN}",
      vscode: "Bearer ${input:outrigger-token}",
      "vscode-insiders": "Bearer ${input:outrigger-token}",
      "claude-code": "Bearer ${TEAM_TOKEN}",
      windsurf: "Bearer ${env:TEAM_TOKEN}",
      gemini: "Bearer $TEAM_TOKEN",
      codex: 'bearer_token_env_var = "TEAM_TOKEN"',
      opencode: "Bearer {env:TEAM_TOKEN}",
      amp: "Bearer ${TEAM_TOKEN}",
    });
    expect(buildClientConfig("zed", { mcpUrl, launch, tokenVariable })).toEqual({
      ok: false,
      why: expect.stringContaining("--token-file") as string,
    });
    expect(JSON.parse(build("vscode", { tokenVariable }).content)).toMatchObject({
      inputs: [{ type: "promptString", id: "outrigger-token", password: true }],
    });
  });

  it.each(clientNames)("lets outrigger stdio read the token of a file for %s", (name) => {
    const { way, content } = build(name, { tokenFile: "/home/me/token" });
    expect(way).toBe("stdio");
    expect(content).toContain("--token-file");
    expect(content).toContain("/home/me/token");
  });

  it("knows of each client where its form comes from", () => {
    for (const { source } of clients) expect(new URL(source).protocol).toBe("https:");
  });
});

describe("listAddresses", () => {
  it("tells where each transport is, of all servers and of a group", () => {
    expect(listAddresses(mcpUrl)).toEqual([
      ["Streamable HTTP", "http://127.0.0.1:7777/mcp"],
      ["HTTP+SSE, older", "http://127.0.0.1:7777/mcp/sse"],
    ]);
    expect(listAddresses(`${mcpUrl}/g/code`)[1]?.[1]).toBe("http://127.0.0.1:7777/mcp/g/code/sse");
  });
});
