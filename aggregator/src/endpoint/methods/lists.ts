/** The lists of prompts, resources and templates: one page of what the caller sees, raw. */
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { JsonObject } from "@outrigger/mcp";
import type { Offers } from "../../catalog/offers.ts";
import { takePage } from "../page.ts";

/** A list: the member of the result that holds it, by what its items are ordered, and its items. */
export interface OfferedList {
  readonly method: "prompts/list" | "resources/list" | "resources/templates/list";
  readonly member: "prompts" | "resources" | "resourceTemplates";
  readonly key: "name" | "uri" | "uriTemplate";
  readonly itemsOf: (offers: Offers) => readonly JsonObject[];
}

/** All of them. */
export const offeredLists: readonly OfferedList[] = [
  { method: "prompts/list", member: "prompts", key: "name", itemsOf: ({ prompts }) => prompts },
  { method: "resources/list", member: "resources", key: "uri", itemsOf: ({ resources }) => resources },
  {
    method: "resources/templates/list",
    member: "resourceTemplates",
    key: "uriTemplate",
    itemsOf: ({ templates }) => templates,
  },
];

/** Items on one page. Most clients read one page only. */
const pageSize = 1_000;

/** The page behind `params.cursor`. Errors: throws -32602 for a cursor that is none of ours. */
export function listPage({ member, key, itemsOf }: OfferedList, offers: Offers, params: JsonObject): JsonObject {
  const { cursor } = params;
  const keyOf = (item: JsonObject): string => String(item[key]);
  const page = isCursor(cursor) ? takePage(itemsOf(offers), { keyOf, size: pageSize, cursor }) : undefined;
  if (!page?.ok) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "The cursor is not one that this list gave.");
  }
  return { [member]: page.items, ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) };
}

function isCursor(cursor: unknown): cursor is string | undefined {
  return cursor === undefined || typeof cursor === "string";
}
