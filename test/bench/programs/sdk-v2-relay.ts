/** A baseline: a relay of SDK v2, a server of `createMcpHandler` for each request and one client for all of them. */
import { createServer } from "node:http";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { toNodeHandler, type NodeIncomingMessageLike } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";

const [origin = "", port = "0"] = process.argv.slice(2);
const identity = { name: "relay", version: "1.0.0" };
const client = new Client(identity);
await client.connect(new StreamableHTTPClientTransport(new URL(`${origin}/mcp`)));

const handler = createMcpHandler(
  () => {
    const relay = new McpServer(identity, { capabilities: { tools: {} } });
    relay.server.setRequestHandler("tools/list", ({ params }) => client.listTools(params));
    relay.server.setRequestHandler("tools/call", ({ params }) => client.callTool(params));
    return relay;
  },
  { responseMode: "json" },
);
const handle = toNodeHandler(handler);
// The SDK's duck type of a request forbids the undefined that Node's own type allows.
const server = createServer((request, response) => void handle(request as NodeIncomingMessageLike, response));
server.keepAliveTimeout = 60_000;
server.listen(Number(port), "127.0.0.1");
process.stdin.on("end", () => process.exit(0)).resume();
