/**
 * Which messages can't be of a session of the older transport: those of the modern era, which has no sessions, and those under a
 * revision that nobody has agreed on. Pure. Source: MCP 2025-11-25 basic/transports, "Protocol Version Header".
 */
import { classifyInboundRequest, type InboundHttpRequest } from "@modelcontextprotocol/server";
import { legacyRevisions } from "@outrigger/mcp";
import { refuseFor, type Refusal } from "../respond.ts";

/** The refusal of a message; undefined where a session may take it. */
export function refuseForOlder(claims: InboundHttpRequest): Refusal | undefined {
  const idBytes = readIdBytes(claims.body);
  const { protocolVersionHeader: version } = claims;
  const revisions = `${legacyRevisions[0]} to ${legacyRevisions.at(-1)}`;
  if (classifyInboundRequest(claims).kind !== "legacy") {
    return {
      ...refuseFor(
        "RequestMalformed",
        `The older transport carries revisions ${revisions}; send this one to the MCP path.`,
      ),
      idBytes,
    };
  }
  if (version === undefined || legacyRevisions.includes(version)) return undefined;
  return { ...refuseFor("RequestMalformed", `MCP-Protocol-Version is none of the revisions ${revisions}.`), idBytes };
}

function readIdBytes(body: unknown): Uint8Array | undefined {
  const id = typeof body === "object" && body !== null && "id" in body ? body.id : undefined;
  return id === undefined ? undefined : Buffer.from(JSON.stringify(id));
}
