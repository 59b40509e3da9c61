/**
 * The configuration that each MCP client wants for one endpoint: file content, and where that file lies per system.
 * Sources: the clients' own pages on MCP configuration. Writes nothing.
 */

/** A client that we know the configuration of. */
export const clientNames = ["cursor", "vscode", "claude-code", "claude-desktop"] as const;

export type ClientName = (typeof clientNames)[number];

/** A file by system; where all systems agree it is one path. */
export interface FilePlace {
  readonly use: string;
  readonly linux: string;
  readonly macos: string;
  readonly windows: string;
}

/** What a client needs. `content` is the whole file; `note` says what is particular about this client. */
export interface ClientConfig {
  readonly name: ClientName;
  readonly title: string;
  readonly content: string;
  readonly places: readonly FilePlace[];
  readonly note?: string;
}

const everywhere = (use: string, path: string): FilePlace => ({ use, linux: path, macos: path, windows: path });
const inHome = (use: string, path: string): FilePlace => ({
  ...everywhere(use, `~/${path}`),
  windows: `%USERPROFILE%\\${path.replaceAll("/", "\\")}`,
});

function inUserFolder(use: string, application: string, path: string): FilePlace {
  return {
    use,
    linux: `~/.config/${application}/${path}`,
    macos: `~/Library/Application Support/${application}/${path}`,
    windows: `%APPDATA%\\${application}\\${path.replaceAll("/", "\\")}`,
  };
}

const toFile = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Builds the configuration of one client for an MCP address. `serverName` is the name under which the client shows it. */
export function buildClientConfig(name: ClientName, mcpUrl: string, serverName = "outrigger"): ClientConfig {
  const http = { [serverName]: { type: "http", url: mcpUrl } };
  switch (name) {
    case "cursor":
      return {
        name,
        title: "Cursor",
        content: toFile({ mcpServers: { [serverName]: { url: mcpUrl } } }),
        places: [inHome("all projects", ".cursor/mcp.json"), everywhere("one project", ".cursor/mcp.json")],
      };
    case "vscode":
      return {
        name,
        title: "VS Code",
        content: toFile({ servers: http }),
        places: [
          everywhere("one project", ".vscode/mcp.json"),
          inUserFolder("all projects", "Code", "User/mcp.json"),
          inUserFolder("Insiders", "Code - Insiders", "User/mcp.json"),
        ],
      };
    case "claude-code":
      return {
        name,
        title: "Claude Code",
        content: toFile({ mcpServers: http }),
        places: [everywhere("one project", ".mcp.json"), inHome("all projects", ".claude.json")],
        note: `Without a file: claude mcp add --transport http ${serverName} ${mcpUrl}`,
      };
    case "claude-desktop":
      return {
        name,
        title: "Claude Desktop",
        content: toFile({ mcpServers: { [serverName]: { command: "npx", args: remoteArgs(mcpUrl) } } }),
        places: [inUserFolder("all chats", "Claude", "claude_desktop_config.json")],
        note: "Its file knows stdio servers only, so mcp-remote carries stdio to HTTP.",
      };
  }
}

/** The addresses of an endpoint for clients that we know no file of, by transport. */
export function listAddresses(mcpUrl: string): readonly (readonly [transport: string, url: string])[] {
  return [
    ["Streamable HTTP", mcpUrl],
    ["HTTP+SSE, older", `${mcpUrl}/sse`],
  ];
}

/** mcp-remote refuses plain HTTP to other hosts unless told. */
function remoteArgs(mcpUrl: string): string[] {
  const url = new URL(mcpUrl);
  const isPlainRemote = url.protocol === "http:" && !["127.0.0.1", "localhost"].includes(url.hostname);
  return ["-y", "mcp-remote@0.15.1", mcpUrl, ...(isPlainRemote ? ["--allow-http"] : [])];
}
