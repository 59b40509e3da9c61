/**
 * The one decision of an endpoint: what a caller may see and call there. List, search, describe and call all ask this function,
 * so that a tool is listed if and only if it can be called. Pure.
 */
import type { ServerEntry, ToolEntry } from "../catalog/entry.ts";
import type { CallTarget } from "../catalog/target.ts";

/** Which part of the catalogue an endpoint serves; what is absent asks for nothing. `shows`: which tools of it, the same for all callers. */
export interface Scope {
  readonly namespace?: string;
  readonly group?: string;
  readonly shows?: (tool: ToolEntry) => boolean;
}

/** The decision, as two questions with one answer. */
export interface Decision {
  readonly mayCall: (tool: ToolEntry) => boolean;
  /** The same of prompts and resources. */
  readonly mayUse: (target: CallTarget) => boolean;
  /** Gives another value once other rules decide; where it is absent they never change. */
  readonly edition?: () => unknown;
  readonly maySee: (server: ServerEntry) => boolean;
}

/** The decision of an endpoint with this scope. A server of which no tool is shown is not shown either, unless it has none. */
export function createDecision({ namespace, group, shows }: Scope): Decision {
  const isInScope = (item: { readonly group: string; readonly namespace: string }): boolean =>
    (group === undefined || item.group === group) && (namespace === undefined || item.namespace === namespace);
  if (shows === undefined) return { mayCall: isInScope, mayUse: isInScope, maySee: isInScope };
  const isShown = rememberAnswers(shows);
  const mayCall = (tool: ToolEntry): boolean => isInScope(tool) && isShown(tool);
  return {
    mayCall,
    // Whoever chooses tools has chosen nothing else.
    mayUse: () => false,
    maySee: (server) => isInScope(server) && (server.tools.length === 0 || server.tools.some(mayCall)),
  };
}

/** A search asks about every tool, and a tool is replaced, never changed. */
function rememberAnswers(shows: (tool: ToolEntry) => boolean): (tool: ToolEntry) => boolean {
  const answers = new WeakMap<ToolEntry, boolean>();
  return (tool) => {
    const answer = answers.get(tool) ?? shows(tool);
    answers.set(tool, answer);
    return answer;
  };
}
