/** The demo's mcp.json: what a user would write, with a policy on two of the servers. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DemoFolder } from "./folder.ts";

/** Calls per minute that the demo allows to one server; a step makes one more. */
export const callsPerMinute = 3;

/** What the policy of the file server takes away: everything that writes. */
export const deniedTools = ["write_file", "edit_file", "move_file", "create_directory"];

/** Writes the file and returns its path. */
export function writeDemoConfig(
  folder: DemoFolder,
  urls: { readonly everything: string; readonly docs: string },
): string {
  const limit = { name: "everything-per-minute", rate: `${callsPerMinute}/m` };
  const mcpServers = {
    files: {
      command: "mcp-server-filesystem",
      args: [folder.files],
      outrigger: { policy: { tools: { deny: deniedTools } } },
    },
    git: {
      command: "git-mcp-server",
      env: { MCP_TRANSPORT_TYPE: "stdio", MCP_LOG_LEVEL: "error", GIT_BASE_DIR: folder.repository },
    },
    memory: { command: "mcp-server-memory", env: { MEMORY_FILE_PATH: join(folder.path, "memory.jsonl") } },
    thinking: { command: "mcp-server-sequential-thinking" },
    pdf: { command: "mcp-pdf-server", args: ["--stdio"] },
    everything: { url: urls.everything, outrigger: { policy: { limits: [limit] } } },
    docs: { url: urls.docs },
  };
  const file = join(folder.path, "mcp.json");
  writeFileSync(file, `${JSON.stringify({ mcpServers }, null, 2)}\n`);
  return file;
}
