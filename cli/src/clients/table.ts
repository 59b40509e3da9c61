/**
 * The MCP clients that we know the file of. Each row names the client's own page about it; the rows were last compared with what is
 * published on 2026-11-22. What is not documented is not used: a client whose file names no variables gets its token through
 * `outrigger stdio`.
 */
import { everywhere, inHome, inUserFolder, withHeaders, type Client, type Entry, type FileForm } from "./client.ts";

const startCommand = (command: string, args: readonly string[]): Entry => ({ command, args });
const url: Client["http"] = (address, authorization) => ({ url: address, ...withHeaders(authorization) });
const typedUrl: Client["http"] = (address, authorization) => ({
  type: "http",
  url: address,
  ...withHeaders(authorization),
});
const wrapIn =
  (member: string): Client["wrap"] =>
  (name, entry) => ({ format: "json", value: { [member]: { [name]: entry } } });
const mcpServers = wrapIn("mcpServers");
const shellVariable = (name: string): string => `\${${name}}`;
const envVariable = (name: string): string => `\${env:${name}}`;
const dollar = (name: string): string => `$${name}`;
const tokenInput = "outrigger-token";

/** VS Code asks for the token once and keeps it; its file names the question. */
function wrapForCode(name: string, entry: Entry): FileForm {
  const asked = JSON.stringify(entry).includes(`\${input:${tokenInput}}`);
  const input = { type: "promptString", id: tokenInput, description: "Token for Outrigger", password: true };
  return { format: "json", value: { ...(asked ? { inputs: [input] } : {}), servers: { [name]: entry } } };
}

const code = {
  http: typedUrl,
  stdio: (command, args) => ({ type: "stdio", command, args }),
  wrap: wrapForCode,
  variable: () => `\${input:${tokenInput}}`,
  source: "https://code.visualstudio.com/docs/agents/reference/mcp-configuration",
} satisfies Partial<Client>;

/** The clients in the order in which they are listed. */
export const clients = [
  {
    name: "cursor",
    title: "Cursor",
    places: [inHome("all projects", ".cursor/mcp.json"), everywhere("one project", ".cursor/mcp.json")],
    source: "https://cursor.com/docs/context/mcp",
    http: url,
    stdio: startCommand,
    wrap: mcpServers,
    variable: envVariable,
  },
  {
    ...code,
    name: "vscode",
    title: "VS Code",
    places: [
      everywhere("one project", ".vscode/mcp.json"),
      inUserFolder("all projects", "Code", "User/mcp.json"),
      inUserFolder("Insiders", "Code - Insiders", "User/mcp.json"),
    ],
  },
  {
    ...code,
    name: "vscode-insiders",
    title: "VS Code Insiders",
    places: [
      everywhere("one project", ".vscode/mcp.json"),
      inUserFolder("all projects", "Code - Insiders", "User/mcp.json"),
    ],
  },
  {
    name: "claude-code",
    title: "Claude Code",
    places: [everywhere("one project", ".mcp.json"), inHome("all projects", ".claude.json")],
    source: "https://code.claude.com/docs/en/mcp",
    http: typedUrl,
    stdio: startCommand,
    wrap: mcpServers,
    variable: shellVariable,
    note: ({ serverName, mcpUrl }) => `Without a file: claude mcp add --transport http ${serverName} ${mcpUrl}`,
  },
  {
    name: "claude-desktop",
    title: "Claude Desktop",
    places: [inUserFolder("all chats", "Claude", "claude_desktop_config.json")],
    source: "https://modelcontextprotocol.io/docs/develop/connect-local-servers",
    stdio: startCommand,
    wrap: mcpServers,
    note: () => "Its file knows stdio servers only, so outrigger stdio carries stdio to HTTP.",
  },
  {
    name: "windsurf",
    title: "Windsurf",
    places: [
      inHome("all projects", ".codeium/windsurf/mcp_config.json"),
      inHome("JetBrains plugin", ".codeium/mcp_config.json"),
    ],
    source: "https://docs.windsurf.com/windsurf/cascade/mcp",
    http: (address, authorization) => ({ serverUrl: address, ...withHeaders(authorization) }),
    stdio: startCommand,
    wrap: mcpServers,
    variable: envVariable,
  },
  {
    name: "zed",
    title: "Zed",
    places: [
      { ...inHome("all projects", ".config/zed/settings.json"), windows: "%APPDATA%\\Zed\\settings.json" },
      everywhere("one project", ".zed/settings.json"),
    ],
    source: "https://zed.dev/docs/ai/mcp",
    http: url,
    stdio: startCommand,
    wrap: wrapIn("context_servers"),
    note: () => "The file holds other settings too: put the member context_servers beside them.",
  },
  {
    name: "gemini",
    title: "Gemini CLI",
    places: [inHome("all projects", ".gemini/settings.json"), everywhere("one project", ".gemini/settings.json")],
    source: "https://geminicli.com/docs/tools/mcp-server",
    http: (address, authorization) => ({ httpUrl: address, ...withHeaders(authorization) }),
    stdio: startCommand,
    wrap: mcpServers,
    variable: dollar,
    note: () => "The file holds other settings too: put the member mcpServers beside them.",
  },
  {
    name: "codex",
    title: "Codex",
    places: [inHome("all projects", ".codex/config.toml"), everywhere("one trusted project", ".codex/config.toml")],
    source: "https://developers.openai.com/codex/mcp",
    // It names the variable and adds "Bearer" by itself.
    http: (address, variable) => ({
      url: address,
      ...(variable === undefined ? {} : { bearer_token_env_var: variable }),
    }),
    stdio: startCommand,
    wrap: (name, entry) => ({ format: "toml", value: { mcp_servers: { [name]: entry } } }),
    variable: (name) => name,
    note: ({ serverName, mcpUrl }) => `Without a file: codex mcp add ${serverName} --url ${mcpUrl}`,
  },
  {
    name: "cline",
    title: "Cline",
    places: [
      inUserFolder("VS Code", "Code", "User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"),
      inHome("command line", ".cline/data/settings/cline_mcp_settings.json"),
    ],
    source: "https://docs.cline.bot/mcp/mcp-overview",
    http: (address) => ({ type: "streamableHttp", url: address, disabled: false }),
    stdio: startCommand,
    wrap: mcpServers,
  },
  {
    name: "continue",
    title: "Continue",
    places: [everywhere("one project", ".continue/mcpServers/outrigger.yaml")],
    source: "https://docs.continue.dev/customize/deep-dives/mcp",
    http: (address) => ({ type: "streamable-http", url: address }),
    stdio: (command, args) => ({ type: "stdio", command, args }),
    wrap: (name, entry) => ({
      format: "yaml",
      value: { name: "Outrigger", version: "0.0.1", schema: "v1", mcpServers: [{ name, ...entry }] },
    }),
    note: () => "For all projects the entry stands under mcpServers of ~/.continue/config.yaml.",
  },
  {
    name: "goose",
    title: "Goose",
    places: [
      {
        ...inHome("all sessions", ".config/goose/config.yaml"),
        windows: "%APPDATA%\\Block\\goose\\config\\config.yaml",
      },
    ],
    source: "https://goose-docs.ai/docs/guides/config-files",
    http: (address) => ({ type: "streamable_http", uri: address, timeout: 300 }),
    stdio: (cmd, args) => ({ type: "stdio", cmd, args, timeout: 300 }),
    wrap: (name, entry) => ({
      format: "yaml",
      value: { extensions: { [name]: { name, description: "Tools behind Outrigger", enabled: true, ...entry } } },
    }),
    note: () => "The file holds other settings too: put the extension beside those that are there.",
  },
  {
    name: "opencode",
    title: "opencode",
    places: [inHome("all projects", ".config/opencode/opencode.json"), everywhere("one project", "opencode.json")],
    source: "https://opencode.ai/v2/docs/mcp-servers",
    http: (address, authorization) => ({ type: "remote", url: address, ...withHeaders(authorization) }),
    stdio: (command, args) => ({ type: "local", command: [command, ...args] }),
    wrap: (name, entry) => ({
      format: "json",
      value: { $schema: "https://opencode.ai/config.json", mcp: { servers: { [name]: entry } } },
    }),
    variable: (name) => `{env:${name}}`,
    note: () => "opencode 1 has the entry right under mcp, without servers between them.",
  },
  {
    name: "amp",
    title: "Amp",
    places: [inHome("all projects", ".config/amp/settings.json"), everywhere("one project", ".amp/settings.json")],
    source: "https://ampcode.com/manual",
    http: url,
    stdio: startCommand,
    wrap: wrapIn("amp.mcpServers"),
    variable: shellVariable,
    note: () => "The file holds other settings too: put the member amp.mcpServers beside them.",
  },
  {
    name: "jetbrains",
    title: "JetBrains",
    places: [
      inHome("Junie, all projects", ".junie/mcp/mcp.json"),
      everywhere("Junie, one project", ".junie/mcp/mcp.json"),
    ],
    source: "https://www.jetbrains.com/help/ai-assistant/mcp.html",
    stdio: startCommand,
    wrap: mcpServers,
    note: () =>
      "For AI Assistant, paste it under Settings | Tools | AI Assistant | Model Context Protocol (MCP), Add, As JSON.",
  },
  {
    name: "generic",
    title: "Others",
    places: [],
    source: "https://modelcontextprotocol.io/docs/develop/connect-remote-servers",
    http: typedUrl,
    stdio: startCommand,
    wrap: mcpServers,
    note: () => "Most clients read an object of this form; their own pages name the file.",
  },
] as const satisfies readonly Client[];
