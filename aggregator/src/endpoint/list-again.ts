/**
 * Lists that are asked for again. The SDK checks a request and builds its answer; for a request that differs from an answered one in nothing but
 * its id, while its list is the same, that answer is right again. Decides which requests are equal. Asks nothing and sends nothing.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { JSONRPCResultResponse } from "@modelcontextprotocol/server";
import type { JsonObject } from "@outrigger/mcp";
import type { Principal } from "../auth/principal.ts";
import { readFreshness, takeToolPage, type ListParts } from "./list-tools.ts";
import { isObject } from "./tools/invocation.ts";

/** An answer, and the headers that it had. */
interface AnsweredList {
  readonly answer: JSONRPCResultResponse;
  readonly headers: Readonly<Record<string, string>>;
}

/** One that is right again. `asked`: the request, as it was read. */
interface ListAgain extends AnsweredList {
  readonly asked: JsonObject;
}

/** A request for a list: who asks, with which headers, and the body as it was read. */
export interface ListRequest {
  readonly principal: Principal;
  readonly headers: IncomingHttpHeaders;
  readonly value: unknown;
}

/** The memory. */
interface ListsAgain {
  /** The answer to a request whose like was answered before; undefined where the SDK has to look at it. */
  readonly find: (request: ListRequest) => ListAgain | undefined;
  /** Keeps an answer. Does nothing with one to another kind of request. */
  readonly keep: (request: ListRequest, answered: AnsweredList) => void;
}

/** An answer without its tools: lists that are gone must not be held by what was said of them. */
interface Kept {
  readonly tools: WeakRef<object>;
  readonly rest: JsonObject;
  readonly headers: AnsweredList["headers"];
}

/** Clients send the same few requests. */
const mostKept = 256;
const longestKey = 4_096;

/** Creates it, empty. */
export function createListsAgain(parts: ListParts): ListsAgain {
  // Ordered by last use.
  const kept = new Map<string, Kept>();
  return {
    find: (request) => {
      const read = readRequest(request);
      const known = read && kept.get(read.key);
      if (read === undefined || known === undefined) return undefined;
      const { tools, rest, headers } = known;
      const { ttlMs, cacheScope } = readFreshness(parts, request.principal);
      const page = takeToolPage(parts, { principal: request.principal, era: "modern", cursor: read.cursor });
      if (!page.ok || page.items !== tools.deref()) return undefined;
      if (rest["ttlMs"] !== ttlMs || rest["cacheScope"] !== cacheScope) return undefined;
      kept.delete(read.key);
      kept.set(read.key, known);
      const answer = { jsonrpc: "2.0" as const, id: read.id, result: { ...rest, tools: page.items } };
      return { asked: read.message, answer, headers };
    },
    keep: (request, { answer, headers }) => {
      const read = readRequest(request);
      if (read === undefined || read.key.length > longestKey) return;
      const { tools, ...rest } = answer.result;
      if (typeof tools !== "object" || tools === null) return;
      kept.set(read.key, { tools: new WeakRef(tools), rest, headers });
      const [oldest] = kept.keys();
      if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    },
  };
}

/** Headers that the SDK reads beside those of MCP. */
const heard: readonly string[] = ["accept", "content-type"];

interface ReadRequest {
  readonly message: JsonObject;
  readonly id: string | number;
  readonly cursor: string | undefined;
  /** All that the SDK reads of it but the id. Equal keys are equally right or wrong. */
  readonly key: string;
}

/** Undefined where it asks for something else, or its id is one that the SDK might refuse. */
function readRequest({ headers, value }: ListRequest): ReadRequest | undefined {
  if (!isObject(value) || value["method"] !== "tools/list") return undefined;
  const { id, ...rest } = value;
  if (typeof id !== "string" && !Number.isSafeInteger(id)) return undefined;
  const { params } = rest as { readonly params?: unknown };
  const cursor = isObject(params) ? params["cursor"] : undefined;
  if (cursor !== undefined && typeof cursor !== "string") return undefined;
  const told = Object.entries(headers).filter(([name]) => name.startsWith("mcp-") || heard.includes(name));
  return { message: value, id: id as string | number, cursor, key: JSON.stringify([told, rest satisfies JsonObject]) };
}
