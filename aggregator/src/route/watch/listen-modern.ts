/** Listens to one resource of a modern server: one `subscriptions/listen`, until its stream ends. Source: MCP 2026-07-28 subscriptions. */
import { buildRequest, type ClientInfo, type JsonObject, type RpcError } from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import type { DiscoveredSidecar } from "../../discovery/source.ts";
import { exchange } from "../post.ts";
import { readAnswer } from "../read-answer.ts";
import { cannotWatch, readUpdated, type Listening } from "./listening.ts";

/** What it takes. */
export interface ListenDeps {
  readonly dispatcher: Dispatcher;
  readonly clientInfo: ClientInfo;
}

const acknowledged = "notifications/subscriptions/acknowledged";

/** Bound in bytes of all that one stream may say: it is opened again after that. */
const maxStreamBytes = 16 * 1024 * 1024;
const listenId = 1;

/** Listens. Gives why it ended where the server refused; rejects when `signal` aborts. */
export async function listenModern(
  { dispatcher, clientInfo }: ListenDeps,
  sidecar: DiscoveredSidecar,
  { uri, onReady, onUpdated, signal }: Listening,
): Promise<RpcError | undefined> {
  const voice = { era: "modern", clientInfo, clientCapabilities: {} } as const;
  const params = { notifications: { resourceSubscriptions: [uri] } };
  const message = buildRequest(voice, { id: listenId, method: "subscriptions/listen", params });
  const posted = await exchange({ dispatcher, sidecar, message, signal });
  if (!posted.ok) return undefined;
  let refusal: RpcError | undefined;
  const hear = (said: JsonObject): void => {
    if (said["method"] === acknowledged) {
      if (isHonoured(said, uri)) onReady();
      else refusal = cannotWatch;
    } else if (readUpdated(said) === uri) onUpdated();
  };
  const answer = await readAnswer(posted.response, { id: listenId, maxBytes: maxStreamBytes, onMessage: hear });
  return answer.kind === "error" ? answer.error : refusal;
}

function isHonoured({ params }: JsonObject, uri: string): boolean {
  const { notifications } = (params ?? {}) as { notifications?: { resourceSubscriptions?: unknown } };
  const honoured = notifications?.resourceSubscriptions;
  return Array.isArray(honoured) && honoured.includes(uri);
}
