/** A baseline: a relay of SDK v1, from its server transport to its client transport and back, which is the least that it can do. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const [origin = "", port = "0"] = process.argv.slice(2);
const sessions = new Map<string, StreamableHTTPServerTransport>();

async function openSession(): Promise<StreamableHTTPServerTransport> {
  const toClient = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: (id) => void sessions.set(id, toClient),
  });
  const toServer = new StreamableHTTPClientTransport(new URL(`${origin}/mcp`));
  toClient.onmessage = (message) => void toServer.send(message);
  toServer.onmessage = (message) => void toClient.send(message);
  await Promise.all([toServer.start(), toClient.start()]);
  return toClient;
}

const server = createServer((request, response) => {
  const session = sessions.get(String(request.headers["mcp-session-id"]));
  void (async () => (session ?? (await openSession())).handleRequest(request, response))();
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), "127.0.0.1");
process.stdin.on("end", () => process.exit(0)).resume();
