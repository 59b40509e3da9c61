/**
 * Judges one entry of a server's list: may it stand in a list with those of other servers? An entry that a client can't read makes it refuse
 * the whole list, and text that nobody can see is read by models alone. Such an entry is held back, with its flaw, and the others are
 * served. Pure. Source: MCP schema, Tool, Prompt, Resource, ResourceTemplate, in what SDK clients of both eras refuse.
 */
import type { RawObject } from "@outrigger/api/feed";
import { holdsHiddenText } from "./hidden-text.ts";
import { findMisshapen, isObject, type ListedKind } from "./shapes.ts";

/** Why an entry is held back: words that follow a number, in a sentence. Few, since they are counted. */
export type Flaw = string;

/** What came of it. `bytes`: size of the definition as JSON, in UTF-8. */
export type Judged =
  { readonly ok: true; readonly name: string; readonly bytes: number } | { readonly ok: false; readonly flaw: Flaw };

/** Largest definition in bytes of its JSON: far above what a model is meant to read. */
export const maxDefinitionBytes = 256 * 1024;
/** Longest name of a tool or prompt; the specification has 128. */
const maxNameLength = 256;
/** Longest URI, or template of URIs. */
const maxUriLength = 8 * 1024;

const nameMember = { tool: "name", prompt: "name", resource: "uri", template: "uriTemplate" } as const;

/** Judges it. Cost: the definition is written as JSON once. */
export function judgeEntry(kind: ListedKind, definition: RawObject): Judged {
  const member = nameMember[kind];
  const name = definition[member];
  const longest = member === "name" ? maxNameLength : maxUriLength;
  if (typeof name !== "string" || name === "" || name.length > longest) {
    return { ok: false, flaw: `without a usable ${member}` };
  }
  const json = JSON.stringify(definition);
  const bytes = Buffer.byteLength(json);
  if (bytes > maxDefinitionBytes) return { ok: false, flaw: `larger than ${maxDefinitionBytes / 1024} KiB` };
  const misshapen = findMisshapen(kind, definition);
  if (misshapen !== undefined) {
    return { ok: false, flaw: `whose ${misshapen} is not as the specification has it` };
  }
  if (kind === "tool" && isTaskOnly(definition)) return { ok: false, flaw: "that run as tasks of 2025-11-25 only" };
  if (holdsHiddenText(json)) return { ok: false, flaw: "with text that people can't see" };
  return { ok: true, name, bytes };
}

/** Tasks of that revision are not relayed, so nobody could call it. Source: MCP 2025-11-25, Tool.execution. */
function isTaskOnly({ execution }: RawObject): boolean {
  return isObject(execution) && execution["taskSupport"] === "required";
}

/** The flaw of an entry whose name came before in the same list. */
export const repeated: Flaw = "with a name that was listed before";

/** What was held back of one list, counted by flaw. */
export interface HeldBack {
  readonly add: (flaw: Flaw) => void;
  /** One sentence; undefined where nothing was. `listed`: how many entries there were in all. */
  readonly describe: (listed: number) => string | undefined;
}

/** Begins to count. */
export function countHeldBack(): HeldBack {
  const counts = new Map<Flaw, number>();
  return {
    add: (flaw) => void counts.set(flaw, (counts.get(flaw) ?? 0) + 1),
    describe: (listed) => {
      if (counts.size === 0) return undefined;
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const parts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([flaw, count]) => `${count} ${flaw}`);
      return `${total} of ${listed} listed entries are held back: ${parts.join(", ")}.`;
    },
  };
}
