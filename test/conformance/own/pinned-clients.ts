/** Real SDK clients of both generations held to one legacy revision and one transport, behind the part of their faces that is alike. */
import {
  Client as ClientV2,
  SSEClientTransport as SseV2,
  StreamableHTTPClientTransport as HttpV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as SseV1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport as TransportV1 } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

/** What a scenario asks of a client. Results are whatever the SDK made of the server's answer. */
export interface PinnedClient {
  /** The revision that was agreed on. */
  readonly revision: string | undefined;
  readonly ask: {
    ping(): Promise<unknown>;
    listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
    listPrompts(): Promise<{ readonly prompts: readonly { readonly name: string }[] }>;
    listResources(): Promise<{ readonly resources: readonly { readonly uri: string }[] }>;
    listResourceTemplates(): Promise<{ readonly resourceTemplates: readonly { readonly uriTemplate: string }[] }>;
    getPrompt(of: { name: string; arguments?: Record<string, string> }): Promise<unknown>;
    readResource(of: { uri: string }): Promise<unknown>;
    subscribeResource(of: { uri: string }): Promise<unknown>;
    unsubscribeResource(of: { uri: string }): Promise<unknown>;
  };
  call(name: string, args?: Record<string, unknown>): Promise<unknown>;
  /** Calls and gives what was told of the progress. */
  callWatched(name: string): Promise<readonly number[]>;
  complete(prompt: string, argument: { name: string; value: string }): Promise<readonly string[]>;
  /** Asks for log lines from `info` on. */
  wantLogs(): Promise<unknown>;
  /** The methods of what came unasked so far. */
  readonly news: readonly string[];
  close(): Promise<void>;
}

/** Which client, where to. */
export interface Pin {
  readonly url: URL;
  readonly revision: string;
  readonly transport: "streamable-http" | "sse";
}

const legacyRevisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const info = { name: "pinned-client", version: "1.0.0" };
const capabilities = { sampling: {}, roots: {} };
const sampled = { role: "assistant" as const, model: "test-model", content: { type: "text" as const, text: "Paris" } };
const listedRoots = { roots: [{ uri: "file:///test/root", name: "root" }] };

/** Connects the client of SDK v1. It offers the newest revision only, so its offer is rewritten on the way out. */
export async function connectPinnedV1({ url, revision, transport: kind }: Pin): Promise<PinnedClient> {
  const client = new ClientV1(info, { capabilities });
  client.setRequestHandler(CreateMessageRequestSchema, () => sampled);
  client.setRequestHandler(ListRootsRequestSchema, () => listedRoots);
  const news: string[] = [];
  const onNews = ({ method }: { method: string }): void => void news.push(method);
  client.setNotificationHandler(LoggingMessageNotificationSchema, onNews);
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, onNews);
  client.setNotificationHandler(ToolListChangedNotificationSchema, onNews);
  const agreed: { revision?: string } = {};
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is what old clients have
  const transport = kind === "sse" ? new SseV1(url) : new HttpV1(url);
  // One of the two classes names a member that may be undefined in a way that the interface does not.
  await client.connect(offering(transport, revision, agreed));
  return {
    revision: agreed.revision,
    ask: client,
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    callWatched: async (name) => {
      const seen: number[] = [];
      await client.callTool({ name }, undefined, { onprogress: ({ progress }) => void seen.push(progress) });
      return seen;
    },
    complete: async (name, argument) =>
      (await client.complete({ ref: { type: "ref/prompt", name }, argument })).completion.values,
    wantLogs: () => client.setLoggingLevel("info"),
    news,
    close: () => client.close(),
  };
}

/** Makes a transport offer `revision` in initialize, and notes what was agreed on. */
function offering(transport: TransportV1, revision: string, agreed: { revision?: string }): TransportV1 {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    const isOffer = "method" in message && message.method === "initialize";
    return send(isOffer ? { ...message, params: { ...message.params, protocolVersion: revision } } : message, options);
  };
  const setProtocolVersion = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (version) => {
    agreed.revision = version;
    setProtocolVersion?.(version);
  };
  return transport;
}

/** Connects the client of SDK v2. */
export async function connectPinnedV2({ url, revision, transport: kind }: Pin): Promise<PinnedClient> {
  const client = new ClientV2(info, {
    capabilities,
    // The first one is offered, the others are taken.
    supportedProtocolVersions: [revision, ...legacyRevisions],
    versionNegotiation: { mode: "legacy" },
  });
  client.setRequestHandler("sampling/createMessage", () => sampled);
  client.setRequestHandler("roots/list", () => listedRoots);
  const news: string[] = [];
  const onNews = ({ method }: { method: string }): void => void news.push(method);
  client.setNotificationHandler("notifications/message", onNews);
  client.setNotificationHandler("notifications/resources/updated", onNews);
  client.setNotificationHandler("notifications/tools/list_changed", onNews);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is what old clients have
  await client.connect(kind === "sse" ? new SseV2(url) : new HttpV2(url));
  return {
    revision: client.getNegotiatedProtocolVersion(),
    ask: client,
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    callWatched: async (name) => {
      const seen: number[] = [];
      await client.callTool({ name }, { onprogress: ({ progress }) => void seen.push(progress) });
      return seen;
    },
    complete: async (name, argument) =>
      (await client.complete({ ref: { type: "ref/prompt", name }, argument })).completion.values,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- logging is served until it leaves the protocol
    wantLogs: () => client.setLoggingLevel("info"),
    news,
    close: () => client.close(),
  };
}
