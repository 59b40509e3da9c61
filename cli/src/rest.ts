/** The aggregator's REST catalogue as commands read it: searches and lists, with every way they can fail as a value. */
import { explainConnectionError } from "@outrigger/runtime/connection-failure";
import type { Endpoint } from "./endpoint.ts";

/** A found tool. `score` is above 0 and at most 1; `state` is there only where the server is not ready. */
export interface FoundTool {
  readonly name: string;
  readonly server: string;
  readonly description: string;
  readonly score: number;
  readonly state?: string;
}

/** A search result. `raw` is the whole answer as it came. */
export interface FoundTools {
  readonly tools: readonly FoundTool[];
  readonly confidence: string;
  readonly suggestions: readonly string[];
  readonly hint?: string;
  /** Tokens of these results, and of the definitions of all tools that could have been listed. */
  readonly tokens?: { readonly returned: number; readonly all: number };
  readonly raw: unknown;
}

/** What a search asks for. `server` keeps only that server's tools. */
export interface ToolQuery {
  readonly text: string;
  readonly limit: number;
  readonly server?: string;
}

/** Why there is no answer: no aggregator is there, we may not ask, or it refused the request with a sentence. */
export type AskFailure = {
  readonly ok: false;
  readonly why: "unreachable" | "unauthorized" | "refused";
  readonly message: string;
};

const timeoutMs = 15_000;

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Searches the tools of an aggregator, only what the endpoint shows where it is a narrower one. Never throws. */
export async function searchTools(
  endpoint: Endpoint,
  query: ToolQuery,
): Promise<({ readonly ok: true } & FoundTools) | AskFailure> {
  const parameters = new URLSearchParams({ q: query.text, limit: String(query.limit) });
  if (query.server !== undefined) parameters.set("server", query.server);
  if (endpoint.path !== undefined) parameters.set("endpoint", endpoint.path);
  const answer = await askJson(`${endpoint.base}/api/v1/tools?${parameters.toString()}`, endpoint.credentials);
  if (!answer.ok) return answer;
  const { body } = answer;
  if (!isObject(body) || !Array.isArray(body["tools"])) return notOurs("an answer of another kind");
  return {
    ok: true,
    tools: body["tools"].filter(isObject).map(readTool),
    confidence: textOf(body["confidence"]),
    suggestions: Array.isArray(body["did_you_mean"]) ? body["did_you_mean"].map(textOf) : [],
    ...(typeof body["hint"] === "string" ? { hint: body["hint"] } : {}),
    ...readTokens(body["token_metrics"]),
    raw: body,
  };
}

/** How reading a server's lists went, last and last well. Times RFC 3339; `listedAt` is absent where it never succeeded, or nobody knows. */
export interface ListedCatalogue {
  readonly reason: string;
  readonly message: string;
  readonly at: string;
  readonly listedAt?: string;
}

/** A server as the catalogue tells of it. `tools`: how many of its tools may be called; `catalogue`: absent where no sidecar was heard. */
export interface ListedServer {
  readonly namespace: string;
  readonly name: string;
  readonly state: string;
  readonly reason: string;
  readonly message: string;
  readonly tools: number;
  readonly catalogue?: ListedCatalogue;
}

/** All servers of an aggregator, also those that can't be called, and where it can't look for servers now. Never throws. */
export async function listServers(
  endpoint: Endpoint,
): Promise<
  { readonly ok: true; readonly servers: readonly ListedServer[]; readonly faults: readonly string[] } | AskFailure
> {
  const answer = await askJson(`${endpoint.base}/api/v1/servers`, endpoint.credentials);
  if (!answer.ok) return answer;
  const { servers, faults } = isObject(answer.body) ? answer.body : {};
  if (!Array.isArray(servers)) return notOurs("an answer of another kind");
  const told = Array.isArray(faults) ? faults.map(textOf) : [];
  return { ok: true, servers: servers.filter(isObject).map(readServer), faults: told };
}

/** A record of the catalogue; what is missing is empty. */
export function readServer(server: Fields): ListedServer {
  const { toolsCount, catalogue } = server;
  return {
    namespace: textOf(server["namespace"]),
    name: textOf(server["name"]),
    state: textOf(server["state"]),
    reason: textOf(server["reason"]),
    message: textOf(server["message"]),
    tools: typeof toolsCount === "number" ? toolsCount : 0,
    ...(isObject(catalogue) ? { catalogue: readCatalogue(catalogue) } : {}),
  };
}

function readCatalogue({ reason, message, at, listedAt }: Fields): ListedCatalogue {
  const told = { reason: textOf(reason), message: textOf(message), at: textOf(at) };
  return typeof listedAt === "string" ? { ...told, listedAt } : told;
}

/** A tool of the catalogue. `ownName` is its name at its server. */
export interface ListedTool {
  readonly name: string;
  readonly ownName: string;
  readonly namespace: string;
  readonly server: string;
  readonly description: string;
}

/** The first tools of an aggregator that a filter leaves, and how many there are in all. Never throws. */
export async function listTools(
  endpoint: Endpoint,
  filter: { readonly namespace?: string; readonly server?: string; readonly limit: number },
): Promise<{ readonly ok: true; readonly tools: readonly ListedTool[]; readonly total: number } | AskFailure> {
  const { limit, ...names } = filter;
  const parameters = new URLSearchParams({ ...names, limit: String(limit) });
  const answer = await askJson(`${endpoint.base}/api/v1/tools?${parameters.toString()}`, endpoint.credentials);
  if (!answer.ok) return answer;
  const { tools, total } = isObject(answer.body) ? answer.body : {};
  if (!Array.isArray(tools) || typeof total !== "number") return notOurs("an answer of another kind");
  return { ok: true, total, tools: tools.filter(isObject).map(readListedTool) };
}

function readListedTool(tool: Fields): ListedTool {
  return {
    name: textOf(tool["name"]),
    ownName: textOf(tool["ownName"]),
    namespace: textOf(tool["namespace"]),
    server: textOf(tool["server"]),
    description: textOf(tool["description"]),
  };
}

function readTokens(metrics: unknown): Pick<FoundTools, "tokens"> {
  if (!isObject(metrics)) return {};
  const { returned_tokens: returned, baseline_tokens: all } = metrics;
  return typeof returned === "number" && typeof all === "number" ? { tokens: { returned, all } } : {};
}

function readTool(tool: Fields): FoundTool {
  return {
    name: textOf(tool["name"]),
    server: textOf(tool["server"]),
    description: textOf(tool["description"]),
    score: typeof tool["score"] === "number" ? tool["score"] : 0,
    ...(typeof tool["state"] === "string" ? { state: tool["state"] } : {}),
  };
}

/** The JSON that an address answers with. Never throws. */
export async function askJson(
  url: string,
  credentials?: Endpoint["credentials"],
): Promise<{ readonly ok: true; readonly body: unknown } | AskFailure> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      headers: { ...(await credentials?.()), accept: "application/json" },
    });
    const body = parseOrUndefined(await response.text());
    if (response.ok) return { ok: true, body };
    const message = readErrorMessage(body);
    if (response.status === 401 || response.status === 403) {
      return { ok: false, why: "unauthorized", message: message ?? `HTTP ${response.status}` };
    }
    return message === undefined ? notOurs(`HTTP ${response.status}`) : { ok: false, why: "refused", message };
  } catch (error) {
    return { ok: false, why: "unreachable", message: explainConnectionError(error) };
  }
}

const notOurs = (what: string): AskFailure => ({
  ok: false,
  why: "unreachable",
  message: `${what}, so it is no aggregator`,
});

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The sentence of an error of the read API: `{"error":{"message":"…"}}`. */
function readErrorMessage(body: unknown): string | undefined {
  const error = isObject(body) ? body["error"] : undefined;
  const message = isObject(error) ? error["message"] : undefined;
  return typeof message === "string" ? message : undefined;
}
