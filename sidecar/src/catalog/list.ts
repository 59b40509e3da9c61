/**
 * Lists what a server offers, page by page and bounded. Asks only for lists that the server says it has.
 * Before: connect.ts. Next: filter.ts and digest.ts. Source: MCP "Pagination"; a failed list is told, never guessed to be empty.
 */
import type { RawObject } from "@outrigger/api/feed";
import type { JsonObject, ListKind } from "@outrigger/mcp";
import type { Reply } from "./ask.ts";
import type { Connection } from "./connect.ts";
import type { CatalogueContent } from "./digest.ts";

/** Bounds of what is taken from one server: what is beyond is cut off and said to be (`limited`). */
export const listBounds = { maxPages: 100, maxEntries: 2_000, maxBytes: 16 * 1024 ** 2 } as const;

/** Outcome: what is listed, with a note for each list that was refused; or the reply that ended the attempt. */
export type Listed =
  | { readonly ok: true; readonly content: CatalogueContent; readonly notes: readonly string[] }
  | { readonly ok: false; readonly reply: Exclude<Reply, { type: "result" }>; readonly message: string };

interface ListPlan {
  readonly kind: ListKind;
  readonly method: string;
  readonly capability: string;
}

const plans: readonly ListPlan[] = [
  { kind: "tools", method: "tools/list", capability: "tools" },
  { kind: "prompts", method: "prompts/list", capability: "prompts" },
  { kind: "resources", method: "resources/list", capability: "resources" },
  { kind: "resourceTemplates", method: "resources/templates/list", capability: "resources" },
];

/** Lists everything. Only tools are indispensable: a list beside them that the server refuses counts as empty, with a note. */
export async function listServer(connection: Connection): Promise<Listed> {
  const lists: Record<ListKind, readonly RawObject[]> = {
    tools: [],
    prompts: [],
    resources: [],
    resourceTemplates: [],
  };
  const budget = { bytes: listBounds.maxBytes };
  const notes: string[] = [];
  let limited = false;
  for (const plan of plans) {
    if (connection.capabilities[plan.capability] === undefined) continue;
    const read = await readPages(connection, plan, budget);
    if (read.ok) {
      lists[plan.kind] = read.entries;
      limited ||= read.limited;
      continue;
    }
    const message = `${plan.method}: ${describe(read.reply)}`;
    if (plan.kind === "tools" || read.reply.type !== "error") return { ok: false, reply: read.reply, message };
    notes.push(message);
  }
  return { ok: true, content: { ...lists, limited }, notes };
}

type Pages =
  | { readonly ok: true; readonly entries: readonly RawObject[]; readonly limited: boolean }
  | { readonly ok: false; readonly reply: Exclude<Reply, { type: "result" }> };

async function readPages(connection: Connection, plan: ListPlan, budget: { bytes: number }): Promise<Pages> {
  const entries: RawObject[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < listBounds.maxPages; page++) {
    const reply = await connection.request(plan.method, cursor === undefined ? undefined : { cursor });
    if (reply.type !== "result") return { ok: false, reply };
    budget.bytes -= reply.bytes;
    entries.push(...entriesOf(reply.result, plan.kind));
    if (budget.bytes < 0 || entries.length > listBounds.maxEntries) {
      return { ok: true, entries: entries.slice(0, listBounds.maxEntries), limited: true };
    }
    cursor = cursorOf(reply.result);
    // A cursor that comes again would lead round in a circle.
    if (cursor === undefined || seen.has(cursor)) return { ok: true, entries, limited: cursor !== undefined };
    seen.add(cursor);
  }
  return { ok: true, entries, limited: true };
}

function entriesOf(result: JsonObject, kind: ListKind): readonly RawObject[] {
  const list = result[kind];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function isObject(value: unknown): value is RawObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cursorOf(result: JsonObject): string | undefined {
  const cursor = result["nextCursor"];
  return typeof cursor === "string" ? cursor : undefined;
}

function describe(reply: Exclude<Reply, { type: "result" }>): string {
  switch (reply.type) {
    case "error":
      return `the server answered with error ${reply.error.code}: ${reply.error.message.slice(0, 200)}`;
    case "status":
      return reply.reason;
    case "failure":
      return reply.failure.message;
  }
}

/** Says whether a reply means that the session is over. 404 by the specification; some servers answer 400. */
export function hasSessionEnded(reply: Reply): boolean {
  return (reply.type === "status" || reply.type === "error") && (reply.status === 404 || reply.status === 400);
}
