/**
 * Names and attributes of the spans of an MCP operation, and the bounds of its histogram, by the MCP semantic conventions of
 * OpenTelemetry (status: Development). Decides what may stand in a span's name: only what is one of few.
 */

/** Upper bounds of `mcp.server.operation.duration` and `mcp.client.operation.duration`, in seconds. */
export const operationBuckets: readonly number[] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/** What is known of an operation. Texts of callers may be of any length: they are cut. */
export interface OperationFacts {
  readonly method: string;
  readonly id?: string | number | null | undefined;
  /** Of `tools/call` and `prompts/get`; `isKnown`: it is one of few, such as a tool of the catalogue. */
  readonly target?: { readonly name: string; readonly isKnown: boolean } | undefined;
  /** Without the parts in which secrets travel. */
  readonly uri?: string | undefined;
  readonly sessionId?: unknown;
  readonly protocolVersion?: unknown;
}

/** What a span is called and what is known at its start. */
export interface OperationDescription {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The longest text of a caller that an attribute holds, in characters. */
const maxLength = 256;

const shorten = (text: string): string => (text.length <= maxLength ? text : text.slice(0, maxLength));

/** Describes an operation over HTTP. */
export function describeOperation(facts: OperationFacts): OperationDescription {
  const { method, id, target, uri } = facts;
  const inName = target !== undefined && target.isKnown && nameAttributes.has(method) ? ` ${shorten(target.name)}` : "";
  return {
    name: `${shorten(method)}${inName}`,
    attributes: {
      "mcp.method.name": shorten(method),
      ...(id === undefined || id === null ? {} : { "jsonrpc.request.id": shorten(String(id)) }),
      ...describeTarget(facts),
      ...(uri === undefined ? {} : { "mcp.resource.uri": shorten(uri) }),
      ...describeConnection(facts),
    },
  };
}

/** What holds of a connection whatever is asked on it. */
export function describeConnection({
  sessionId,
  protocolVersion,
}: Pick<OperationFacts, "sessionId" | "protocolVersion">): Readonly<Record<string, string>> {
  return {
    "network.protocol.name": "http",
    ...(typeof sessionId === "string" ? { "mcp.session.id": shorten(sessionId) } : {}),
    ...(typeof protocolVersion === "string" ? { "mcp.protocol.version": shorten(protocolVersion) } : {}),
  };
}

/** The attribute for the name of a target, by method. */
const nameAttributes: ReadonlyMap<string, string> = new Map([
  ["tools/call", "gen_ai.tool.name"],
  ["prompts/get", "gen_ai.prompt.name"],
]);

function describeTarget({ method, target }: OperationFacts): Readonly<Record<string, string>> {
  const attribute = nameAttributes.get(method);
  if (attribute === undefined) return {};
  const operation: Readonly<Record<string, string>> =
    method === "tools/call" ? { "gen_ai.operation.name": "execute_tool" } : {};
  return { ...operation, [attribute]: shorten(target?.name ?? "") };
}
