/** What a POST says of itself: the body beside the headers that repeat parts of it. Which of them counts is decided by who reads it. */
import type { IncomingMessage } from "node:http";
import type { InboundHttpRequest } from "@modelcontextprotocol/server";

/** Reads the claims of a request whose body was received. */
export function readClaims(req: IncomingMessage, body: unknown): InboundHttpRequest {
  const claims: InboundHttpRequest = { httpMethod: "POST", body };
  const { "mcp-protocol-version": version, "mcp-method": method, "mcp-name": name } = req.headers;
  if (typeof version === "string") claims.protocolVersionHeader = version;
  if (typeof method === "string") claims.mcpMethodHeader = method;
  if (typeof name === "string") claims.mcpNameHeader = name;
  return claims;
}
