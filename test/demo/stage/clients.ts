/** Real MCP clients on the endpoint: the SDK of the current revision, and the older SDK that most programs still use. */
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** A tool's result as the steps read it. */
export interface ToolResult {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** A connected client. `call` resolves to the result; a JSON-RPC error rejects with its code in `code`. */
export interface ToolClient {
  readonly call: (name: string, args: Record<string, unknown>) => Promise<ToolResult>;
  readonly list: () => Promise<string[]>;
  readonly protocolVersion: () => string;
  readonly close: () => Promise<void>;
}

const identity = { name: "outrigger-demo", version: "1.0.0" };

/** Connects SDK v2, pinned to the stateless revision. `headers` go with every request. */
export async function connectModern(
  mcpUrl: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ToolClient> {
  const client = new ModernClient(identity, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(new ModernTransport(new URL(mcpUrl), { requestInit: { headers } }));
  return {
    call: async (name, args) => readResult(await client.callTool({ name, arguments: args })),
    list: async () => (await client.listTools()).tools.map((tool) => tool.name),
    protocolVersion: () => client.getNegotiatedProtocolVersion() ?? "",
    close: () => client.close(),
  };
}

/** Connects SDK v1, which knows sessions only. */
export async function connectLegacy(mcpUrl: string): Promise<ToolClient> {
  const client = new LegacyClient(identity);
  const transport = new LegacyTransport(new URL(mcpUrl));
  // The SDK's own transport does not fit its own interface under exactOptionalPropertyTypes.
  await client.connect(transport);
  return {
    call: async (name, args) => readResult(await client.callTool({ name, arguments: args })),
    list: async () => (await client.listTools()).tools.map((tool) => tool.name),
    protocolVersion: () => transport.protocolVersion ?? "",
    close: () => client.close(),
  };
}

function readResult(result: unknown): ToolResult {
  const { isError, content, structuredContent, _meta } = result as {
    isError?: boolean;
    content?: { type: string; text?: string }[];
    structuredContent?: Record<string, unknown>;
    _meta?: Record<string, unknown>;
  };
  return {
    isError: isError === true,
    text: (content ?? []).flatMap((block) => (block.type === "text" ? [block.text ?? ""] : [])).join("\n"),
    structured: structuredContent ?? {},
    meta: _meta ?? {},
  };
}
