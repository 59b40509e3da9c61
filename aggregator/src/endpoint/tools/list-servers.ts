/** The tool `list_servers`: the servers with what they are for, or one server's tools by name and first sentence; paged. */
import { rpcCodes } from "@outrigger/api/errors";
import { reasons } from "@outrigger/api/reasons";
import type { JsonObject } from "@outrigger/mcp";
import type { ServerEntry, ToolEntry } from "../../catalog/entry.ts";
import { chooseCatalogueState } from "../../catalog/catalogue-state.ts";
import { nearestNames } from "../../catalog/nearest.ts";
import type { SidecarView } from "../../catalog/view.ts";
import type { CallOutcome } from "../../route/failure.ts";
import { readFirstSentence } from "../../search/present.ts";
import { takePage } from "../page.ts";
import { answerError, answerWith, readTexts, type EndpointParts, type Invocation } from "./invocation.ts";

const pageSize = 50;

/** The definition. */
export const listServersDefinition: JsonObject = {
  name: "list_servers",
  title: "List servers",
  description: "Lists the servers with their state and number of tools; with server, that server's tools.",
  inputSchema: {
    type: "object",
    properties: {
      server: { type: "string", description: "A server's name: lists its tools." },
      cursor: { type: "string", description: "next_cursor of the page before." },
    },
  },
  annotations: { title: "List servers", readOnlyHint: true, openWorldHint: false },
};

/** Lists servers or tools. Errors: -32602 for a cursor that is none of ours; an unknown server is an answer. */
export function listServers(parts: EndpointParts, invocation: Invocation): CallOutcome {
  const read = readTexts(invocation.arguments, { server: ["server", "server_name"], cursor: ["cursor"] });
  if (!read.ok) return read.outcome;
  const { server, cursor } = read.texts;
  const visible = [...parts.state.catalogue().servers.values()].filter(parts.decision.maySee).sort(byKey);
  const page =
    server === undefined ? pageServers(parts, visible, cursor) : pageTools(parts, { visible, server, cursor });
  if (page === "badCursor") {
    const message = "Invalid arguments: cursor: expected the next_cursor of the page before";
    return { kind: "error", error: { code: rpcCodes.invalidParams, message } };
  }
  return page === undefined ? answerUnknown(server ?? "", visible, invocation) : answerWith(page, invocation.era);
}

function answerUnknown(server: string, visible: readonly ServerEntry[], { era }: Invocation): CallOutcome {
  const names = nearestNames(server, new Set(visible.map((each) => each.server)), 3);
  const hint = names.length === 0 ? "" : `. The nearest names are: ${names.join(", ")}`;
  return answerError(`Unknown server: ${server.replace(/\p{C}/gu, "?").slice(0, 128)}${hint}`, era);
}

function pageServers(
  parts: EndpointParts,
  visible: readonly ServerEntry[],
  cursor: string | undefined,
): JsonObject | "badCursor" {
  const page = takePage(visible, { keyOf: ({ key }) => key, size: pageSize, cursor });
  if (!page.ok) return "badCursor";
  return { servers: page.items.map((each) => presentServer(each, parts)), ...writeNext(page.nextCursor) };
}

interface ToolsWanted {
  readonly visible: readonly ServerEntry[];
  readonly server: string;
  readonly cursor: string | undefined;
}

function pageTools(
  parts: EndpointParts,
  { visible, server, cursor }: ToolsWanted,
): JsonObject | "badCursor" | undefined {
  const meant = visible.filter((each) => each.server === server || each.key === server);
  if (meant.length === 0) return undefined;
  const tools = meant.flatMap((each) => each.tools.filter(parts.decision.mayCall)).sort(byPublicName);
  const page = takePage(tools, { keyOf: ({ publicName }) => publicName, size: pageSize, cursor });
  if (!page.ok) return "badCursor";
  const servers = meant.map((each) => presentServer(each, parts));
  return { servers, tools: page.items.map(presentTool), ...writeNext(page.nextCursor) };
}

function presentServer(entry: ServerEntry, { state: known, decision: { mayCall } }: EndpointParts): JsonObject {
  const { server, namespace, group, title, description, state, tools } = entry;
  const replicas = [...entry.replicas.keys()].flatMap((key) => known.view(key) ?? []);
  return {
    name: server,
    namespace,
    group,
    ...(title === undefined ? {} : { title: readFirstSentence(title) }),
    ...(description === undefined ? {} : { description: readFirstSentence(description) }),
    state,
    ...presentReason(state, replicas),
    tools: tools.filter(mayCall).length,
    ...presentFindings(entry),
    ...presentFailure(replicas),
  };
}

/** Why a server is not as it should be, in the word of its best replica; nothing of one that is. */
function presentReason(state: ServerEntry["state"], replicas: readonly SidecarView[]): JsonObject {
  const best = state === "Ready" ? undefined : replicas.find((replica) => replica.state === state);
  return best === undefined ? {} : { reason: best.reason };
}

/** Why tools of a server may be missing though it was listed, without numbers: they would count what is hidden from the caller. */
function presentFindings({ findings }: ServerEntry): JsonObject {
  const told = findings.filter(({ reason }) => reason === "CatalogLimited" || reason === "EntriesHeldBack");
  return told.length === 0 ? {} : { notes: told.map(({ reason }) => ({ reason, message: reasons[reason].sentence })) };
}

/** Why a server that answers may list too little; nothing of one that was listed. */
function presentFailure(replicas: readonly SidecarView[]): JsonObject {
  const catalogue = chooseCatalogueState(replicas);
  if (catalogue?.reason !== "ListFailed") return {};
  const { message, listedAt } = catalogue;
  return { catalogue_error: message.slice(0, 500), ...(listedAt === undefined ? {} : { listed_at: listedAt }) };
}

function presentTool({ publicName, definition }: ToolEntry): JsonObject {
  const text = definition["description"];
  return { name: publicName, ...(typeof text === "string" ? { description: readFirstSentence(text) } : {}) };
}

function writeNext(nextCursor: string | undefined): JsonObject {
  return nextCursor === undefined ? {} : { next_cursor: nextCursor };
}

function byKey(a: ServerEntry, b: ServerEntry): number {
  return a.key < b.key ? -1 : 1;
}

function byPublicName(a: ToolEntry, b: ToolEntry): number {
  return a.publicName < b.publicName ? -1 : 1;
}
