/**
 * The one decision of an endpoint: what a caller may see and call there. List, search, describe and call all ask this function,
 * so that a tool is listed if and only if it can be called. Pure.
 */
import type { ServerEntry, ToolEntry } from "../catalog/entry.ts";

/** Which part of the catalogue an endpoint serves; without `group` all of it. */
export interface Scope {
  readonly group?: string;
}

/** The decision, as two questions with one answer. */
export interface Decision {
  readonly mayCall: (tool: Pick<ToolEntry, "group">) => boolean;
  readonly maySee: (server: Pick<ServerEntry, "group">) => boolean;
}

/** The decision of an endpoint with this scope. */
export function createDecision({ group }: Scope): Decision {
  const isInScope = (item: { readonly group: string }): boolean => group === undefined || item.group === group;
  return { mayCall: isInScope, maySee: isInScope };
}
