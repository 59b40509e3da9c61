/**
 * What an endpoint file names and nothing of the catalogue fits: tools, servers and groups that are misspelt, or not there now. It is for who keeps
 * the file; callers hear of none of it, since a name that only some may see would be told to all. Pure.
 */
import { matchesGlob } from "@outrigger/policy";
import type { ServerEntry } from "../catalog/entry.ts";
import { findByPublicName } from "../catalog/find.ts";
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import { nearestNames } from "../catalog/nearest.ts";
import type { EndpointFile } from "./plan.ts";
import { selectAll, selectsServer } from "./selection.ts";

/** One sentence for each, with its place in the file, in the file's order; of too many the first, and how many more. */
export function listAbsent({ endpoints, groups }: EndpointFile, catalogue: CatalogueSnapshot): readonly string[] {
  const servers = [...catalogue.servers.values()];
  const hasServer = (selection: Partial<typeof selectAll>): boolean =>
    servers.some((server) => selectsServer({ ...selectAll, ...selection }, server));
  const ofEndpoints = [...endpoints].flatMap(([name, { selection, rules }]) => {
    const place = `endpoints.${name}`;
    return [
      ...selection.servers
        .filter((glob) => !hasServer({ servers: [glob] }))
        .map((glob) => `${place}.servers: no server fits ${glob}${nearest(glob, servers.map(nameAs(glob)))}`),
      ...selection.groups
        .filter((group) => !hasServer({ groups: [group] }))
        .map((group) => `${place}.groups: no server is of group ${group}`),
      ...listUnmet(place, selection.include, catalogue),
      ...rules
        .filter(({ tool }) => findByPublicName(catalogue, tool) === undefined)
        .map(({ tool }) => `${place}.tools: there is no tool ${tool}${nearest(tool, catalogue.tools.map(namePublic))}`),
    ];
  });
  const ofGroups = [...groups].flatMap(([name, { selection }]) => {
    const place = `groups.${name}`;
    if (!hasServer({ groups: [name] })) return [`${place}: no server is of this group`];
    return listUnmet(place, selection.include, catalogue);
  });
  const all = [...ofEndpoints, ...ofGroups];
  const more = all.length - mostTold;
  return more > 0 ? [...all.slice(0, mostTold), `and ${more} more`] : all;
}

const mostTold = 20;

function listUnmet(place: string, include: readonly string[], { tools }: CatalogueSnapshot): readonly string[] {
  const unmet = include.filter((glob) => !tools.some(({ publicName }) => matchesGlob(glob, publicName)));
  return unmet.map((glob) => `${place}.include: no tool fits ${glob}`);
}

/** With its namespace where the file says one. */
const nameAs =
  (glob: string) =>
  ({ key, server }: ServerEntry): string =>
    glob.includes("/") ? key : server;
const namePublic = ({ publicName }: { readonly publicName: string }): string => publicName;

function nearest(name: string, known: readonly string[]): string {
  const [first] = nearestNames(name, new Set(known), 1);
  return first === undefined ? "" : `; the nearest is ${first}`;
}
