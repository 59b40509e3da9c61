/**
 * Which tools an endpoint shows, as its file says it: by server, by group, by globs of public names. Decides for one tool of one server;
 * never widens what policy allows, since it only leaves out. Pure.
 */
import { matchesGlob } from "@outrigger/policy";
import { serverKey, type ServerEntry, type ToolEntry } from "../catalog/entry.ts";

/**
 * What is shown. `servers`: globs of NAMESPACE/SERVER, or of SERVER alone; `groups`: names, or NAMESPACE/NAME; `include` and `exclude`:
 * globs of public names. An empty `include`, `servers` or `groups` asks for nothing in particular.
 */
export interface Selection {
  readonly servers: readonly string[];
  readonly groups: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Public names that are shown wherever their servers are. */
  readonly named: ReadonlySet<string>;
}

/** A selection that shows everything. */
export const selectAll: Selection = { servers: [], groups: [], include: [], exclude: [], named: new Set() };

/** The question whether a tool is shown. A selection of named tools alone shows those and no others. */
export function createSelector(selection: Selection): (tool: ToolEntry) => boolean {
  const { servers, groups, include, exclude, named } = selection;
  const hasPlaces = servers.length + groups.length > 0;
  const isNamedOnly = !hasPlaces && include.length === 0 && named.size > 0;
  const isInPlace = (tool: ToolEntry): boolean => !hasPlaces || isChosen(selection, tool);
  return (tool) => {
    const { publicName } = tool;
    if (exclude.some((glob) => matchesGlob(glob, publicName))) return false;
    if (named.has(publicName)) return true;
    if (isNamedOnly || !isInPlace(tool)) return false;
    return include.length === 0 || include.some((glob) => matchesGlob(glob, publicName));
  };
}

/** Whether a server was chosen as a whole: by its name or its group, and not only some of its tools. */
export function selectsServer(selection: Selection, server: ServerEntry): boolean {
  return selection.include.length === 0 && isChosen(selection, server);
}

interface Placed {
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
}

function isChosen({ servers, groups }: Selection, placed: Placed): boolean {
  return servers.some((glob) => matchesServer(glob, placed)) || groups.some((name) => isOfGroup(name, placed));
}

function matchesServer(glob: string, { namespace, server }: Placed): boolean {
  return matchesGlob(glob, glob.includes("/") ? serverKey(namespace, server) : server);
}

function isOfGroup(name: string, { namespace, group }: Placed): boolean {
  return name === group || name === `${namespace}/${group}`;
}
