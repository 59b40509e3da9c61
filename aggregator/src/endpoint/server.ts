/**
 * The MCP server of an endpoint, for one exchange (modern) or one session (legacy): which requests there are and who answers
 * them. An unknown method has no handler on purpose: the SDK then answers as each era wants it.
 */
import { ProtocolError, ProtocolErrorCode, type Tool } from "@modelcontextprotocol/server";
import type { Era } from "@outrigger/mcp";
import type { Principal } from "../auth/principal.ts";
import { findByPublicName } from "../catalog/find.ts";
import type { CallOutcome } from "../route/failure.ts";
import { tasksExtension } from "../route/request.ts";
import type { Operations } from "../telemetry/operations.ts";
import { addMethods, offeredCapabilities } from "./methods/methods.ts";
import { readFreshness, takeToolPage } from "./list-tools.ts";
import { RawServer } from "./raw-server.ts";
import type { ToolPages } from "./tool-pages.ts";
import { callDirectly, callTool } from "./tools/call-tool.ts";
import { describeTool } from "./tools/describe-tool.ts";
import { findTool } from "./tools/find-tool.ts";
import { isObject, refuseArguments, type EndpointParts, type Invocation } from "./tools/invocation.ts";
import { listServers } from "./tools/list-servers.ts";
import type { ownToolNames } from "./tools/own-names.ts";
import type { CallerViews } from "../visibility/caller-views.ts";

/** What a server is made from. */
export interface ServerParts extends Omit<EndpointParts, "decision"> {
  /** What callers see, each its own. */
  readonly view: CallerViews;
  readonly version: string;
  readonly operations: Operations;
  readonly pages: ToolPages;
}

/** For whom a server is made. `session`: the id of the session, once there is one; empty where the era has none. */
export interface ServedCaller {
  readonly principal: Principal;
  readonly session: () => string;
}

/** Creates the server for an era. */
export function createServer(parts: ServerParts, era: Era, { principal, session }: ServedCaller): RawServer {
  const { view, state } = parts;
  const { cacheScope, ttlMs } = readFreshness(parts, principal);
  const server = new RawServer(
    { name: "outrigger", title: "Outrigger", version: parts.version },
    {
      capabilities: {
        tools: { listChanged: true },
        ...offeredCapabilities,
        ...(era === "modern" ? { extensions: { [tasksExtension]: {} } } : {}),
      },
      instructions: view.instructions,
      cacheHints: {
        "tools/list": { ttlMs, cacheScope },
        "prompts/list": { ttlMs, cacheScope },
        "resources/list": { ttlMs, cacheScope },
        "resources/templates/list": { ttlMs, cacheScope },
        "server/discover": { ttlMs, cacheScope: "public" },
      },
    },
  );
  server.tell(parts.operations);
  server.checkParamHeaders((name) => {
    const tool = findByPublicName(state.catalogue(), name);
    const schema =
      tool !== undefined && view.of(principal).decision.mayCall(tool) ? tool.definition["inputSchema"] : undefined;
    return isObject(schema) ? schema : undefined;
  });
  server.server.setRequestHandler("tools/list", ({ params }) => {
    // A session outlives the rules that it began under.
    const page = takeToolPage(parts, { principal, era, cursor: params?.cursor });
    if (!page.ok)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, "The cursor is not one that this list gave.");
    // Raw definitions of servers: what a definition must be is between them and the client.
    const tools = page.items as unknown as Tool[];
    return page.nextCursor === undefined ? { tools } : { tools, nextCursor: page.nextCursor };
  });
  const { answer } = addMethods(server, {
    ...{ era, principal, session },
    partsOf: () => ({ ...parts, decision: view.of(principal).decision }),
  });
  answer("tools/call", async (own, invocation, { name }) => {
    if (typeof name !== "string") return refuseArguments("name", "the name of a tool", name);
    return runTool({ ...parts, ...own }, name, invocation);
  });
  return server;
}

type SearchTool = (parts: EndpointParts, invocation: Invocation) => CallOutcome | Promise<CallOutcome>;

const searchTools: ReadonlyMap<string, SearchTool> = new Map<(typeof ownToolNames)[number], SearchTool>([
  ["find_tool", findTool],
  ["call_tool", callTool],
  ["describe_tool", describeTool],
  ["list_servers", listServers],
]);

async function runTool(parts: ServerParts & EndpointParts, name: string, invocation: Invocation): Promise<CallOutcome> {
  const own = parts.view.hasSearch ? searchTools.get(name) : undefined;
  return own === undefined ? callDirectly(parts, name, invocation) : own(parts, invocation);
}
