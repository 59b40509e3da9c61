/** Real SDK clients of both generations behind one narrow face, so that one test can be run with each of them. They can answer whatever a server asks. */
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

/** A connected client. */
export interface Peer {
  /** The protocol version that was agreed on. */
  version: string | undefined;
  listTools(): Promise<string[]>;
  /** Calls a tool and returns the text blocks of its result, joined. */
  call(name: string, args?: Record<string, unknown>): Promise<string>;
  readText(uri: string): Promise<string>;
  complete(prompt: string, argument: { name: string; value: string }): Promise<string[]>;
  /** Asks for news of the tool list and of one resource. Each piece of news goes to `onNews` as its method name. */
  watch(uri: string, onNews: (method: string) => void): Promise<void>;
  close(): Promise<void>;
}

const info = { name: "conformance-test", version: "1.0.0" };
const capabilities = { elicitation: {}, sampling: {}, roots: {} };
const elicited = {
  action: "accept" as const,
  content: { username: "tester", email: "tester@example.com", name: "tester", color: "green", ok: true },
};
const sampled = { role: "assistant" as const, model: "test-model", content: { type: "text" as const, text: "Paris" } };
const listedRoots = { roots: [{ uri: "file:///test/root", name: "root" }] };

/** Connects SDK v2's client to `url`, in the era named by `mode`. */
export async function connectV2(url: string, mode: "legacy" | { pin: string }): Promise<Peer> {
  const client = new ClientV2(info, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler("elicitation/create", () => elicited);
  client.setRequestHandler("sampling/createMessage", () => sampled);
  client.setRequestHandler("roots/list", () => listedRoots);
  await client.connect(new TransportV2(new URL(url)));
  return {
    version: client.getNegotiatedProtocolVersion(),
    listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, args = {}) => joinText((await client.callTool({ name, arguments: args })).content),
    readText: async (uri) => joinText((await client.readResource({ uri })).contents),
    complete: async (name, argument) =>
      (await client.complete({ ref: { type: "ref/prompt", name }, argument })).completion.values,
    async watch(uri, onNews) {
      client.setNotificationHandler("notifications/tools/list_changed", ({ method }) => onNews(method));
      client.setNotificationHandler("notifications/resources/updated", ({ method }) => onNews(method));
      if (mode === "legacy") await client.subscribeResource({ uri });
      else await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
    },
    close: () => client.close(),
  };
}

/** Connects SDK v1's client to `url`. */
export async function connectV1(url: string): Promise<Peer> {
  const client = new ClientV1(info, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, () => elicited);
  client.setRequestHandler(CreateMessageRequestSchema, () => sampled);
  client.setRequestHandler(ListRootsRequestSchema, () => listedRoots);
  const transport = new TransportV1(new URL(url));
  await client.connect(transport);
  return {
    version: transport.protocolVersion,
    listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, args = {}) => joinText((await client.callTool({ name, arguments: args })).content),
    readText: async (uri) => joinText((await client.readResource({ uri })).contents),
    complete: async (name, argument) =>
      (await client.complete({ ref: { type: "ref/prompt", name }, argument })).completion.values,
    async watch(uri, onNews) {
      client.setNotificationHandler(ToolListChangedNotificationSchema, ({ method }) => onNews(method));
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ method }) => onNews(method));
      await client.subscribeResource({ uri });
    },
    close: () => client.close(),
  };
}

function joinText(blocks: unknown): string {
  if (!Array.isArray(blocks)) return "";
  return blocks.map((block: { text?: string }) => block.text ?? "").join("");
}
