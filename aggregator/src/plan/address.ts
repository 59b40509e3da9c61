/**
 * Where endpoints are: all servers, a group, one server, or a named endpoint of the endpoint file, each at its own path. Reads what a
 * route matched and writes the path again. Pure.
 */
import { parseDnsLabel, parseServerName } from "@outrigger/api/values";

/** An endpoint by what it serves. Without `namespace` a group is of all namespaces, and a server of the one that is served. */
export type EndpointAddress =
  | { readonly kind: "all" }
  | { readonly kind: "group"; readonly group: string; readonly namespace?: string }
  | { readonly kind: "server"; readonly server: string; readonly namespace?: string }
  | { readonly kind: "named"; readonly name: string };

/** The path of the endpoint for all servers. */
const rootPath = "/mcp";

/** The routes' patterns. */
export const addressPatterns: readonly string[] = [
  rootPath,
  `${rootPath}/g/:group`,
  `${rootPath}/g/:namespace/:group`,
  `${rootPath}/s/:server`,
  `${rootPath}/s/:namespace/:server`,
  `${rootPath}/v/:name`,
];

/** What a route matched: decoded, and of any form. */
export interface AddressParts {
  readonly namespace?: string;
  readonly group?: string;
  readonly server?: string;
  readonly name?: string;
}

/** Reads the address; undefined where a part can't be the name of such a thing. */
export function readAddress({ namespace, group, server, name }: AddressParts): EndpointAddress | undefined {
  if (namespace !== undefined && !parseDnsLabel(namespace).ok) return undefined;
  const inside = namespace === undefined ? {} : { namespace };
  if (group !== undefined) return parseDnsLabel(group).ok ? { kind: "group", group, ...inside } : undefined;
  if (server !== undefined) return parseServerName(server).ok ? { kind: "server", server, ...inside } : undefined;
  if (name !== undefined) return parseDnsLabel(name).ok ? { kind: "named", name } : undefined;
  return { kind: "all" };
}

/** Reads a path such as `/mcp/g/code`; undefined where it is none of an endpoint. */
export function readPath(path: string): EndpointAddress | undefined {
  if (path === rootPath) return readAddress({});
  const [kind = "", ...parts] = path.startsWith(`${rootPath}/`) ? path.slice(rootPath.length + 1).split("/") : [];
  const names = parts.map(decode).filter((part) => part !== undefined);
  const [name, namespace, ...more] = names.reverse();
  const member = memberOf.get(kind);
  if (member === undefined || name === undefined || names.length < parts.length || more.length > 0) return undefined;
  if (namespace === undefined) return readAddress({ [member]: name });
  return member === "name" ? undefined : readAddress({ [member]: name, namespace });
}

/** What the last part of a path names, by the letter before it. */
const memberOf: ReadonlyMap<string, "group" | "server" | "name"> = new Map([
  ["g", "group"],
  ["s", "server"],
  ["v", "name"],
]);

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** The path of an endpoint: one for each address, and no path for two. */
export function pathOf(address: EndpointAddress): string {
  switch (address.kind) {
    case "all":
      return rootPath;
    case "group":
      return join("g", address.namespace, address.group);
    case "server":
      return join("s", address.namespace, address.server);
    case "named":
      return join("v", undefined, address.name);
  }
}

function join(kind: string, namespace: string | undefined, name: string): string {
  const parts = [kind, ...(namespace === undefined ? [] : [namespace]), name];
  return [rootPath, ...parts.map(encodeURIComponent)].join("/");
}
