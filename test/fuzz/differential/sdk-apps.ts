/** Servers of SDK v1 and v2 that run any tool and keep its name, as their own parsers read it. Stateless, so that each body stands alone. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler, type NodeIncomingMessageLike } from "@modelcontextprotocol/node";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler, McpServer as McpServerV2 } from "@modelcontextprotocol/server";
import { allowedTools, deniedTools } from "../names.ts";

/** A running server. `ran`: the names of the tools that it ran, in order. */
export interface RecordingApp {
  readonly port: number;
  readonly ran: readonly string[];
  readonly close: () => void | Promise<void>;
}

const info = { name: "recording-app", version: "1.0.0" };
const capabilities = { tools: {} };
const tools = [...allowedTools, ...deniedTools].map((name) => ({ name, inputSchema: { type: "object" as const } }));
const result = { content: [{ type: "text" as const, text: "done" }] };

/** A server of `@modelcontextprotocol/sdk`: a transport of its own for each request. */
export function startSdkV1App(): Promise<RecordingApp> {
  const ran: string[] = [];
  return listen(ran, async (request, response) => {
    const mcp = new McpServerV1(info, { capabilities });
    const { server } = mcp;
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }));
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
      ran.push(params.name);
      return result;
    });
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on("close", () => void transport.close());
    await mcp.connect(transport);
    await transport.handleRequest(request, response);
  });
}

/** A server of `@modelcontextprotocol/server`, both eras. */
export function startSdkV2App(): Promise<RecordingApp> {
  const ran: string[] = [];
  const handler = createMcpHandler(() => {
    const mcp = new McpServerV2(info, { capabilities });
    const { server } = mcp;
    server.setRequestHandler("tools/list", () => ({ tools }));
    server.setRequestHandler("tools/call", ({ params }) => {
      ran.push(params.name);
      return result;
    });
    return mcp;
  });
  const handle = toNodeHandler(handler);
  return listen(ran, async (request, response) => {
    // The SDK's duck type of a request forbids the undefined that Node's own type allows.
    await handle(request as NodeIncomingMessageLike, response);
  });
}

async function listen(
  ran: readonly string[],
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<RecordingApp> {
  const http = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  http.listen(0, "127.0.0.1", () => resolve(undefined));
  await promise;
  return {
    // A server that listens on TCP has this form of address.
    port: (http.address() as AddressInfo).port,
    ran,
    close: () => {
      http.close();
      http.closeAllConnections();
    },
  };
}
