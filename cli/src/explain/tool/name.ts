/** Which tool of which server a name means, as far as the name itself and the options tell. Pure. */

/** What is known of the name. `tool` is the server's own name for it. */
export interface ToolName {
  readonly given: string;
  readonly namespace?: string;
  readonly server?: string;
  readonly tool?: string;
}

/** Options that tell more than the name. `server`: a name, or `namespace/name`. */
export interface NameFlags {
  readonly server?: string;
  readonly namespace?: string;
}

const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const ofNamespace = new RegExp(`^(${label})__(${label})__(.+)$`);
const ofServer = new RegExp(`^(${label})__(.+)$`);

/**
 * Reads a name. With `--server` it may be the server's own name for the tool, or the public one. A public name whose parts were cut tells
 * nothing by itself: the catalogue knows whose it is.
 */
export function readToolName(given: string, { server, namespace }: NameFlags): ToolName {
  const split = splitPublicName(given, namespace);
  if (server === undefined) return { given, ...split };
  const [first = "", second] = server.split("/");
  const place =
    second === undefined
      ? { ...(namespace === undefined ? {} : { namespace }), server: first }
      : { namespace: first, server: second };
  const isPublic = split?.server === place.server && (place.namespace ?? split.namespace) === split.namespace;
  return { given, ...place, tool: isPublic && split.tool !== undefined ? split.tool : given };
}

/** An endpoint that serves one namespace leaves it out of the names. */
function splitPublicName(given: string, fallback: string | undefined): Omit<ToolName, "given"> | undefined {
  const [, namespace, server, tool] = ofNamespace.exec(given) ?? [];
  if (namespace !== undefined && server !== undefined && tool !== undefined) return { namespace, server, tool };
  const [, only, rest] = ofServer.exec(given) ?? [];
  if (only === undefined || rest === undefined) return undefined;
  return { ...(fallback === undefined ? {} : { namespace: fallback }), server: only, tool: rest };
}
