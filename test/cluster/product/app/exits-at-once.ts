/**
 * An MCP server as careless as many are: it ends the moment that it is told to, whatever is under way. Its one tool takes a while.
 * Over streamable HTTP without sessions, so that any replica can answer; with the argument `stdio`, over stdin and stdout.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

/** How long a call takes, in ms. */
const callMs = 300;

const leave = (): void => process.exit(0);
process.on("SIGTERM", leave);

function createSlowServer(): McpServer {
  const server = new McpServer({ name: "exits-at-once", version: "1.0.0" });
  server.registerTool("slow", { description: "Answers after a while." }, async () => {
    await pause(callMs);
    return { content: [{ type: "text", text: "done" }] };
  });
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const transport = new StreamableHTTPServerTransport({});
  await createSlowServer().connect(transport);
  await transport.handleRequest(request, response);
}

if (process.argv[2] === "stdio") {
  process.stdin.on("end", leave);
  await createSlowServer().connect(new StdioServerTransport());
} else {
  createServer((request, response) => void answer(request, response)).listen(Number(process.env["PORT"]));
}
