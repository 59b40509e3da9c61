/**
 * From the name in a call to the tool, within what the caller may call. Hidden and absent names give the same answer, with the
 * nearest visible names.
 */
import type { Reason } from "@outrigger/api/reasons";
import type { ToolEntry } from "../../catalog/entry.ts";
import { findByOwnName, findByPublicName } from "../../catalog/find.ts";
import type { CatalogueSnapshot } from "../../catalog/merge.ts";
import { nearestNames } from "../../catalog/nearest.ts";
import type { Decision } from "../decide.ts";

/** The tool, or the sentence that says that there is none; `reason` is for those who run the program, not for the caller. */
export type Resolved =
  | { readonly ok: true; readonly tool: ToolEntry }
  | {
      readonly ok: false;
      readonly message: string;
      readonly reason: Extract<Reason, "ToolDenied" | "ToolUnknown">;
    };

/** A name as callers write it: a public name, or a server's own name beside the server's. */
export interface WantedTool {
  readonly name: string;
  readonly server?: string | undefined;
}

const namesShown = 3;

/** Finds the tool. With `server` the own name counts inside that server; a public name is found either way. */
export function resolveTool(catalogue: CatalogueSnapshot, decision: Decision, wanted: WantedTool): Resolved {
  const exact = findByPublicName(catalogue, wanted.name);
  if (exact !== undefined && decision.mayCall(exact)) return { ok: true, tool: exact };
  const { name } = wanted;
  const named = findInside(catalogue, wanted);
  const callable = named.filter((tool) => decision.mayCall(tool));
  const [only, ...others] = callable;
  if (only !== undefined && others.length === 0) return { ok: true, tool: only };
  if (only !== undefined) return { ok: false, message: describeSeveral(name, callable), reason: "ToolUnknown" };
  const isHidden = exact !== undefined || named.length > 0;
  const message = describeUnknown(name, listVisibleNames(catalogue, decision));
  return { ok: false, message, reason: isHidden ? "ToolDenied" : "ToolUnknown" };
}

/** Tools of this own name inside the server that was named; none where none was. */
function findInside(catalogue: CatalogueSnapshot, { name, server }: WantedTool): readonly ToolEntry[] {
  if (server === undefined) return [];
  return findByOwnName(catalogue, { tool: name, server: server.slice(server.indexOf("/") + 1) }).filter(
    (tool) => !server.includes("/") || `${tool.namespace}/${tool.server}` === server,
  );
}

/** `Unknown tool: NAME` and the nearest of the names given. */
function describeUnknown(name: string, visible: Iterable<string>): string {
  const nearest = nearestNames(name, visible, namesShown);
  const shown = name.replace(/\p{C}/gu, "?").slice(0, 128);
  return `Unknown tool: ${shown}${nearest.length === 0 ? "" : `. The nearest names are: ${nearest.join(", ")}`}`;
}

function describeSeveral(name: string, tools: readonly ToolEntry[]): string {
  const names = tools.slice(0, namesShown).map((tool) => tool.publicName);
  return `Several servers have a tool ${name}. Give its full name, such as: ${names.join(", ")}`;
}

function* listVisibleNames({ tools }: CatalogueSnapshot, { mayCall }: Decision): Generator<string> {
  for (const tool of tools) if (mayCall(tool)) yield tool.publicName;
}
