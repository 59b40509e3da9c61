/**
 * Takes entries out of a list result by cutting them out of its bytes, so that what stays is untouched to the last digit.
 * A result in which two decoders could read different entries is refused, never passed on.
 */
import type { ListKind } from "../methods.ts";
import { asBuffer } from "../scan/bytes.ts";
import { foldKey } from "../scan/keys.ts";
import { skipSpace } from "../scan/skip-value.ts";
import { decodeString } from "../scan/text.ts";
import type { Span } from "../scan/result.ts";
import { readElements, readMembers, type Member } from "./walk.ts";

/** The member that names an entry, by list. Source: MCP schemas, Tool, Prompt, Resource, ResourceTemplate. */
const entryKeys: Readonly<Record<ListKind, string>> = {
  tools: "name",
  prompts: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
};

/** Outcome: new bytes; or the original bytes are to be used; or nothing may be passed on. */
export type FilteredList =
  | { readonly kind: "filtered"; readonly bytes: Buffer; readonly kept: number; readonly dropped: number }
  | { readonly kind: "unchanged"; readonly kept: number }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Filters one whole JSON-RPC response. An error response and a result without the list are unchanged.
 * `keep` gets the entry's name, URI or URI template, and the entry's own bytes. Cost: one walk over the bytes.
 */
export function filterList(
  response: Uint8Array,
  list: ListKind,
  keep: (key: string, entry: Uint8Array) => boolean,
): FilteredList {
  return filterEntries(response, { member: list, key: entryKeys[list] }, keep);
}

/** Filters the entries of `result.tasks` by their ids. Source: MCP 2025-11-25 basic/utilities/tasks, `tasks/list`. */
export function filterTasks(response: Uint8Array, keep: (taskId: string) => boolean): FilteredList {
  return filterEntries(response, { member: "tasks", key: "taskId" }, keep);
}

function filterEntries(
  response: Uint8Array,
  at: { readonly member: string; readonly key: string },
  keep: (key: string, entry: Uint8Array) => boolean,
): FilteredList {
  const body = asBuffer(response);
  const result = findOnly(readMembers(body, skipSpace(body, 0)), "result");
  if (result === "absent") return { kind: "unchanged", kept: 0 };
  const array = result === "ambiguous" ? result : findOnly(readMembers(body, result.start), at.member);
  if (array === "absent") return { kind: "unchanged", kept: 0 };
  const elements = array === "ambiguous" ? undefined : readElements(body, array.start);
  if (array === "ambiguous" || elements === undefined)
    return refused(`"${at.member}" can't be read in exactly one way`);
  return cut(body, { array, elements, names: elements.map((element) => readName(body, element, at.key)) }, keep);
}

const refused = (reason: string): FilteredList => ({ kind: "refused", reason });

interface Entries {
  readonly array: Span;
  readonly elements: readonly Span[];
  readonly names: readonly (string | undefined)[];
}

function cut(body: Buffer, entries: Entries, keep: (key: string, entry: Uint8Array) => boolean): FilteredList {
  const { array, elements, names } = entries;
  const kept: Buffer[] = [];
  for (const [index, element] of elements.entries()) {
    const name = names[index];
    if (name === undefined) return refused(`entry ${index} has no readable name`);
    const entry = body.subarray(element.start, element.end);
    if (keep(name, entry)) kept.push(Buffer.from(kept.length === 0 ? "" : ","), entry);
  }
  const count = kept.length / 2;
  if (count === elements.length) return { kind: "unchanged", kept: count };
  const bytes = Buffer.concat([body.subarray(0, array.start + 1), ...kept, body.subarray(array.end - 1)]);
  return { kind: "filtered", bytes, kept: count, dropped: elements.length - count };
}

/** The one member of that key; `ambiguous` where it stands twice, or another one differs from it by case only. */
function findOnly(members: readonly Member[] | undefined, key: string): Member | "absent" | "ambiguous" {
  if (members === undefined) return "ambiguous";
  const alike = members.filter((member) => foldKey(member.key) === foldKey(key));
  const [only] = alike;
  if (only === undefined) return "absent";
  return alike.length === 1 && only.key === key ? only : "ambiguous";
}

function readName(body: Buffer, element: Span, key: string): string | undefined {
  const member = findOnly(readMembers(body, element.start), key);
  if (member === "absent" || member === "ambiguous" || body[member.start] !== 0x22) return undefined;
  return decodeString(body, member.start, member.end);
}

const lists: readonly ListKind[] = ["tools", "prompts", "resources", "resourceTemplates"];

/**
 * Recognises a list result by its shape, where the request that it answers is not known (a replay on another stream).
 * A result that merely resembles a list is taken for one: it is filtered by name, which harms nothing that is allowed.
 */
export function findListKind(response: Uint8Array): ListKind | undefined {
  const body = asBuffer(response);
  const result = findOnly(readMembers(body, skipSpace(body, 0)), "result");
  if (result === "absent" || result === "ambiguous") return undefined;
  const members = readMembers(body, result.start) ?? [];
  return lists.find((list) => members.some((member) => foldKey(member.key) === foldKey(list)));
}
