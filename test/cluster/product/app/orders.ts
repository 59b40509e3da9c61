/**
 * An MCP server as somebody else runs one on the internet: over HTTPS, for those alone who come with its token. CERTIFICATE and
 * KEY are PEM. Over streamable HTTP without sessions.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

const { PORT, CERTIFICATE, KEY, TOKEN = "" } = process.env;

function createOrders(): McpServer {
  const server = new McpServer({ name: "orders", version: "1.0.0" });
  const inputSchema = { order: z.string().describe("The number of the order.") };
  const say = (text: string) => ({ content: [{ type: "text" as const, text }] });
  server.registerTool(
    "track_order",
    { description: "Says where the parcel of an order is.", inputSchema },
    ({ order }) => say(`Order ${order} left the warehouse.`),
  );
  server.registerTool("read_invoice", { description: "Reads the invoice of an order.", inputSchema }, ({ order }) =>
    say(`Invoice of order ${order}: paid.`),
  );
  server.registerTool("list_orders", { description: "Lists all orders." }, () => say("7"));
  server.registerTool("cancel_order", { description: "Cancels an order.", inputSchema }, ({ order }) =>
    say(`Order ${order} is cancelled.`),
  );
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers.authorization !== `Bearer ${TOKEN}` || request.url !== "/mcp") {
    response.writeHead(401, { "www-authenticate": "Bearer" }).end();
    return;
  }
  const transport = new StreamableHTTPServerTransport({});
  await createOrders().connect(transport);
  await transport.handleRequest(request, response);
}

createServer({ cert: CERTIFICATE, key: KEY }, (request, response) => void answer(request, response)).listen(
  Number(PORT),
);
