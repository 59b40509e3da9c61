/**
 * From the name in a call to the tool, within what the caller may call. Hidden and absent names give the same answer, with the
 * nearest visible names.
 */
import type { ToolEntry } from "../../catalog/entry.ts";
import { findByOwnName, findByPublicName } from "../../catalog/find.ts";
import type { CatalogueSnapshot } from "../../catalog/merge.ts";
import { nearestNames } from "../../catalog/nearest.ts";
import type { Decision } from "../decide.ts";

/** The tool, or the sentence that says that there is none. */
export type Resolved =
  { readonly ok: true; readonly tool: ToolEntry } | { readonly ok: false; readonly message: string };

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
  const { name, server } = wanted;
  if (server !== undefined) {
    const inside = findByOwnName(catalogue, { tool: name, server: server.slice(server.indexOf("/") + 1) }).filter(
      (tool) => decision.mayCall(tool) && (!server.includes("/") || `${tool.namespace}/${tool.server}` === server),
    );
    const [only, ...others] = inside;
    if (only !== undefined && others.length === 0) return { ok: true, tool: only };
    if (only !== undefined) return { ok: false, message: describeSeveral(name, inside) };
  }
  return { ok: false, message: describeUnknown(name, listVisibleNames(catalogue, decision)) };
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
