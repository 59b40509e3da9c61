/**
 * A client for the official client scenarios: lists what the server at a URL offers, calls each of its tools, and answers what it is asked.
 * It knows no scenario but what the suite tells every client, so that what is judged is the way to the server.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

/** Which server, by which revision, and what the suite wants to have called, where it says so. */
export interface ClientTask {
  readonly url: string;
  readonly version: string;
  readonly calls: readonly ClientCall[];
}

/** One call of a tool. */
export interface ClientCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

const longestMs = 20_000;

/** Does it. Calls that fail are the scenarios' affair; rejects where no connection comes about. */
export async function useServer({ url, version, calls }: ClientTask): Promise<void> {
  const client = new Client(
    { name: "conformance-client", version: "1.0.0" },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } } },
      ...(version === "2026-07-28" ? { versionNegotiation: { mode: { pin: version } } } : {}),
    },
  );
  client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { confirmed: true } }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const { tools } = await client.listTools();
  const wanted = new Set(calls.map(({ name }) => name));
  const [first] = tools;
  const others = tools
    .filter(({ name }) => !wanted.has(name))
    .map(({ name, inputSchema }) => ({ name, arguments: fillIn(inputSchema, first?.inputSchema) }));
  for (const call of [...calls, ...others]) {
    await client
      .callTool({ name: call.name, arguments: { ...call.arguments } }, { timeout: longestMs })
      .catch((error: unknown) => console.error(`${call.name}: ${String(error)}`));
  }
  await client.close();
}

/** A value for each property, by its type; a tool that wants to be told of a schema gets that of the first tool. */
function fillIn(schema: unknown, told: unknown): Record<string, unknown> {
  const { properties } = schema as { properties?: Readonly<Record<string, { readonly type?: unknown }>> };
  return Object.fromEntries(
    Object.entries(properties ?? {}).map(([name, { type }]) => [
      name,
      name === "schema" ? told : samples[String(type)],
    ]),
  );
}

const samples: Readonly<Record<string, unknown>> = {
  string: "sample",
  number: 5,
  integer: 5,
  boolean: true,
  array: [],
  object: {},
};

/** Reads the task from what the suite gives a client: the URL as its last argument, and variables. */
export function readTask(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): ClientTask {
  // The form in which the suite says it; other scenarios say other things, or nothing.
  const context = JSON.parse(env["MCP_CONFORMANCE_CONTEXT"] ?? "{}") as { readonly toolCalls?: readonly ClientCall[] };
  const version = env["MCP_CONFORMANCE_PROTOCOL_VERSION"] ?? "2025-11-25";
  return { url: argv.at(-1) ?? "", version, calls: context.toolCalls ?? [] };
}
