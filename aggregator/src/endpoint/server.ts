/**
 * The MCP server of an endpoint, for one exchange (modern) or one session (legacy): which requests there are and who answers
 * them. An unknown method has no handler on purpose: the SDK then answers as each era wants it.
 */
import { ProtocolError, ProtocolErrorCode, type ServerContext, type Tool } from "@modelcontextprotocol/server";
import type { Era, JsonObject } from "@outrigger/mcp";
import { idOf, type Principal } from "../auth/principal.ts";
import type { CallOutcome } from "../route/failure.ts";
import type { Operation, Operations } from "../telemetry/operations.ts";
import { takePage } from "./page.ts";
import { RawServer } from "./raw-server.ts";
import { callDirectly, callTool } from "./tools/call-tool.ts";
import { describeTool } from "./tools/describe-tool.ts";
import { findTool } from "./tools/find-tool.ts";
import type { EndpointParts, Invocation } from "./tools/invocation.ts";
import { listServers } from "./tools/list-servers.ts";
import type { EndpointView } from "./view.ts";

/** What a server is made from. */
export interface ServerParts extends EndpointParts {
  readonly view: EndpointView;
  readonly version: string;
  readonly operations: Operations;
}

/** Tools on one page of a list. Most clients read one page only. */
const pageSize = 1_000;
const freshMs = 60_000;
const freshWhileFailingMs = 5_000;

/** For whom a server is made. `session`: the id of the session, once there is one; empty where the era has none. */
export interface ServedCaller {
  readonly principal: Principal;
  readonly session: () => string;
}

/** Creates the server for an era. */
export function createServer(parts: ServerParts, era: Era, { principal, session }: ServedCaller): RawServer {
  const { view, state } = parts;
  const isFailing = [...state.catalogue().servers.values()].some((server) => server.state === "Dead");
  const ttlMs = isFailing || !state.isSettled() ? freshWhileFailingMs : freshMs;
  const server = new RawServer(
    { name: "outrigger", title: "Outrigger", version: parts.version },
    {
      capabilities: { tools: { listChanged: true } },
      instructions: view.instructions,
      cacheHints: { "tools/list": { ttlMs, cacheScope: "public" }, "server/discover": { ttlMs, cacheScope: "public" } },
    },
  );
  server.tell(parts.operations);
  server.server.setRequestHandler("tools/list", ({ params }) => {
    const page = takePage(view.listTools(era), { keyOf: readName, size: pageSize, cursor: params?.cursor });
    if (!page.ok)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, "The cursor is not one that this list gave.");
    // Raw definitions of servers: what a definition must be is between them and the client.
    const tools = page.items as unknown as Tool[];
    return page.nextCursor === undefined ? { tools } : { tools, nextCursor: page.nextCursor };
  });
  server.server.setRequestHandler("tools/call", async ({ params }, context) => {
    const { id, signal } = context.mcpReq;
    const operation = server.operationOf(id);
    if (operation === undefined) throw new Error("a request whose operation has not begun");
    // Whoever has cancelled gets no answer.
    signal.addEventListener("abort", () => server.abandon(id), { once: true });
    const invocation = readInvocation(params.arguments, {
      ...{ context, era, principal, operation },
      caller: session() || idOf(principal),
    });
    const outcome = await runTool(parts, params.name, invocation);
    if (!signal.aborted) server.answer(id, outcome);
    return { content: [] };
  });
  return server;
}

function readName(tool: JsonObject): string {
  return String(tool["name"]);
}

/** The endpoint's own tools. */
export const ownToolNames = ["find_tool", "call_tool", "describe_tool", "list_servers"] as const;

type SearchTool = (parts: EndpointParts, invocation: Invocation) => CallOutcome | Promise<CallOutcome>;

const searchTools: ReadonlyMap<string, SearchTool> = new Map<(typeof ownToolNames)[number], SearchTool>([
  ["find_tool", findTool],
  ["call_tool", callTool],
  ["describe_tool", describeTool],
  ["list_servers", listServers],
]);

async function runTool(parts: ServerParts, name: string, invocation: Invocation): Promise<CallOutcome> {
  // Public names always hold `__`, these never do, so no server can take their place.
  const own = parts.view.mode === "search" ? searchTools.get(name) : undefined;
  return own === undefined ? callDirectly(parts, name, invocation) : own(parts, invocation);
}

interface Circumstances {
  readonly context: ServerContext;
  readonly era: Era;
  readonly caller: string;
  readonly principal: Principal;
  readonly operation: Operation;
}

function readInvocation(values: unknown, { context, ...asked }: Circumstances): Invocation {
  const { _meta: meta = {}, notify, signal } = context.mcpReq;
  const { progressToken } = meta;
  const invocation: Invocation = { ...asked, arguments: values, meta: pickForwarded(meta), signal };
  if (progressToken === undefined) return invocation;
  return {
    ...invocation,
    onProgress: (params) => {
      // Whoever asked for progress gets it under the token that it chose. A caller that has gone needs none.
      const told = { ...params, progressToken } as unknown as { progressToken: string | number; progress: number };
      notify({ method: "notifications/progress", params: told }).catch(() => undefined);
    },
  };
}

const reservedPrefix = "io.modelcontextprotocol/";

/** What goes along to a server: trace context and vendors' keys, not what belongs to the connection with the caller. */
function pickForwarded(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(meta).filter(([key]) => key !== "progressToken" && !key.startsWith(reservedPrefix));
  return Object.fromEntries(entries);
}
