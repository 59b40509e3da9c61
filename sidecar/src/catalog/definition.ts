/** What of a tool's definition is pinned, and what policy reads of it. A digest over these members, each of them apart too. */
import type { RawObject } from "@outrigger/api/feed";
import type { Hints } from "@outrigger/policy";
import { digestValue } from "./digest.ts";

/** The members that tell a model and a client what a tool is and takes. Source: MCP schema, Tool. */
const pinnedMembers = ["name", "title", "description", "inputSchema", "outputSchema", "annotations"] as const;

/** One definition as it was seen. Digests are sha256 in hex; a member that is absent has none. */
export interface Definition {
  readonly digest: string;
  readonly members: ReadonlyMap<string, string>;
  readonly hints: Hints;
  readonly inputSchema?: unknown;
}

/** Reads a definition; undefined where it nests too deeply to be told apart from another. */
export function readDefinition(tool: RawObject): Definition | undefined {
  const members = new Map<string, string>();
  for (const member of pinnedMembers) {
    if (tool[member] === undefined) continue;
    const digest = digestValue(tool[member]);
    if (digest === undefined) return undefined;
    members.set(member, digest);
  }
  const digest = digestValue(Object.fromEntries(pinnedMembers.map((member) => [member, tool[member] ?? null])));
  if (digest === undefined) return undefined;
  return { digest, members, hints: readHints(tool["annotations"]), inputSchema: tool["inputSchema"] };
}

/** The members by which two definitions differ. */
export function differingMembers(one: Definition, other: Definition): readonly string[] {
  return pinnedMembers.filter((member) => one.members.get(member) !== other.members.get(member));
}

/** Hints that are not given have the values of the specification (MCP schema, ToolAnnotations). */
function readHints(annotations: unknown): Hints {
  const given = typeof annotations === "object" && annotations !== null ? (annotations as RawObject) : {};
  const read = (name: keyof Hints, fallback: boolean): boolean => {
    const value = given[name];
    return typeof value === "boolean" ? value : fallback;
  };
  return {
    readOnlyHint: read("readOnlyHint", false),
    destructiveHint: read("destructiveHint", true),
    idempotentHint: read("idempotentHint", false),
    openWorldHint: read("openWorldHint", true),
  };
}
