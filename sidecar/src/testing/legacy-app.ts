/** For tests: a legacy server over HTTP that lists a few things and keeps the streams that clients of the test open. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

/** The server. */
export interface LegacyApp {
  readonly handler: RequestListener;
  /** Streams and answers that the test writes to: of GET requests, of `subscriptions/listen`, of tools named `slow`. */
  readonly open: { readonly request: IncomingMessage; readonly response: ServerResponse }[];
  /** How often the server was listed, by whomever. */
  readonly lists: () => number;
}

const named = (...names: readonly string[]): object[] =>
  names.map((name) => ({ name, inputSchema: { type: "object" } }));

const results: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: "2025-06-18",
    capabilities: { tools: {}, prompts: {}, resources: {} },
    serverInfo: { name: "legacy", version: "1" },
    instructions: "use secret_tool",
  },
  "tools/list": { tools: named("open_tool", "secret_tool") },
  "prompts/list": { prompts: named("open_prompt", "secret_prompt") },
  "resources/list": { resources: [{ uri: "test://open/a", name: "a" }] },
  "resources/templates/list": { resourceTemplates: [{ uriTemplate: "test://secret/{x}", name: "b" }] },
};

/** Creates it. Requests of the sidecar's own are served too; only those with `x-test` are kept. */
export function createLegacyApp(): LegacyApp {
  const open: LegacyApp["open"] = [];
  let lists = 0;
  const stream = (request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    if (request.headers["x-test"] !== undefined) open.push({ request, response });
  };
  const answer = (message: Asked, request: IncomingMessage, response: ServerResponse): void => {
    const { id, method = "", params } = message;
    if (method === "tools/list") lists++;
    if (method === "subscriptions/listen" || params?.name === "streamed") stream(request, response);
    else if (params?.name === "slow") open.push({ request, response });
    else if (id === undefined) response.writeHead(202).end();
    else {
      const result = results[method];
      const said = result === undefined ? { error: { code: -32601, message: "Method not found" } } : { result };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...said }));
    }
  };
  return {
    open,
    lists: () => lists,
    handler: (request, response) => {
      if (request.method === "GET") stream(request, response);
      else if (request.method === "DELETE") response.writeHead(200).end();
      else void readAsked(request).then((message) => answer(message, request, response));
    },
  };
}

interface Asked {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: { readonly name?: string };
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  // What the sidecar forwards is JSON-RPC.
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Asked;
}
