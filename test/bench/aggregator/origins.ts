/** The servers behind the aggregator, where they are asked: what one costs is the same for all subjects. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Ends } from "./stage.ts";

/** What every call is answered with. */
export const answerHas = "measured";

const answer: RequestListener = (req, res) => {
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => void chunks.push(chunk));
  req.on("end", () => {
    // The load's own messages.
    const { id } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { id: unknown };
    const result = { content: [{ type: "text", text: answerHas }], resultType: "complete" };
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
};

/** Starts so many servers that answer every call with one text; gives their addresses. */
export async function startOrigins(count: number, ends: Ends): Promise<readonly string[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(createServer(answer))));
  ends.push(() => Promise.all(servers.map(close)));
  // A server that listens on TCP has this form of address.
  return servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
}

async function listen(server: Server): Promise<Server> {
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return server;
}

function close(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}
