/**
 * Reads the query of `/api/v1/tools`: with `q` a search, without it a filtered list by pages. Strict: a parameter that is not known
 * is refused, because a misspelt filter would answer more than was asked for. Pure.
 */
import type { ToolEntry } from "../catalog/entry.ts";
import { parseSearchRequest, type SearchRequest } from "../search/request.ts";

/** What is asked for. `limit` is 1 to 500. */
export type ToolsQuery =
  | {
      readonly kind: "search";
      readonly request: SearchRequest;
      /** Whether scores are to be explained: those of the results, and of this tool wherever it stands. */
      readonly explain: { readonly tool: string | undefined } | undefined;
    }
  | {
      readonly kind: "list";
      readonly limit: number;
      readonly cursor: string | undefined;
      readonly matches: (tool: ToolEntry) => boolean;
    }
  | { readonly kind: "refused"; readonly message: string };

const known = [
  "q",
  "keywords",
  "limit",
  "cursor",
  "server",
  "group",
  "namespace",
  "read_only",
  "tag",
  "max_tokens",
  "detail",
  "explain",
  "explain_tool",
];
const defaultLimit = 100;
const maxLimit = 500;

/** Reads it. `server` is a name or `namespace/name` and filters in both forms. */
export function readToolsQuery(query: Readonly<Record<string, unknown>>): ToolsQuery {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    if (!known.includes(name)) return refuse(`${name}: no such parameter; known are ${known.join(", ")}`);
    if (typeof value !== "string") return refuse(`${name}: expected one value`);
    texts[name] = value;
  }
  return texts["q"] === undefined ? readList(texts) : readSearch(texts["q"], texts);
}

type Texts = Readonly<Record<string, string>>;

function readSearch(description: string, texts: Texts): ToolsQuery {
  const { keywords, group, namespace, detail, server, tag, limit, cursor, read_only: readOnly } = texts;
  const maxTokens = texts["max_tokens"];
  if (cursor !== undefined) return refuse("cursor: goes with a list, not with q");
  if (readOnly !== undefined && readOnly !== "true" && readOnly !== "false") {
    return refuse(`read_only: expected true or false, got ${JSON.stringify(readOnly)}`);
  }
  const explain = readExplain(texts);
  if (typeof explain === "string") return refuse(explain);
  const wanted = {
    description,
    keywords,
    group,
    namespace,
    detail,
    tag,
    server_id: server,
    limit: limit === undefined ? undefined : Number(limit),
    max_tokens: maxTokens === undefined ? undefined : Number(maxTokens),
    read_only: readOnly === undefined ? undefined : readOnly === "true",
  };
  const parsed = parseSearchRequest(wanted);
  if (!parsed.ok) return refuse(`${parsed.field}: expected ${parsed.expected}, got ${parsed.got}`);
  return { kind: "search", request: parsed.value, explain };
}

/** What is to be explained, or what is wrong with how it was asked for. */
function readExplain({
  explain,
  explain_tool: tool,
}: Texts): { readonly tool: string | undefined } | undefined | string {
  if (explain !== undefined && explain !== "true" && explain !== "false")
    return `explain: expected true or false, got ${JSON.stringify(explain)}`;
  if (explain === "true") return { tool };
  return tool === undefined ? undefined : "explain_tool: goes with explain=true";
}

function readList(texts: Texts): ToolsQuery {
  const { limit: limitText, cursor, server, group, namespace } = texts;
  const limit = limitText === undefined ? defaultLimit : Number(limitText);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    return refuse(`limit: expected a whole number from 1 to ${maxLimit}, got ${JSON.stringify(limitText)}`);
  }
  for (const name of ["keywords", "read_only", "tag", "max_tokens", "detail", "explain", "explain_tool"]) {
    if (texts[name] !== undefined) return refuse(`${name}: goes with q`);
  }
  const matches = (tool: ToolEntry): boolean =>
    (server === undefined || server === tool.server || server === `${tool.namespace}/${tool.server}`) &&
    (group === undefined || group === tool.group) &&
    (namespace === undefined || namespace === tool.namespace);
  return { kind: "list", limit, cursor, matches };
}

function refuse(message: string): ToolsQuery {
  return { kind: "refused", message };
}
